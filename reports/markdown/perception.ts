/** User-perceived quality in Markdown: which share was served again before people notice. */
import type { Summary } from '../../src/contracts/results.js';
import { groupCells } from '../parts/cells.js';
import { formatCount } from '../parts/format.js';
import { joinParts, table } from '../parts/markdown.js';
import { LIMITS, PERCEPTION_NOTE, perceivedRows } from '../parts/perception.js';

const NAMES = ['workload', 'fault', 'strategy', 'of'];

/** Nothing where no cell tells anything. */
export function perceptionPart(summary: Summary, maxBytes: number): string {
  const rows = groupCells(summary).flatMap(({ workload, fault, cells }) =>
    cells.flatMap((cell) =>
      perceivedRows(cell).map(({ of, total, shares }) => {
        return [workload, fault, cell.strategy, `${formatCount(total)} ${of}`, ...shares];
      }),
    ),
  );
  if (rows.length === 0) return '';
  const heads = [...NAMES, ...LIMITS.map(({ label }) => `under ${label}, %`)];
  return joinParts([
    '### What people would have noticed',
    table(heads, rows, { textColumns: NAMES.length, maxBytes }),
    PERCEPTION_NOTE,
  ]);
}
