/** Trials that do not count and broken promises, as lines of text. */
import type { Summary } from '../../src/contracts/results.js';
import { formatCount } from './format.js';
import { printable } from './printable.js';

/** A report is for reading: after so many lines of one kind the result files are the better place. */
const MOST_LINES = 50;

export interface Problems {
  readonly violations: readonly string[];
  readonly rejected: readonly string[];
}

export function problemLines({ violations, rejected }: Summary): Problems {
  return {
    violations: shorten(violations.map(printable)),
    rejected: shorten(rejected.map(describeRejected)),
  };
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
