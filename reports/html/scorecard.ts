/** The scorecard: strategies as columns, all their cells pooled; each row explains itself when it is opened. */
import type { StrategyDescription } from '../../src/contracts/report.js';
import type { Comparison, StrategySummary, Summary } from '../../src/contracts/results.js';
import { MIN_PAIRS_FOR_INTERVAL } from '../../src/stats/bootstrap.js';
import { comparisonOf, groupCells } from '../parts/cells.js';
import { type Tone, trialsText } from '../parts/columns.js';
import { formatBytes, formatCount, formatKiB, formatMs, formatRatio, NONE } from '../parts/format.js';
import { findingOf, formatComparison } from '../parts/verdict.js';
import { exposure } from './exposure.js';
import { scrollable } from './figure.js';
import { swatch } from './legend.js';
import { html, type Markup, NOTHING } from './markup.js';

interface Measure {
  readonly name: string;
  /** Empty for what is no number, and for numbers of what the name says. */
  readonly unit: string;
  readonly definition: string;
  value(strategy: StrategySummary, context: Context): Value;
}

interface Context {
  readonly summary: Summary;
  readonly descriptions: readonly StrategyDescription[];
}

interface Value {
  readonly text: string;
  /** In small type below: an interval. */
  readonly note?: string;
  readonly tone?: Tone | 'words';
}

interface Group {
  readonly question: string;
  readonly measures: readonly Measure[];
}

const RECOVERY_P50: Measure = {
  name: 'Recovery time, median',
  unit: 'ms',
  definition: `From the fault to the first verified reply that a survivor gave to a request in flight at the fault or intended after it, per connection. Below it the 95 % bootstrap interval of the median; whole trials are resampled, from ${MIN_PAIRS_FOR_INTERVAL} trials of each case on. Workloads and faults are pooled: the charts show each by itself.`,
  value: ({ recoveryTimeMs, recoveryP50IntervalMs: interval }) => ({
    text: formatMs(recoveryTimeMs?.p50),
    ...(interval ? { note: `[${formatMs(interval.low)}, ${formatMs(interval.high)}]` } : {}),
  }),
};

/** Below the median of all. */
const SPEED: readonly Measure[] = [
  {
    name: 'Recovery time, p99',
    unit: 'ms',
    definition:
      'The 99th percentile of the same times. It rests on few connections, so that no interval and no verdict is given.',
    value: ({ recoveryTimeMs }) => ({ text: formatMs(recoveryTimeMs?.p99) }),
  },
  {
    name: 'Interruption, median',
    unit: 'ms',
    definition:
      'From the last verified reply before the fault to the first after it: what a client felt, its own pauses included.',
    value: ({ interruptionMs }) => ({ text: formatMs(interruptionMs?.p50) }),
  },
];

const LOSSES: readonly Measure[] = [
  {
    name: 'Connections kept',
    unit: '',
    definition: 'The same TCP connection and the same TLS keys before and after the fault.',
    value: counted(({ connections }) => ({ text: formatCount(connections.kept) })),
  },
  {
    name: 'Connections reconnected',
    unit: '',
    definition: 'The transport was lost; the client made a new one and was served again.',
    value: counted(({ connections }) => ({ text: formatCount(connections.reconnected) })),
  },
  {
    name: 'Connections lost',
    unit: '',
    definition: 'No verified reply came after the fault, not even to the closing check.',
    value: counted(({ connections: { lost } }) => defect(lost, 'bad')),
  },
  {
    name: 'Requests failed',
    unit: '',
    definition:
      'No right reply came. The request is idempotent, so that it may be sent again (RFC 9110 9.2.2).',
    value: counted(({ requests }) => defect(requests.failed, 'warning')),
  },
  {
    name: 'Requests unknown',
    unit: '',
    definition: 'No reply came, and the request is not idempotent: the client cannot know whether it ran.',
    value: counted(({ requests }) => defect(requests.unknown, 'warning')),
  },
  {
    name: 'Requests run twice',
    unit: '',
    definition:
      'All requests that the applications executed more than once. To one that is idempotent that makes no difference (RFC 9110 9.2.2): its reply is computed again on purpose.',
    value: counted(({ executions }) => ({ text: executions === null ? NONE : formatCount(executions.more) })),
  },
  {
    name: 'POSTs run twice',
    unit: '',
    definition: 'Those of them that are not idempotent, and must not run twice.',
    value: counted(({ executions }) =>
      executions === null ? { text: NONE } : defect(executions.moreNonIdempotent, 'bad'),
    ),
  },
  {
    name: 'Corrupted bytes',
    unit: '',
    definition: 'Wrong, missing or superfluous bytes in replies that claim success. Every byte is checked.',
    value: counted(({ corruptedBytes }) => defect(corruptedBytes, 'bad')),
  },
];

