/** The table of `spr-bench micro`: steps by group, with units, readable at 80 columns. */
import type { MicroResult, MicroStep, RecoveryCost } from '../contracts/micro.js';

/** Of the widest title that fits 80 columns beside the numbers. */
const TITLE_WIDTH = 43;
const NUMBER_WIDTH = 8;
const INTERVAL_WIDTH = 18;

const COSTS_HEAD = 'CPU time of one recovery in the run, and the sum of the steps it is made of';

export function microTable({ steps, recoveryCosts = [] }: MicroResult): string {
  const groups = [...new Set(steps.map(({ group }) => group))];
  const blocks = groups.map((group) => groupBlock(group, steps));
  const costs = recoveryCosts.length === 0 ? [] : [COSTS_HEAD, ...recoveryCosts.map(costBlock)];
  return `${[...blocks, ...costs].join('\n\n')}\n`;
}

function groupBlock(group: string, steps: readonly MicroStep[]): string {
  const head = row(group, 'us', '95 % interval', 'CPU us');
  const rows = steps
    .filter((step) => step.group === group)
    .map(({ title, timeUs: { median, low, high }, cpuUs }) =>
      row(`  ${title}`, formatUs(median), `${formatUs(low)} to ${formatUs(high)}`, formatUs(cpuUs)),
    );
  return [head, ...rows].join('\n');
}

function row(title: string, number: string, interval = '', cpu = ''): string {
  const numbers = [
    number.padStart(NUMBER_WIDTH),
    interval.padStart(INTERVAL_WIDTH),
    cpu.padStart(NUMBER_WIDTH),
  ];
  return `${title.padEnd(TITLE_WIDTH)} ${numbers.join(' ')}`.trimEnd();
}

/** Three digits that matter: `0.31`, `4.2`, `310`, `12,400`. */
export function formatUs(us: number): string {
  const size = Math.abs(us);
  if (size >= 100) return Math.round(us).toLocaleString('en-US');
  return size < 1 ? us.toFixed(2) : us.toFixed(1);
}

/** What one recovery of a run cost, and the sum of its steps. */
function costBlock(cost: RecoveryCost): string {
  const name = `${cost.strategy}, ${cost.workload}, ${cost.fault}`;
  const line = (title: string, us: number, note = ''): string => row(`  ${title}`, formatUs(us), note);
  const measured = line('measured CPU time of the survivors', cost.measuredUs);
  if (cost.terms === null || cost.predictedUs === null) {
    return [row(name, 'us'), measured, `  no sum: ${cost.reason}`].join('\n');
  }
  const terms = cost.terms.map(({ title, count, us }) =>
    line(`${count === 1 ? '' : `${count.toFixed(2)} x `}${title}`, count * us),
  );
  const rest = cost.measuredUs - cost.predictedUs;
  const crypto =
    cost.crypto === null
      ? []
      : [
          line('phase crypto, measured', cost.crypto.measuredUs),
          line('  keys, derived alone', cost.crypto.predictedUs),
        ];
  return [
    row(name, 'us'),
    ...terms,
    line('sum of the steps', cost.predictedUs),
    measured,
    line('rest', rest, `${Math.round((rest / cost.measuredUs) * 100)} %`),
    ...crypto,
  ].join('\n');
}
