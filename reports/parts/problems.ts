/** Trials that do not count and broken promises, as lines of text. */
import type { Cell, Summary } from '../../src/contracts/results.js';
import { formatCount } from './format.js';
import { printable } from './printable.js';

/** A report is for reading: after so many lines of one kind the result files are the better place. */
const MOST_LINES = 50;

export interface Problems {
  readonly violations: readonly string[];
  readonly rejected: readonly string[];
}

type CellName = Pick<Cell, 'strategy' | 'workload' | 'fault'>;

export function problemLines({ violations, rejected }: Pick<Summary, 'violations' | 'rejected'>): Problems {
  return {
    violations: shorten(violations.map(printable)),
    rejected: shorten(rejected.map(describeRejected)),
  };
}

/** Those of one cell. */
export function problemsOf(summary: Summary, { strategy, workload, fault }: CellName): Problems {
  const { violations, rejected } = summary;
  return problemLines({
    violations: violations.filter((line) => isAbout(line, { strategy, workload, fault })),
    rejected: rejected.filter(
      (trial) => trial.strategy === strategy && trial.workload === workload && trial.fault === fault,
    ),
  });
}

/** Violations that {@link problemsOf} finds for no cell of the summary. */
export function violationsOfNoCell({ violations, cells }: Summary): readonly string[] {
  const others = violations.filter((line) => !cells.some((cell) => isAbout(line, cell)));
  return problemLines({ violations: others, rejected: [] }).violations;
}

/** Violations are text: `trial 3 (spr, request-reply, kill): ...`. */
function isAbout(violation: string, { strategy, workload, fault }: CellName): boolean {
  return violation.replace(/^trial \d+ /, '').startsWith(`(${strategy}, ${workload}, ${fault}): `);
}

function describeRejected({
  index,
  strategy,
  workload,
  fault,
  status,
  reasons,
}: Summary['rejected'][number]): string {
  return printable(`trial ${index} (${strategy}, ${workload}, ${fault}) is ${status}: ${reasons.join('; ')}`);
}

function shorten(lines: readonly string[]): readonly string[] {
  if (lines.length <= MOST_LINES) return lines;
  return [
    ...lines.slice(0, MOST_LINES),
    `and ${formatCount(lines.length - MOST_LINES)} more, see trials.ndjson`,
  ];
}
