/** Where the time of a recovery goes: stacked bars, one per strategy. */
import type { Phases } from '../../src/contracts/results.js';
import { formatMs } from '../parts/format.js';
import { PHASE_OPACITIES } from './palette.js';
import {
  CHART_WIDTH,
  type Chart,
  type ChartLayer,
  type ChartTable,
  NUMBER_FORMAT,
  TEXT_SIZE,
} from './render.js';
import { type ChartSeries, colourEncoding } from './series.js';

/** The phases in order, with the words for them. */
export const PHASES: readonly {
  readonly key: keyof Phases;
  readonly name: string;
  readonly meaning: string;
}[] = [
  { key: 'detectionMs', name: 'detection', meaning: 'until the failure is known' },
  {
    key: 'redirectMs',
    name: 'redirect',
    meaning: 'until the takeover has come to the backup, or the client has a new TCP connection',
  },
  {
    key: 'stateMs',
    name: 'state',
    meaning: 'until its turn has come, and the backup has found and checked the state',
  },
  { key: 'cryptoMs', name: 'crypto', meaning: 'until keys are derived, or the handshake is done' },
  { key: 'firstReplyMs', name: 'first reply', meaning: 'until the first verified reply' },
];

interface Bar {
  readonly strategy: string;
  readonly opacity: number;
  readonly from: number;
  readonly to: number;
}

/** Height of one bar with its label above, px. */
const BAR_STEP = 46;
const BAR_HEIGHT = 18;

/** From the middle of a bar up to its label, px. */
const LABEL_RISE = 18;

/** The chart; null when no connection recovered. */
export function phasesChart(series: readonly ChartSeries[]): Chart | null {
  const shown = series.filter(({ series: { phases } }) => phases !== null);
  if (shown.length === 0) return null;
  return {
    title: 'Phases of a recovery',
    text: `Most time went to ${shown.map(describe).join(', ')}. Medians of each phase, which need not add up to the median recovery time.`,
    table: table(shown),
    pointing: {
      kind: 'rows',
      places: shown.map(({ strategy, position }) => ({ y: strategy, position })),
      rowHeight: BAR_STEP,
      labelled: true,
    },
    spec: {
      height: shown.length * BAR_STEP,
      data: { values: shown.flatMap(bars) },
      encoding: {
        y: { field: 'strategy', type: 'nominal', sort: shown.map(({ strategy }) => strategy), axis: null },
      },
      layer: [barLayer(shown), labelLayer(shown)],
    },
  };
}

function barLayer(shown: readonly ChartSeries[]): ChartLayer {
  const color = colourEncoding(shown);
  return {
    mark: { type: 'bar', height: BAR_HEIGHT },
    encoding: {
      x: {
        field: 'from',
        type: 'quantitative',
        title: 'ms (median)',
        axis: { tickCount: 5, format: NUMBER_FORMAT },
      },
      x2: { field: 'to' },
      color,
      fillOpacity: { field: 'opacity', type: 'quantitative', scale: null, legend: null },
      // An outline keeps the palest phase visible and neighbours apart.
      stroke: color,
      strokeWidth: { value: 0.75 },
    },
  };
}

/** Above the bars, where the whole width is free for a long id. */
function labelLayer(shown: readonly ChartSeries[]): ChartLayer {
  return {
    data: { values: shown.map(({ strategy }) => ({ strategy })) },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'middle',
      dy: -LABEL_RISE,
      fontSize: TEXT_SIZE,
      color: 'currentColor',
      limit: CHART_WIDTH,
    },
    encoding: { x: { value: 0 }, text: { field: 'strategy', type: 'nominal' } },
  };
}

/** One after the other; phases that took no time are left out. */
function bars({ strategy, series: { phases } }: ChartSeries): Bar[] {
  let from = 0;
  return PHASES.flatMap(({ key }, index) => {
    const to = from + (phases?.[key] ?? 0);
    const bar = { strategy, from, to, opacity: PHASE_OPACITIES[index] ?? 1 };
    from = to;
    return bar.to > bar.from ? [bar] : [];
  });
}

function table(shown: readonly ChartSeries[]): ChartTable {
  return {
    columns: ['strategy', ...PHASES.map(({ name }) => `${name}, ms`)],
    rows: shown.map(({ strategy, series: { phases } }) => [
      strategy,
      ...PHASES.map(({ key }) => formatMs(phases?.[key])),
    ]),
  };
}

function describe({ strategy, series: { phases } }: ChartSeries): string {
  const ms = (key: keyof Phases): number => phases?.[key] ?? 0;
  const longest = PHASES.reduce((best, phase) => (ms(phase.key) > ms(best.key) ? phase : best));
  return `${longest.name} for ${strategy} (${formatMs(ms(longest.key))} ms)`;
}
