/** Where the time of a recovery goes: stacked bars, one per strategy. */
import type { Phases } from '../../src/contracts/results.js';
import { formatMs } from '../shared/format.js';
import { PHASE_OPACITIES } from './palette.js';
import { type Chart, PLOT_WIDTH } from './render.js';
import { type ChartSeries, strategyEncoding } from './series.js';

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
    meaning: 'until the backup begins, or the client has a new TCP connection',
  },
  { key: 'stateMs', name: 'state', meaning: 'until the backup has found and checked the state' },
  { key: 'cryptoMs', name: 'crypto', meaning: 'until keys are derived, or the handshake is done' },
  { key: 'firstReplyMs', name: 'first reply', meaning: 'until the first verified reply' },
];

interface Bar {
  readonly strategy: string;
  readonly phase: string;
  readonly from: number;
  readonly to: number;
}

/** Height of one bar with its gap, px. */
const BAR_STEP = 36;

/** Longest label, px; about 20 characters. */
const LABEL_LIMIT = 112;

/** The chart; null when no connection recovered. */
export function phasesChart(series: readonly ChartSeries[]): Chart | null {
  const shown = series.filter(({ series: { phases } }) => phases !== null);
  if (shown.length === 0) return null;
  return {
    title: 'Phases of a recovery',
    text: `Most time went to ${shown.map(describe).join(', ')}. Medians of each phase.`,
    spec: {
      width: PLOT_WIDTH - LABEL_LIMIT + 34,
      height: { step: BAR_STEP },
      data: { values: shown.flatMap(bars) },
      mark: { type: 'bar', height: 18 },
      encoding: {
        y: {
          field: 'strategy',
          type: 'nominal',
          sort: shown.map(({ strategy }) => strategy),
          title: null,
          axis: { labelLimit: LABEL_LIMIT, ticks: false, domain: false },
        },
        x: {
          field: 'from',
          type: 'quantitative',
          title: 'ms (median)',
          axis: { tickCount: 4, format: ',~g' },
        },
        x2: { field: 'to' },
        fillOpacity: {
          field: 'phase',
          type: 'ordinal',
          scale: { domain: PHASES.map(({ name }) => name), range: [...PHASE_OPACITIES] },
          legend: null,
        },
        // An outline keeps the palest phase visible and neighbours apart.
        stroke: strategyEncoding(shown).color,
        strokeWidth: { value: 0.75 },
        color: strategyEncoding(shown).color,
      },
    },
  };
}

function bars({ strategy, series: { phases } }: ChartSeries): Bar[] {
  let from = 0;
  return PHASES.map(({ key, name }) => {
    const to = from + (phases?.[key] ?? 0);
    const bar = { strategy, phase: name, from, to };
    from = to;
    return bar;
  });
}

function describe({ strategy, series: { phases } }: ChartSeries): string {
  const ms = (key: keyof Phases): number => phases?.[key] ?? 0;
  const longest = PHASES.reduce((best, phase) => (ms(phase.key) > ms(best.key) ? phase : best));
  return `${longest.name} for ${strategy} (${formatMs(ms(longest.key))} ms)`;
}
