/** The table of `spr-bench throughput`, readable at 100 columns. */
import type { ThroughputPhase, ThroughputResult } from '../contracts/throughput.js';

const NAME_WIDTH = 26;
const NUMBER_WIDTH = 10;
const RATIO_WIDTH = 20;

const PHASES: Readonly<Record<ThroughputPhase, string>> = {
  before: 'before the fault',
  after: 'after it, on what is left',
};

type Metric = ThroughputResult['comparisons'][number]['metric'];

export function throughputTable(result: ThroughputResult): string {
  const { settings, reference, complete } = result;
  const { connections, replyBytes, durationS, rounds, replicas } = settings;
  const head = `${connections} connections, replies of ${replyBytes} bytes, ${replicas} replicas, ${durationS} s a load, ${rounds} rounds in turns: medians`;
  const blocks = (['before', 'after'] as const).map((phase) => block(result, phase));
  const notes = [
    `ratios: strategy / ${reference}, of the same round; an interval that includes 1 shows no difference. CPU: of director and replicas.`,
    ...(complete ? [] : ['It ended early: not all rounds were measured.']),
  ];
  return `${[head, ...blocks, notes.join('\n')].join('\n\n')}\n`;
}

function block(result: ThroughputResult, phase: ThroughputPhase): string {
  const title = row(PHASES[phase], ['requests/s', '', 'p50 ms', 'p99 ms', 'CPU us/req', '']);
  const rows = result.strategies
    .filter((each) => each.phase === phase)
    .map(({ strategy, requestsPerSecond, latencyMs, cpuUsPerRequest }) =>
      row(strategy, [
        Math.round(requestsPerSecond).toLocaleString('en-US'),
        ratioOf(result, strategy, phase, 'requestsPerSecond'),
        latencyMs.p50.toFixed(2),
        latencyMs.p99.toFixed(2),
        cpuUsPerRequest === null ? '-' : cpuUsPerRequest.toFixed(1),
        cpuUsPerRequest === null ? '' : ratioOf(result, strategy, phase, 'cpuUsPerRequest'),
      ]),
    );
  return [title, ...rows].join('\n');
}

function ratioOf(
  { comparisons, reference }: ThroughputResult,
  strategy: string,
  phase: ThroughputPhase,
  metric: Metric,
): string {
  if (strategy === reference) return 'reference';
  const found = comparisons.find(
    (each) => each.strategy === strategy && each.phase === phase && each.metric === metric,
  );
  if (found === undefined) return '';
  const ratio = `${found.ratio.toFixed(2)}x`;
  if (found.interval === null) return ratio;
  return `${ratio} [${found.interval.low.toFixed(2)}, ${found.interval.high.toFixed(2)}]`;
}

function row(
  name: string,
  [rate = '', rateRatio = '', p50 = '', p99 = '', cpu = '', cpuRatio = '']: string[],
): string {
  return [
    name.padEnd(NAME_WIDTH),
    rate.padStart(NUMBER_WIDTH),
    rateRatio.padStart(RATIO_WIDTH),
    p50.padStart(NUMBER_WIDTH),
    p99.padStart(NUMBER_WIDTH),
    cpu.padStart(NUMBER_WIDTH + 1),
    cpuRatio.padStart(RATIO_WIDTH),
  ]
    .join(' ')
    .trimEnd();
}
