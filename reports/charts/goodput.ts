/** Goodput against the time between two faults: a line per strategy. */
import type { Goodput, SoakSeries } from '../../src/contracts/soak.js';
import { formatCount, NONE } from '../parts/format.js';
import { printable } from '../parts/printable.js';
import { type Chart, NUMBER_FORMAT, PLOT_HEIGHT } from './render.js';
import { type ChartStrategy, distinctStrategies, shapeEncoding, strategyEncoding } from './series.js';

const MS_PER_S = 1000;

/** Null when no soak has a goodput. */
export function goodputChart({ soaks }: SoakSeries): Chart | null {
  const strategies = seriesStrategies({ soaks });
  const values = soaks.flatMap(({ strategy, goodput }) =>
    goodput === null
      ? []
      : [
          {
            strategy: printable(strategy),
            seconds: goodput.meanIntervalMs / MS_PER_S,
            share: goodput.share * 100,
          },
        ],
  );
  if (values.length === 0) return null;
  const shown = strategies.filter((each) => values.some(({ strategy }) => strategy === each.strategy));
  const x = {
    field: 'seconds',
    type: 'quantitative',
    title: 'mean time between two faults, s',
    scale: { zero: true },
    axis: { format: NUMBER_FORMAT },
  } as const;
  const y = {
    field: 'share',
    type: 'quantitative',
    title: 'goodput, %',
    scale: { zero: true },
    axis: { format: NUMBER_FORMAT, tickCount: 5 },
  } as const;
  return {
    title: 'Goodput against the time between faults',
    text: `${shown.map(({ strategy }) => describe(strategy, soaks)).join('; ')}.`,
    table: tableOf(soaks),
    spec: {
      height: PLOT_HEIGHT,
      data: { values },
      layer: [
        { mark: { type: 'line', strokeWidth: 2 }, encoding: { x, y, ...strategyEncoding(shown) } },
        {
          mark: { type: 'point', filled: true, size: 40, opacity: 1 },
          encoding: { x, y, color: strategyEncoding(shown).color, shape: shapeEncoding(shown) },
        },
      ],
    },
  };
}

/** In the order in which they ran. */
export function seriesStrategies({ soaks }: Pick<SoakSeries, 'soaks'>): ChartStrategy[] {
  const ids = [...new Set(soaks.map(({ strategy }) => printable(strategy)))];
  return distinctStrategies(ids.map((strategy, position) => ({ strategy, position })));
}

function describe(strategy: string, soaks: SoakSeries['soaks']): string {
  const points = soaks
    .filter((soak) => printable(soak.strategy) === strategy)
    .flatMap(({ goodput }) => goodput ?? [])
    .sort((a, b) => a.meanIntervalMs - b.meanIntervalMs)
    .map((goodput) => `${percent(goodput)} % at ${seconds(goodput.meanIntervalMs)} s`);
  return `${strategy}: ${points.join(', ')}`;
}

function tableOf(soaks: SoakSeries['soaks']): Chart['table'] {
  return {
    columns: [
      'strategy',
      'interval asked for, s',
      'mean interval, s',
      'faults',
      'goodput, %',
      'replies/s',
      'before the first fault',
      'failed, requests',
      'unknown, requests',
      'longest interruption, ms',
    ],
    rows: soaks.map(({ strategy, faultEveryMs, injected, goodput, requests, longestInterruptionMs }) => [
      printable(strategy),
      seconds(faultEveryMs),
      goodput === null ? NONE : seconds(goodput.meanIntervalMs),
      formatCount(injected),
      goodput === null ? NONE : percent(goodput),
      formatCount(goodput?.perSecond),
      formatCount(goodput?.beforePerSecond),
      formatCount(requests.failed),
      formatCount(requests.unknown),
      formatCount(longestInterruptionMs),
    ]),
  };
}

function percent({ share }: Goodput): string {
  return (share * 100).toFixed(1);
}

function seconds(ms: number): string {
  return (ms / MS_PER_S).toFixed(2);
}
