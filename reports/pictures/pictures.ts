/** All charts of a run, each as a picture with a name for its file. */
import type { Results } from '../../src/contracts/report.js';
import { chartSeries, lossOf } from '../charts/case-series.js';
import { lostRequestsChart } from '../charts/lost-requests.js';
import { PHASES, phasesChart } from '../charts/phases.js';
import { recoveredShareChart } from '../charts/recovered-share.js';
import { recoveryRangesChart } from '../charts/recovery-ranges.js';
import { recoveryTimesChart } from '../charts/recovery-times.js';
import { type Chart, renderSvg } from '../charts/render.js';
import type { ChartSeries, ChartStrategy } from '../charts/series.js';
import { survivorCpuChart } from '../charts/survivor-cpu.js';
import { sweepChart } from '../charts/sweep.js';
import { throughputChart } from '../charts/throughput.js';
import { tradeOffChart } from '../charts/trade-off.js';
import { groupCells, strategyOrder } from '../parts/cells.js';
import { printable } from '../parts/printable.js';
import { groupSweeps, metricsOf } from '../parts/sweeps.js';
import { standaloneSvg } from './standalone.js';

export interface Picture {
  /** Name of the file, without its extension. */
  readonly name: string;
  /** SVG that needs no page around it. */
  readonly svg: string;
}

interface NamedChart {
  readonly name: string;
  readonly chart: Chart | null;
  readonly strategies: readonly ChartStrategy[];
  /** What the legend has to say beside the strategies. */
  readonly note?: string;
}

/** Room for several names in the 255 bytes that a file system gives. */
const MAX_NAME_LENGTH = 60;

const CASE_CHARTS: Readonly<Record<string, (series: readonly ChartSeries[]) => Chart | null>> = {
  'recovery-times': recoveryTimesChart,
  phases: phasesChart,
  throughput: throughputChart,
  'recovered-share': recoveredShareChart,
  'survivor-cpu': survivorCpuChart,
  'lost-requests': (series) => lostRequestsChart(series.map(lossOf)),
};

const PHASE_NOTE = `dark to light: ${PHASES.map(({ name }) => name).join(', ')}`;

/** Charts without data are left out. */
export async function pictures(results: Results): Promise<Picture[]> {
  const found = uniquelyNamed([...overview(results), ...sweeps(results), ...cases(results)]);
  const drawn: Picture[] = [];
  for (const { name, chart, ...legend } of found) {
    if (chart !== null) drawn.push({ name, svg: standaloneSvg(await renderSvg(chart), chart, legend) });
  }
  return drawn;
}

function overview({ summary }: Results): NamedChart[] {
  const strategies = summary.strategies.map(({ id }, position) => ({ strategy: printable(id), position }));
  return [
    { name: 'recovery-ranges', chart: recoveryRangesChart(summary), strategies },
    { name: 'trade-off', chart: tradeOffChart(summary), strategies },
  ];
}

/** None where nothing was varied. */
function sweeps({ summary }: Results): NamedChart[] {
  const order = strategyOrder(summary);
  return groupSweeps(summary).flatMap((group) => {
    const { workload, fault, parameter, series } = group;
    const strategies = series.map(({ strategy }) => {
      return { strategy: printable(strategy), position: order(strategy) };
    });
    return metricsOf(group).map((metric) => {
      const chart = sweepChart(group, metric, summary);
      const where = `${printable(workload)}, ${printable(fault)}`;
      return {
        name: `sweep-${fileName(`${metric.title}-${workload}-${fault}-${parameter}`)}`,
        chart: chart === null ? null : { ...chart, title: `${chart.title}: ${where}` },
        strategies,
      };
    });
  });
}

function cases({ summary, series }: Results): NamedChart[] {
  return groupCells(summary).flatMap((group) => {
    const drawn = chartSeries(group, summary, series);
    if (drawn.length === 0) return [];
    return Object.entries(CASE_CHARTS).map(([kind, draw]) => {
      const chart = draw(drawn);
      const where = `${printable(group.workload)}, ${printable(group.fault)}`;
      return {
        name: `${kind}-${fileName(`${group.workload}-${group.fault}`)}`,
        chart: chart === null ? null : { ...chart, title: `${chart.title}: ${where}` },
        strategies: drawn,
        ...(kind === 'phases' ? { note: PHASE_NOTE } : {}),
      };
    });
  });
}

/** Names come from result files: only what is safe in the name of a file on any system is left of them. */
function fileName(text: string): string {
  const safe = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_NAME_LENGTH)
    .replace(/^-|-$/g, '');
  return safe === '' ? 'case' : safe;
}

/** What is left of two names may be the same. */
function uniquelyNamed(charts: readonly NamedChart[]): NamedChart[] {
  const taken = new Map<string, number>();
  return charts.map((one) => {
    const count = (taken.get(one.name) ?? 0) + 1;
    taken.set(one.name, count);
    return count === 1 ? one : { ...one, name: `${one.name}-${count}` };
  });
}
