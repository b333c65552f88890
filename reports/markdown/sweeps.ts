/** What the run varied, in Markdown: a row per value and strategy, then the law of each strategy. */
import type { Summary, SweepResult } from '../../src/contracts/results.js';
import { formatCount, formatMs, NONE } from '../parts/format.js';
import { escapeMarkdown, joinParts, table } from '../parts/markdown.js';
import {
  describeLaw,
  EXPECTED_NAME,
  EXPECTED_NOTE,
  formatPoint,
  groupSweeps,
  isSilent,
  lawOf,
  metricsOf,
  SWEEP_NOTE,
  type SweepGroup,
} from '../parts/sweeps.js';

type Point = SweepResult['points'][number];

interface Column {
  readonly heading: string;
  text(point: Point): string;
}

/** What became of the load, beside times and costs. */
const COUNTS: readonly Column[] = [
  { heading: 'recovery p90 ms', text: ({ recoveryTimeMs }) => formatMs(recoveryTimeMs?.p90) },
  {
    heading: 'connections kept/rec/lost',
    text: ({ connections: each }) => (each ? slashed(each.kept, each.reconnected, each.lost) : NONE),
  },
  {
    heading: 'requests fail/unkn',
    text: ({ requests }) => (requests ? slashed(requests.failed, requests.unknown) : NONE),
  },
  { heading: 'trials', text: ({ trials }) => formatCount(trials) },
];

/** Nothing where nothing was varied. */
export function sweepPart(summary: Summary, maxBytes: number): string {
  const groups = groupSweeps(summary);
  if (groups.length === 0) return '';
  const share = Math.floor(maxBytes / groups.length);
  return joinParts([
    ...groups.map((group) => groupPart(group, share)),
    SWEEP_NOTE,
    ...(groups.some(isSilent) ? [EXPECTED_NOTE] : []),
  ]);
}

function groupPart(group: SweepGroup, maxBytes: number): string {
  const { workload, fault, parameter } = group;
  return joinParts([
    `### ${escapeMarkdown(`${workload}, ${fault}, against ${parameter}`)}`,
    pointsTable(group, maxBytes),
    lawsTable(group),
  ]);
}

function pointsTable(group: SweepGroup, maxBytes: number): string {
  const columns = columnsOf(group);
  const values = [...new Set(group.series.flatMap(({ points }) => points.map(({ value }) => value)))];
  const rows = values
    .sort((a, b) => a - b)
    .flatMap((value) =>
      group.series.flatMap(({ strategy, points }) => {
        const point = points.find((each) => each.value === value);
        return point ? [[formatCount(value), strategy, ...columns.map(({ text }) => text(point))]] : [];
      }),
    );
  const headings = [group.parameter, 'strategy', ...columns.map(({ heading }) => heading)];
  return table(headings, rows, { textColumns: 2, maxBytes });
}

function columnsOf(group: SweepGroup): Column[] {
  const metrics = metricsOf(group).map((metric) => ({
    heading: `${metric.title}, ${metric.unit}`,
    text: (point: Point) => formatPoint(metric, point),
  }));
  const expected: Column = {
    heading: `${EXPECTED_NAME}, ms`,
    text: ({ expectedDetectionMs }) => formatMs(expectedDetectionMs),
  };
  return [...metrics, ...(isSilent(group) ? [expected] : []), ...COUNTS];
}

function lawsTable(group: SweepGroup): string {
  const metrics = metricsOf(group);
  const rows = group.series.map((series) => [
    series.strategy,
    ...metrics.map((metric) => describeLaw(lawOf(series, metric.key), metric, group.parameter)),
  ]);
  return table(['law', ...metrics.map(({ title }) => title)], rows, { textColumns: 1 + metrics.length });
}

function slashed(...counts: readonly number[]): string {
  return counts.map(formatCount).join('/');
}
