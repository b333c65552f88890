/** What the run varied, in characters: a line per strategy and quantity, its values and its law. */
import type { Summary, SweepResult } from '../../src/contracts/results.js';
import { formatCount } from '../parts/format.js';
import { printable } from '../parts/printable.js';
import {
  describeLaw,
  EXPECTED_NAME,
  expectedValues,
  formatPoint,
  groupSweeps,
  lawOf,
  metricsOf,
  type SweepGroup,
  type SweepMetric,
} from '../parts/sweeps.js';
import type { ChartOptions } from './charts.js';
import { clip, wrap } from './text.js';

const GAP = '  ';

/** Nothing where nothing was varied. */
export function sweepLines(summary: Summary, options: Pick<ChartOptions, 'width' | 'colours'>): string[] {
  return groupSweeps(summary).flatMap((group) => [
    '',
    options.colours.bold(
      clip(printable(`${group.workload}, ${group.fault}, against ${group.parameter}`), options.width),
    ),
    ...metricsOf(group).flatMap((metric) => metricLines(group, metric, options)),
  ]);
}

interface Line {
  readonly name: string;
  readonly values: string;
  readonly law: string;
}

type LineOptions = Pick<ChartOptions, 'width' | 'colours'>;

function metricLines(group: SweepGroup, metric: SweepMetric, { width, colours }: LineOptions): string[] {
  const [first] = group.series;
  if (first === undefined) return [];
  const places = first.points.map(({ value }) => formatCount(value));
  const lines = [...strategyRows(group, metric, width), ...expectedRow(group, metric)];
  return [
    ...wrap(`${metric.title}, ${metric.unit}, at ${places.join(' / ')}`, width).map(colours.dim),
    ...layOut(lines, width),
  ];
}

/** Values with their intervals where these have room. */
function strategyRows({ series, parameter }: SweepGroup, metric: SweepMetric, width: number): Line[] {
  const rows = (text: (point: SweepResult['points'][number]) => string): Line[] =>
    series.map((each) => ({
      name: printable(each.strategy),
      values: each.points.map(text).join(' / '),
      law: describeLaw(lawOf(each, metric.key), metric, parameter),
    }));
  const whole = rows((point) => formatPoint(metric, point));
  return widthOf(whole) <= width ? whole : rows((point) => metric.format(metric.value(point)));
}

function expectedRow(group: SweepGroup, metric: SweepMetric): Line[] {
  const expected = expectedValues(group, metric);
  if (expected.size === 0) return [];
  const points = group.series[0]?.points ?? [];
  const values = points.map(({ value }) => metric.format(expected.get(value) ?? null)).join(' / ');
  return [{ name: EXPECTED_NAME, values, law: '' }];
}

/** Half a law would be another one: where the laws have no room beside the values, they stand below them. */
function layOut(lines: readonly Line[], width: number): string[] {
  const nameWidth = Math.max(...lines.map(({ name }) => name.length));
  const valueWidth = Math.max(...lines.map(({ values }) => values.length));
  const lawWidth = Math.max(...lines.map(({ law }) => law.length));
  const isBeside = nameWidth + valueWidth + lawWidth + 2 * GAP.length <= width;
  return lines.flatMap(({ name, values, law }) => {
    const start = `${name.padEnd(nameWidth)}${GAP}${values.padStart(valueWidth)}`;
    if (isBeside) return [`${start}${GAP}${law}`.trimEnd()];
    return [clip(start, width), ...wrap(law, width - GAP.length).map((line) => GAP + line)];
  });
}

/** Without the laws. */
function widthOf(lines: readonly Line[]): number {
  const longest = (of: (line: Line) => string): number => Math.max(...lines.map((line) => of(line).length));
  return longest(({ name }) => name) + GAP.length + longest(({ values }) => values);
}