const COSTS: readonly Measure[] = [
  {
    name: 'Throughput before the fault',
    unit: 'x reference',
    definition:
      'Verified replies per second in steady state, against the reference in the same block of trials: the median ratio, or the range of the medians over all cases. Where load arrives at a fixed rate it cannot show a cost.',
    value: (strategy, { summary }) => againstReference(strategy, summary, 'throughputBeforePerSecond'),
  },
  {
    name: 'Latency before the fault, median',
    unit: 'x reference',
    definition: 'From the intended send time to the whole reply, in steady state, against the reference.',
    value: (strategy, { summary }) => againstReference(strategy, summary, 'latencyBeforeP50Ms'),
  },
  {
    name: 'Replicated per connection',
    unit: 'bytes',
    definition:
      'Everything that backups received, framing and seals included, and what commits carried, over all connections.',
    value: ({ replication }) => ({ text: formatBytes(replication?.bytesPerConnection) }),
  },
  {
    name: 'Replicated per request',
    unit: 'bytes',
    definition: 'The same bytes over all requests that were answered.',
    value: ({ replication }) => ({ text: formatBytes(replication?.bytesPerRequest) }),
  },
  ...(['primary', 'backup', 'director'] as const).map(memoryMeasure),
  {
    name: 'Full handshakes after the fault',
    unit: '',
    definition:
      'As the clients saw them. A trial with other handshakes than its strategy promises is invalid.',
    value: counted(({ handshakesAfterFault }) => ({ text: formatCount(handshakesAfterFault.full) })),
  },
  {
    name: 'Resumed handshakes after the fault',
    unit: '',
    definition: 'As the clients saw them (`isSessionReused`).',
    value: counted(({ handshakesAfterFault }) => ({ text: formatCount(handshakesAfterFault.resumed) })),
  },
  {
    name: 'CPU per recovery',
    unit: 'ms',
    definition:
      'CPU time of all surviving replicas between the fault and the last recovery, over the connections that recovered. Median of the trials.',
    value: ({ replicaCpuMsPerRecovery }) => ({ text: formatMs(replicaCpuMsPerRecovery) }),
  },
  {
    name: 'Key exposure',
    unit: '',
    definition: 'Secret material that leaves the primary, or that more than one replica holds.',
    value: ({ id }, { descriptions }) => ({
      text: exposure(descriptions.find((one) => one.id === id)),
      tone: 'words',
    }),
  },
];

const TRIALS: Measure = {
  name: 'Trials that count',
  unit: '',
  definition:
    'Invalid trials did not do what their strategy claims, inconclusive ones were disturbed. Neither is in any number; all are listed below.',
  value: ({ trials }) => ({
    text: trialsText(trials),
    tone: trials.invalid + trials.inconclusive > 0 ? 'warning' : 'plain',
  }),
};

export function scorecard(summary: Summary, descriptions: readonly StrategyDescription[]): Markup {
  const { strategies } = summary;
  const context = { summary, descriptions };
  const heads = strategies.map(
    ({ id, title }, index) =>
      html`<th scope="col">${swatch(index)}<span>${title}</span>${id === summary.reference ? html`<small>reference</small>` : NOTHING}</th>`,
  );
  const groups: readonly Group[] = [
    { question: 'How fast?', measures: [RECOVERY_P50, ...caseMeasures(summary), ...SPEED] },
    { question: 'What did clients lose?', measures: LOSSES },
    { question: 'What does it cost?', measures: COSTS },
    { question: 'On what evidence?', measures: [TRIALS] },
  ];
  const bodies = groups.map(
    ({ question, measures }) =>
      html`<tbody><tr class="group"><th scope="rowgroup" colspan="${strategies.length + 1}">${question}</th></tr>${measures.map((measure) => row(measure, strategies, context))}</tbody>`,
  );
  return scrollable(
    'Scorecard',
    html`<table class="score" style="--strategies:${strategies.length}"><thead><tr><td></td>${heads}</tr></thead>${bodies}</table>`,
  );
}

