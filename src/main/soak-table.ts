/** The result of a soak as text. Pure. */
import type { Goodput, ProcessTrend, SoakSummary, Trend } from '../contracts/soak.js';
import { textTable } from './text-table.js';

const MS_PER_S = 1000;

export function renderSoak(summary: SoakSummary): string {
  return [
    ...heading(summary),
    '',
    ...textTable(
      ['fault', 'injected', 'survived', 'disturbed'],
      summary.faults.map(({ fault, injected, survived, disturbed }) => [
        fault,
        injected,
        survived,
        disturbed,
      ]),
    ),
    '',
    ...facts(summary),
    '',
    ...textTable(
      ['process', 'memory, MiB', 'per hour', 'descriptors', 'per hour'],
      summary.processes.map(describeProcess),
    ),
    ...(summary.violations.length === 0 ? [] : ['', 'VIOLATIONS', ...summary.violations]),
  ].join('\n');
}

function heading({
  strategy,
  workload,
  replicas,
  connectionsOpened,
  durationMs,
  seed,
  complete,
}: SoakSummary) {
  return [
    `${strategy}, ${replicas} replicas, ${connectionsOpened} connections (${workload}), seed ${seed}`,
    `${(durationMs / MS_PER_S).toFixed(1)} s of load${complete ? '' : ', not complete'}`,
  ];
}

function facts(summary: SoakSummary): string[] {
  const { connections, requests, executions, corruptedBytes, longestInterruptionMs } = summary;
  const causes = Object.entries(connections.causes).map(([cause, count]) => `${count} x ${cause}`);
  const rows: [string, string][] = [
    ['connections kept', `${connections.kept}`],
    ['connections lost', `${connections.lost}`],
    ['not recoverable', `${connections.notRecoverable}${causes.length > 0 ? ` (${causes.join(', ')})` : ''}`],
    ['never lost', `${summary.connectionsNeverLost} of ${summary.connectionsOpened}`],
    ['requests verified', `${requests.ok}`],
    ['requests failed', `${requests.failed}`],
    ['requests unknown', `${requests.unknown}`],
    ['run twice', `${executions.more} (POSTs: ${executions.moreNonIdempotent})`],
    ['corrupted bytes', `${corruptedBytes}`],
    ['longest interruption', `${longestInterruptionMs.toFixed(1)} ms`],
    ...(summary.goodput ? [describeGoodput(summary.goodput)] : []),
    ...(summary.audit === null ? [] : [describeAudit(summary.audit)]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

function describeGoodput({ share, perSecond, beforePerSecond, meanIntervalMs }: Goodput): [string, string] {
  const rates = `${perSecond.toFixed(0)} of ${beforePerSecond.toFixed(0)} replies/s`;
  return [
    'goodput',
    `${(share * 100).toFixed(1)} % (${rates}, a fault every ${(meanIntervalMs / MS_PER_S).toFixed(2)} s)`,
  ];
}

function describeAudit(audit: NonNullable<SoakSummary['audit']>): [string, string] {
  return ['nonces used twice', `${audit.reusedNonces} of ${audit.records}`];
}

/** First quarter -> last quarter, and the slope. */
function describeProcess({ name, memoryMiB, openDescriptors }: ProcessTrend): string[] {
  return [name, ...describeTrend(memoryMiB, 1), ...describeTrend(openDescriptors, 0)];
}

function describeTrend(trend: Trend | null, digits: number): [string, string] {
  if (trend === null) return ['unknown', ''];
  const { firstQuarter, lastQuarter, slopePerHour } = trend;
  const sign = slopePerHour > 0 ? '+' : '';
  return [
    `${firstQuarter.toFixed(digits)} -> ${lastQuarter.toFixed(digits)}`,
    `${sign}${slopePerHour.toFixed(digits)}`,
  ];
}
