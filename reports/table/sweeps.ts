/** What the run varied, in characters: a line per strategy and quantity, its values and its law. */
import type { Summary } from '../../src/contracts/results.js';
import { formatCount } from '../shared/format.js';
import { printable } from '../shared/printable.js';
import {
  describeLaw,
  groupSweeps,
  lawOf,
  SWEEP_METRICS,
  type SweepGroup,
  type SweepMetric,
} from '../shared/sweeps.js';
import type { ChartOptions } from './charts.js';
import { clip, wrap } from './text.js';

/** Nothing where nothing was varied. */
export function sweepLines(summary: Summary, options: Pick<ChartOptions, 'width' | 'colours'>): string[] {
  return groupSweeps(summary).flatMap((group) => [
    '',
    options.colours.bold(
      clip(printable(`${group.workload}, ${group.fault}, against ${group.parameter}`), options.width),
    ),
    ...SWEEP_METRICS.flatMap((metric) => metricLines(group, metric, options)),
  ]);
}

function metricLines(
  { series, parameter }: SweepGroup,
  metric: SweepMetric,
  { width, colours }: Pick<ChartOptions, 'width' | 'colours'>,
): string[] {
  const [first] = series;
  if (first === undefined) return [];
  const places = first.points.map(({ value }) => formatCount(value));
  const rows = series.map((each) => ({
    name: printable(each.strategy),
    values: each.points.map((point) => metric.format(metric.value(point))).join(' / '),
    law: describeLaw(lawOf(each, metric.key), metric, parameter),
  }));
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const valueWidth = Math.max(...rows.map(({ values }) => values.length));
  return [
    ...wrap(`${metric.title}, ${metric.unit}, at ${places.join(' / ')}`, width).map(colours.dim),
    ...rows.map(({ name, values, law }) =>
      clip(`${name.padEnd(nameWidth)}  ${values.padStart(valueWidth)}  ${law}`, width),
    ),
  ];
}