/** The recovery of each case against the reference: what is compared in pairs. */
function caseMeasures(summary: Summary): Measure[] {
  return groupCells(summary).map(({ workload, fault, cells }) => ({
    name: `${workload}, ${fault}`,
    unit: 'ms',
    definition:
      'Median recovery time of this case, and the median of the paired ratios, strategy / reference, with its 95 % bootstrap interval. An interval that includes 1 shows no difference.',
    value: ({ id }) => {
      const cell = cells.find(({ strategy }) => strategy === id);
      const comparison = comparisonOf(summary, { strategy: id, workload, fault }, 'recoveryTimeMs');
      const text = formatMs(cell?.recoveryTimeMs?.p50);
      return comparison === undefined
        ? { text }
        : { text, note: formatComparison(comparison), tone: toneOf(comparison) };
    },
  }));
}

function toneOf(comparison: Comparison): Tone {
  const finding = findingOf(comparison);
  if (finding === 'lower') return 'good';
  return finding === 'higher' ? 'bad' : 'plain';
}

function row(measure: Measure, strategies: readonly StrategySummary[], context: Context): Markup {
  const { name, unit, definition } = measure;
  const values = strategies.map((strategy) => {
    const { text, note, tone = 'plain' } = measure.value(strategy, context);
    return html`<td class="${tone}">${text}${note === undefined ? NOTHING : html`<small>${note}</small>`}</td>`;
  });
  const label = html`${name}${unit === '' ? NOTHING : html` <small>${unit}</small>`}`;
  return html`<tr${measure === RECOVERY_P50 ? html` class="first"` : NOTHING}><th scope="row"><details><summary>${label}</summary><p>${definition}</p></details></th>${values}</tr>`;
}

function memoryMeasure(role: 'primary' | 'backup' | 'director'): Measure {
  return {
    name: `Memory of the ${role} per idle connection`,
    unit: 'KiB',
    definition:
      'Growth of the resident memory of that process while all connections of a trial were opened, over their number, before any request. It holds what the process took once and garbage of the handshakes: it is an upper bound that gets closer with more connections. Median of the trials; none with fewer than 200 connections.',
    value: ({ memory }) => ({ text: formatKiB(memory?.[`${role}BytesPerConnection`]) }),
  };
}

/** A count only means something when at least one trial counts. */
function counted(value: (strategy: StrategySummary) => Value): (strategy: StrategySummary) => Value {
  return (strategy) => (strategy.trials.completed === 0 ? { text: NONE } : value(strategy));
}

function defect(count: number, tone: Tone): Value {
  return { text: formatCount(count), tone: count > 0 ? tone : 'plain' };
}

function againstReference({ id }: StrategySummary, summary: Summary, metric: Comparison['metric']): Value {
  if (id === summary.reference) return { text: '1' };
  const found = groupCells(summary).flatMap(
    ({ workload, fault }) => comparisonOf(summary, { strategy: id, workload, fault }, metric) ?? [],
  );
  const [one] = found;
  if (one === undefined) return { text: NONE };
  if (found.length === 1) return { text: formatRatio(one.ratio), note: intervalOf(one) };
  const ratios = found.map(({ ratio }) => ratio);
  const differing = found.filter((comparison) => ['lower', 'higher'].includes(findingOf(comparison))).length;
  return {
    text: `${formatRatio(Math.min(...ratios))} to ${formatRatio(Math.max(...ratios))}`,
    note: differing === 0 ? 'no difference shown' : `differs in ${differing} of ${found.length} cases`,
  };
}

function intervalOf(comparison: Comparison): string {
  return formatComparison(comparison).replace(/^\S+ /, '');
}
