/** Charts made of characters, for people without a browser: recovery times as bars, replies around the fault as a line. */
import type { Formatter } from 'picocolors/types.js';
import type { CellSeries } from '../../src/contracts/report.js';
import type { Cell } from '../../src/contracts/results.js';
import type { CellGroup } from '../parts/cells.js';
import { formatCount, formatMs, formatPercent } from '../parts/format.js';
import { printable } from '../parts/printable.js';
import { barScale, describeScale, drawBar } from './bar.js';
import { perceptionLines } from './perception.js';
import { phaseLines } from './phase-at-fault.js';
import { drawSparkline, sparklineSpan } from './sparkline.js';
import { clip, wrap } from './text.js';

export interface ChartOptions {
  readonly series: readonly CellSeries[];
  readonly width: number;
  readonly unicode: boolean;
  readonly colours: Readonly<Record<'bold' | 'dim' | 'cyan' | 'red', Formatter>>;
}

interface Line {
  readonly name: string;
  readonly chart: string;
  readonly label: string;
}

interface Columns {
  readonly name: number;
  readonly chart: number;
}

/** A wider chart tells nothing more. */
const MAX_WIDTH = 80;

/** Share of the width that names may take: 18 of 60, which holds the longest one that comes with spr-bench. */
const NAME_SHARE = 0.3;

const GAP = '  ';

/** Narrower than this a chart shows nothing. */
const MIN_CHART = 8;

/** Below the table: a bar and a sparkline per strategy of each workload and fault. */
export function chartLines(groups: readonly CellGroup[], options: ChartOptions): string[] {
  return groups.flatMap((group) => {
    const charts = [
      ...recoveryBars(group, options),
      ...replySparklines(group, options),
      ...perceptionLines(group, options),
      ...phaseLines(group, options),
    ];
    if (charts.length === 0) return [];
    const title = clip(`${printable(group.workload)}, ${printable(group.fault)}`, options.width);
    return ['', options.colours.bold(title), ...charts];
  });
}

function recoveryBars({ cells }: CellGroup, options: ChartOptions): string[] {
  const scale = barScale(cells.flatMap(({ recoveryTimeMs }) => recoveryTimeMs ?? []));
  if (scale === null) return [];
  const labels = cells.map(({ recoveryTimeMs }) => {
    return recoveryTimeMs === null ? '' : `${formatMs(recoveryTimeMs.p50)} / ${formatMs(recoveryTimeMs.p99)}`;
  });
  const columns = columnsOf(cells, labels, options);
  const lines = cells.map(({ strategy, recoveryTimeMs, trials }, index): Line => {
    const { bar, tail } =
      recoveryTimeMs === null
        ? { bar: '', tail: missing(trials.completed) }
        : drawBar(recoveryTimeMs, scale, columns.chart, options.unicode);
    const empty = ' '.repeat(Math.max(0, columns.chart - [...bar].length - [...tail].length));
    const chart = options.colours.cyan(bar) + options.colours.dim(tail) + empty;
    return { name: strategy, chart, label: labels[index] ?? '' };
  });
  const heading = `recovery in ms, bar to p50, ${options.unicode ? '┤' : '|'} at p99 (${describeScale(scale)})`;
  return draw(heading, lines, columns, options);
}

/** Rates of one group have one scale: what is half as high is half as fast. */
function replySparklines({ cells }: CellGroup, options: ChartOptions): string[] {
  const found = cells.map((cell) => ({ cell, curve: curveOf(cell, options.series) }));
  const curves = found.flatMap(({ curve }) => curve ?? []);
  const labels = cells.map(dipLabel);
  const columns = columnsOf(cells, labels, options);
  const span = sparklineSpan(
    curves,
    cells.map((cell) => cell.throughput?.timeTo95Ms ?? null),
    columns.chart,
  );
  if (span === null) return [];
  const lines = found.map(({ cell, curve }, index): Line => {
    const { before, after } =
      curve === undefined
        ? { before: missing(cell.trials.completed), after: '' }
        : drawSparkline(curve, span, options.unicode);
    const mark = curve === undefined ? '' : options.colours.red(options.unicode ? '│' : '|');
    const length = [...before].length + [...after].length + (curve === undefined ? 0 : 1);
    const empty = ' '.repeat(Math.max(0, columns.chart - length));
    return { name: cell.strategy, chart: before + mark + after + empty, label: labels[index] ?? '' };
  });
  const { from, to } = span;
  const heading = `replies/s from ${formatCount(from)} to ${formatCount(to)} ms, ${options.unicode ? '│' : '|'} fault; dip, back to 95 %`;
  return draw(heading, lines, columns, options);
}

function curveOf(cell: Cell, series: readonly CellSeries[]): CellSeries['throughput'] | undefined {
  const found = series.find(
    ({ strategy, workload, fault }) =>
      strategy === cell.strategy && workload === cell.workload && fault === cell.fault,
  );
  return found?.throughput;
}

function dipLabel({ throughput }: Cell): string {
  if (throughput === null) return '';
  const back = throughput.timeTo95Ms === null ? 'never' : `${formatMs(throughput.timeTo95Ms)} ms`;
  return `${formatPercent(throughput.dipDepth)}, ${back}`;
}

function missing(completedTrials: number): string {
  return completedTrials === 0 ? 'no completed trial' : 'nothing to recover';
}

/** What names and labels leave of the width. The bound is for the heading's line as well. */
function columnsOf(cells: readonly Cell[], labels: readonly string[], { width }: ChartOptions): Columns {
  const whole = Math.min(width, MAX_WIDTH);
  const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => [...text].length));
  const name = Math.min(
    longest(cells.map(({ strategy }) => printable(strategy))),
    Math.max(MIN_CHART, Math.floor(whole * NAME_SHARE)),
  );
  return { name, chart: Math.max(0, whole - name - longest(labels) - 2 * GAP.length) };
}

/** Nothing where there is no room for a chart: the numbers stand in the table. */
function draw(
  heading: string,
  lines: readonly Line[],
  { name: nameWidth, chart }: Columns,
  { width, colours }: ChartOptions,
): string[] {
  if (chart < MIN_CHART) return [];
  const labelWidth = Math.max(...lines.map(({ label }) => [...label].length));
  return [
    ...wrap(heading, Math.min(width, MAX_WIDTH)).map(colours.dim),
    ...lines.map((line) => {
      const name = clip(printable(line.name), nameWidth);
      const label = ' '.repeat(labelWidth - [...line.label].length) + line.label;
      return `${name}${' '.repeat(nameWidth - [...name].length)}${GAP}${line.chart}${GAP}${label}`.trimEnd();
    }),
  ];
}
