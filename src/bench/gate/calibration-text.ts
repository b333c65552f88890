/** A calibration as a table for the terminal. */
import type { Calibration } from '../../contracts/gate.js';

/** Ends with a line end. */
export function renderCalibration({ metrics, trials, blocks }: Calibration): string {
  const names = metrics.map(
    ({ workload, fault, strategy, metric, kind }) =>
      `${workload}, ${fault}  ${strategy}  ${metric} (${kind})`,
  );
  const width = Math.max('metric'.length, ...names.map(({ length }) => length));
  const head = `${'metric'.padEnd(width)}  threshold  false alarms  inconclusive  detects from`;
  const rows = metrics.map(
    ({ threshold, falseAlarms, inconclusive, windows, smallestDetectableChange }, index) =>
      [
        names[index]?.padEnd(width),
        percent(threshold).padStart('threshold'.length),
        `${falseAlarms}/${windows}`.padStart('false alarms'.length),
        `${inconclusive}/${windows}`.padStart('inconclusive'.length),
        `+${percent(smallestDetectableChange)}`.padStart('detects from'.length),
      ].join('  '),
  );
  const foot =
    `each window: a baseline and a run of ${trials} trials, drawn from ${blocks} blocks in which nothing differs. ` +
    'detects from: the smallest change that 4 of 5 windows tell from none; gate refuses thresholds below it.';
  return `${[head, ...rows, foot].join('\n')}\n`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
