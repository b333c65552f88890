/** The scorecard: strategies as columns, all their cells pooled. */
import type { StrategySummary, Summary } from '../../src/contracts/results.js';
import { comparisonOf, groupCells } from '../shared/cells.js';
import { trialsText } from '../shared/columns.js';
import { formatBytes, formatCount, formatMs, formatPercent, formatRatio, NONE } from '../shared/format.js';
import { swatch } from './legend.js';
import { html, type Markup } from './markup.js';

interface Measure {
  readonly name: string;
  /** Unit or explanation, in small type. */
  readonly note: string;
  text(strategy: StrategySummary, summary: Summary): string;
  /** Whether the value is a defect. */
  isBad?(strategy: StrategySummary): boolean;
}

const MEASURES: readonly Measure[] = [
  {
    name: 'Recovery time, median',
    note: 'ms, fault to first verified reply',
    text: ({ recoveryTimeMs }) => formatMs(recoveryTimeMs?.p50),
  },
  { name: 'Recovery time, p99', note: 'ms', text: ({ recoveryTimeMs }) => formatMs(recoveryTimeMs?.p99) },
  { name: 'Against the reference', note: 'range of the median ratios over all cases', text: ratioRange },
  {
    name: 'Interruption, median',
    note: 'ms between two replies',
    text: ({ interruptionMs }) => formatMs(interruptionMs?.p50),
  },
  {
    name: 'Connections kept',
    note: 'same TCP connection and TLS keys',
    text: counted(({ connections }) => formatCount(connections.kept)),
  },
  {
    name: 'Reconnected / lost',
    note: 'connections',
    text: counted(
      ({ connections }) => `${formatCount(connections.reconnected)} / ${formatCount(connections.lost)}`,
    ),
    isBad: ({ connections }) => connections.lost > 0,
  },
  {
    name: 'Handshakes after the fault',
    note: 'full / resumed',
    text: counted(
      ({ handshakesAfterFault: { full, resumed } }) => `${formatCount(full)} / ${formatCount(resumed)}`,
    ),
  },
  {
    name: 'Requests failed / unknown',
    note: 'unknown: no reply, may have been executed',
    text: counted(({ requests: { failed, unknown } }) => `${formatCount(failed)} / ${formatCount(unknown)}`),
  },
  {
    name: 'Executed twice',
    note: 'requests that are not idempotent',
    text: counted(({ executions }) => formatCount(executions.moreNonIdempotent)),
    isBad: ({ executions }) => executions.moreNonIdempotent > 0,
  },
  {
    name: 'Corrupted bytes',
    note: 'in replies',
    text: counted(({ corruptedBytes }) => formatCount(corruptedBytes)),
    isBad: ({ corruptedBytes }) => corruptedBytes > 0,
  },
  {
    name: 'Replicated per connection',
    note: 'bytes, in steady state',
    text: ({ replication }) => formatBytes(replication?.bytesPerConnection),
  },
  {
    name: 'Replicated per request',
    note: 'bytes, in steady state',
    text: ({ replication }) => formatBytes(replication?.bytesPerRequest),
  },
  {
    name: 'Replica CPU per recovery',
    note: 'ms',
    text: ({ replicaCpuMsPerRecovery }) => formatMs(replicaCpuMsPerRecovery),
  },
  { name: 'Replies per second', note: 'before / after the fault', text: rates },
  {
    name: 'Worst 50 ms',
    note: 'missing share of the rate before',
    text: ({ throughput }) => formatPercent(throughput?.dipDepth),
  },
  { name: 'Trials counted', note: 'others are listed below', text: ({ trials }) => trialsText(trials) },
];

export function scorecard(summary: Summary): Markup {
  const { strategies } = summary;
  const heads = strategies.map(
    ({ id, title }, index) =>
      html`<th scope="col">${swatch(index)}<br>${title}${id === summary.reference ? html`<small>reference</small>` : ''}</th>`,
  );
  const rows = MEASURES.map(
    (measure) =>
      html`<tr><th scope="row">${measure.name}<small class="soft">${measure.note}</small></th>${strategies.map((strategy) => value(measure, strategy, summary))}</tr>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Scorecard"><table class="score"><thead><tr><th scope="col"></th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function value(measure: Measure, strategy: StrategySummary, summary: Summary): Markup {
  const tone = measure.isBad?.(strategy) === true ? 'bad' : '';
  return html`<td class="${tone}">${measure.text(strategy, summary)}</td>`;
}

/** A count only means something when at least one trial counts. */
function counted(text: (strategy: StrategySummary) => string): (strategy: StrategySummary) => string {
  return (strategy) => (strategy.trials.completed === 0 ? NONE : text(strategy));
}

function rates({ throughput }: StrategySummary): string {
  if (throughput === null) return NONE;
  return `${formatCount(throughput.beforePerSecond)} / ${formatCount(throughput.afterPerSecond)}`;
}

function ratioRange({ id }: StrategySummary, summary: Summary): string {
  if (id === summary.reference) return '1';
  const ratios = groupCells(summary).flatMap(
    ({ workload, fault }) =>
      comparisonOf(summary, { strategy: id, workload, fault }, 'recoveryTimeMs')?.ratio ?? [],
  );
  if (ratios.length === 0) return NONE;
  const low = formatRatio(Math.min(...ratios));
  const high = formatRatio(Math.max(...ratios));
  return low === high ? `${low}x` : `${low}x to ${high}x`;
}
