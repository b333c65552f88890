/** What clients lost: requests that failed, and those of which nobody knows whether they ran. */
import type { Cell } from '../../src/contracts/results.js';
import { formatCount, formatNumberOf } from '../parts/format.js';
import { CHART_WIDTH, type Chart, type ChartLayer, NUMBER_FORMAT, TEXT_SIZE } from './render.js';
import { type ChartStrategy, colourEncoding } from './series.js';

/** A strategy with what its trials counted. */
export interface LossSeries extends ChartStrategy {
  readonly trials: number;
  readonly requests: Cell['requests'];
  readonly connections: Cell['connections'];
}

/** Height of one bar with its label above, px. */
const BAR_STEP = 46;
const BAR_HEIGHT = 18;

/** From the middle of a bar up to its label, px. */
const LABEL_RISE = 18;

/** Of requests with an unknown outcome; failed ones are opaque. */
const UNKNOWN_OPACITY = 0.3;

/** An axis from 0 to 0 has no scale. */
const LEAST_DOMAIN = 1;

/** The chart; null when no trial counts. */
export function lostRequestsChart(series: readonly LossSeries[]): Chart | null {
  const shown = series.filter(({ trials }) => trials > 0);
  if (shown.length === 0) return null;
  return {
    title: 'Requests without a right reply',
    text: `${shown.map(describe).join('; ')}. Solid: failed; pale: unknown whether it ran.`,
    table: {
      columns: ['strategy', 'ok, requests', 'failed, requests', 'unknown, requests', 'connections lost'],
      rows: shown.map(({ strategy, requests: { ok, failed, unknown }, connections }) => [
        strategy,
        formatCount(ok),
        formatCount(failed),
        formatCount(unknown),
        formatCount(connections.lost),
      ]),
    },
    pointing: {
      kind: 'rows',
      places: shown.map(({ strategy, position }) => ({ y: strategy, position })),
      rowHeight: BAR_STEP,
      labelled: true,
    },
    spec: {
      height: shown.length * BAR_STEP,
      encoding: {
        y: { field: 'strategy', type: 'nominal', sort: shown.map(({ strategy }) => strategy), axis: null },
      },
      layer: [bars(shown), labels(shown)],
    },
  };
}

function bars(shown: readonly LossSeries[]): ChartLayer {
  const color = colourEncoding(shown);
  const most = Math.max(LEAST_DOMAIN, ...shown.map(({ requests }) => requests.failed + requests.unknown));
  const values = shown
    .flatMap(({ strategy, requests: { failed, unknown } }) => [
      { strategy, from: 0, to: failed, opacity: 1 },
      { strategy, from: failed, to: failed + unknown, opacity: UNKNOWN_OPACITY },
    ])
    .filter(({ from, to }) => to > from);
  return {
    data: { values },
    mark: { type: 'bar', height: BAR_HEIGHT },
    encoding: {
      x: {
        field: 'from',
        type: 'quantitative',
        title: 'requests',
        scale: { domain: [0, most] },
        axis: { tickCount: 4, tickMinStep: 1, format: NUMBER_FORMAT },
      },
      x2: { field: 'to' },
      color,
      fillOpacity: { field: 'opacity', type: 'quantitative', scale: null, legend: null },
      stroke: color,
      strokeWidth: { value: 0.75 },
    },
  };
}

/** Above the bars, where the whole width is free; a strategy that lost nothing has no bar, but a label. */
function labels(shown: readonly LossSeries[]): ChartLayer {
  const values = shown.map(({ strategy, requests: { failed, unknown } }) => ({
    strategy,
    label: `${strategy}: ${failed + unknown === 0 ? 'none' : formatCount(failed + unknown)}`,
  }));
  return {
    data: { values },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'middle',
      dy: -LABEL_RISE,
      fontSize: TEXT_SIZE,
      color: 'currentColor',
      limit: CHART_WIDTH,
    },
    encoding: { x: { value: 0 }, text: { field: 'label', type: 'nominal' } },
  };
}

function describe({
  strategy,
  requests: { ok, failed, unknown },
  connections: { lost },
}: LossSeries): string {
  const connections = lost === 0 ? 'no connection lost' : `${formatNumberOf(lost, 'connection')} lost`;
  const all = formatNumberOf(ok + failed + unknown, 'request');
  return `${strategy}: ${formatCount(failed)} failed and ${formatCount(unknown)} unknown of ${all}, ${connections}`;
}
