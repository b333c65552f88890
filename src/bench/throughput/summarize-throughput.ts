/** From the single loads to medians and ratios. Pure. */
import type { ThroughputPhase, ThroughputResult, ThroughputRow } from '../../contracts/throughput.js';
import type { Prng } from '../../contracts/workload.js';
import { median } from '../../stats/average.js';
import { bootstrapMedianLogRatio, MIN_PAIRS_FOR_INTERVAL } from '../../stats/bootstrap.js';

type Metric = ThroughputResult['comparisons'][number]['metric'];

const PHASES: readonly ThroughputPhase[] = ['before', 'after'];
const METRICS: readonly (readonly [Metric, (row: ThroughputRow) => number | null])[] = [
  ['requestsPerSecond', ({ requestsPerSecond }) => requestsPerSecond],
  ['latencyP50Ms', ({ latencyMs }) => latencyMs.p50],
  ['cpuUsPerRequest', ({ cpuUsPerRequest }) => cpuUsPerRequest],
];

/** Of each strategy in each phase, in the order of `strategies`. */
export function summarizeThroughput(
  strategies: readonly string[],
  rows: readonly ThroughputRow[],
  prng: Prng,
): Pick<ThroughputResult, 'strategies' | 'comparisons'> {
  const [reference = ''] = strategies;
  const groups = PHASES.flatMap((phase) =>
    strategies.map((strategy) => ({ strategy, phase, rows: rowsOf(rows, strategy, phase) })),
  ).filter((group) => group.rows.length > 0);
  return {
    strategies: groups.map(({ strategy, phase, rows: own }) => ({ strategy, phase, ...medians(own) })),
    comparisons: groups
      .filter(({ strategy }) => strategy !== reference)
      .flatMap(({ strategy, phase, rows: own }) =>
        METRICS.flatMap(([metric, measure]) => {
          const pairs = pairUp(own, rowsOf(rows, reference, phase), measure);
          if (pairs.length === 0) return [];
          const ownPrng = prng.fork(JSON.stringify([strategy, phase, metric]));
          const { ratio, low, high } = bootstrapMedianLogRatio(pairs, ownPrng);
          const interval = pairs.length < MIN_PAIRS_FOR_INTERVAL ? null : { low, high };
          return { strategy, phase, metric, ratio, interval, pairs: pairs.length };
        }),
      ),
  };
}

function rowsOf(rows: readonly ThroughputRow[], strategy: string, phase: ThroughputPhase): ThroughputRow[] {
  return rows.filter((row) => row.strategy === strategy && row.phase === phase);
}

function medians(rows: readonly ThroughputRow[]) {
  const of = (measure: (row: ThroughputRow) => number): number => median(rows.map(measure)) ?? 0;
  return {
    rounds: rows.length,
    requestsPerSecond: of(({ requestsPerSecond }) => requestsPerSecond),
    latencyMs: { p50: of(({ latencyMs }) => latencyMs.p50), p99: of(({ latencyMs }) => latencyMs.p99) },
    cpuUsPerRequest: median(rows.flatMap(({ cpuUsPerRequest }) => cpuUsPerRequest ?? [])),
  };
}

/** Rounds that both have, so that a drift of the machine cancels out. A value of 0 has no ratio. */
function pairUp(
  rows: readonly ThroughputRow[],
  references: readonly ThroughputRow[],
  measure: (row: ThroughputRow) => number | null,
) {
  return rows.flatMap((row) => {
    const partner = references.find(({ round }) => round === row.round);
    const value = measure(row) ?? 0;
    const reference = (partner && measure(partner)) ?? 0;
    return value > 0 && reference > 0 ? [{ value, reference }] : [];
  });
}
