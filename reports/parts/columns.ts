/** The columns of the comparison table: what each shows of a cell, and which go first when there is little room. */
import type { Cell, Comparison, Summary } from '../../src/contracts/results.js';
import { comparisonOf } from './cells.js';
import { formatBytes, formatCount, formatMs, NONE } from './format.js';
import { printable } from './printable.js';
import { type Finding, findingOf, formatComparison } from './verdict.js';

export type Tone = 'good' | 'bad' | 'warning' | 'plain';

export interface Row {
  readonly cell: Cell;
  /** Recovery time against the reference; undefined for the reference itself, or without pairs. */
  readonly comparison: Comparison | undefined;
  readonly isReference: boolean;
}

export interface Column {
  /** What is measured. Neighbours with the same group belong together. */
  readonly group: string;
  readonly heading: string;
  /** 0 is never dropped; the highest goes first. */
  readonly rank: number;
  text(row: Row): string;
  tone?(row: Row): Tone;
}

export const STRATEGY_COLUMN: Column = {
  group: '',
  heading: 'strategy',
  rank: 0,
  text: ({ cell }) => printable(cell.strategy),
};

/** All but the strategy, from left to right. */
export const MEASURE_COLUMNS: readonly Column[] = [
  { group: 'recovery', heading: 'p50 ms', rank: 0, text: ({ cell }) => formatMs(cell.recoveryTimeMs?.p50) },
  { group: 'recovery', heading: 'p99 ms', rank: 3, text: ({ cell }) => formatMs(cell.recoveryTimeMs?.p99) },
  { group: 'recovery', heading: 'to reference', rank: 1, text: ratioText, tone: ratioTone },
  {
    group: 'connections',
    heading: 'kept/rec/lost',
    rank: 2,
    text: ({ cell: { trials, connections } }) =>
      trials.completed === 0 ? NONE : slashed(connections.kept, connections.reconnected, connections.lost),
    tone: ({ cell }) => (cell.connections.lost > 0 ? 'bad' : 'plain'),
  },
  {
    group: 'requests',
    heading: 'fail/unkn',
    rank: 5,
    text: ({ cell: { trials, requests } }) =>
      trials.completed === 0 ? NONE : slashed(requests.failed, requests.unknown),
  },
  {
    group: 'run twice',
    heading: 'all/POSTs',
    rank: 6,
    text: ({ cell: { trials, executions } }) =>
      trials.completed === 0 || executions === null
        ? NONE
        : slashed(executions.more, executions.moreNonIdempotent),
    tone: ({ cell: { executions } }) =>
      executions && executions.moreNonIdempotent > 0 ? 'warning' : 'plain',
  },
  {
    group: 'corrupt',
    heading: 'bytes',
    rank: 4,
    text: ({ cell: { trials, corruptedBytes } }) =>
      trials.completed === 0 ? NONE : formatCount(corruptedBytes),
    tone: ({ cell }) => (cell.corruptedBytes > 0 ? 'bad' : 'plain'),
  },
  {
    group: 'replicated',
    heading: 'B/conn',
    rank: 8,
    text: ({ cell }) => formatBytes(cell.replication?.bytesPerConnection),
  },
  {
    group: 'replicated',
    heading: 'B/req',
    rank: 7,
    text: ({ cell }) => formatBytes(cell.replication?.bytesPerRequest),
  },
  { group: 'CPU', heading: 'ms/rec', rank: 9, text: ({ cell }) => formatMs(cell.replicaCpuMsPerRecovery) },
  {
    group: 'trials',
    heading: 'counted',
    rank: 2,
    text: ({ cell }) => trialsText(cell.trials),
    tone: trialsTone,
  },
];

export const ROW_LEGEND =
  'recovery: fault to the first verified reply. to reference: median of the paired ratios of recovery time, strategy / ' +
  'reference, with its 95 % interval; below 1x is faster, an interval that includes 1 shows no difference. ' +
  'kept/rec/lost: connections kept, reconnected, lost. fail/unkn: requests failed or with unknown outcome. ' +
  'run twice: all requests executed more than once, and the POSTs among them, which are not idempotent. CPU: of the surviving replicas, per ' +
  'recovered connection.';

export function toRow(summary: Summary, cell: Cell): Row {
  return {
    cell,
    comparison: comparisonOf(summary, cell, 'recoveryTimeMs'),
    isReference: cell.strategy === summary.reference,
  };
}

/** `6`, or `4 +1 invalid +1 inconcl.`: trials that do not count must be seen. */
export function trialsText({ completed, invalid, inconclusive }: Cell['trials']): string {
  const rejected = [
    invalid > 0 ? ` +${invalid} invalid` : '',
    inconclusive > 0 ? ` +${inconclusive} inconcl.` : '',
  ];
  return `${formatCount(completed)}${rejected.join('')}`;
}

function trialsTone({ cell: { trials } }: Row): Tone {
  return trials.invalid + trials.inconclusive > 0 ? 'warning' : 'plain';
}

function ratioText({ comparison, isReference }: Row): string {
  if (isReference) return 'reference';
  return comparison === undefined ? NONE : formatComparison(comparison);
}

const TONES: Readonly<Record<Finding, Tone>> = {
  lower: 'good',
  higher: 'bad',
  unclear: 'plain',
  'too-few': 'plain',
};

function ratioTone({ comparison }: Row): Tone {
  return comparison === undefined ? 'plain' : TONES[findingOf(comparison)];
}

function slashed(...counts: readonly number[]): string {
  return counts.map(formatCount).join('/');
}
