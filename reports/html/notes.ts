/** The parts of the HTML report around the measurements: problems, what is replicated, and how the run was made. */
import type { Results } from '../../src/contracts/report.js';
import type { Summary } from '../../src/contracts/results.js';
import { STATE_FIELDS, type StateField } from '../../src/contracts/strategy.js';
import { formatBytes, formatCount } from '../parts/format.js';
import { problemLines } from '../parts/problems.js';
import { exposure } from './exposure.js';
import { scrollable } from './figure.js';
import { html, type Markup, NOTHING } from './markup.js';

/** Violations and trials that do not count; said as well when there are none. */
export function problems(summary: Summary): Markup {
  const { violations, rejected } = problemLines(summary);
  return html`<section><h2>Violations and trials that do not count</h2>${
    violations.length === 0
      ? html`<p class="soft">No violation was found.</p>`
      : html`<ul class="bad">${violations.map(item)}</ul>`
  }${
    rejected.length === 0
      ? html`<p class="soft">Every trial that ended counts.</p>`
      : html`<p class="soft">These trials are in no number above.</p><ul>${rejected.map(item)}</ul>`
  }</section>`;
}

/** A row for each state field that any strategy replicates. */
export function replicatedState(results: Results): Markup {
  const { strategies } = results;
  const fields = new Map<StateField, string>();
  for (const { replicates } of strategies)
    for (const { field, meaning } of replicates) fields.set(field, meaning);
  if (strategies.length === 0) return NOTHING;
  const known = (Object.keys(STATE_FIELDS) as StateField[]).filter((field) => fields.has(field));
  const heads = strategies.map(
    ({ title, summary }) => html`<th scope="col">${title}<small>${summary}</small></th>`,
  );
  const rows = known.map(
    (field) =>
      html`<tr><th scope="row">${field}<small>${fields.get(field) ?? ''}</small></th>${strategies.map(({ replicates }) => html`<td>${replicates.some((replicated) => replicated.field === field) ? 'replicated' : '–'}</td>`)}</tr>`,
  );
  return html`<section><h2>What each strategy replicates</h2>${scrollable('Replicated state', html`<table class="words"><thead><tr><th scope="col">state</th>${heads}</tr></thead><tbody>${rows}${measuredRow(results)}${secretsRow(strategies)}</tbody></table>`)}</section>`;
}

/** What the fields came to in this run. */
function measuredRow({ summary, strategies }: Results): Markup {
  const values = strategies.map(({ id }) => {
    const replication = summary.strategies.find((strategy) => strategy.id === id)?.replication;
    return html`<td>${formatBytes(replication?.bytesPerConnection)} bytes per connection, ${formatBytes(replication?.bytesPerRequest)} per request</td>`;
  });
  return html`<tr><th scope="row">measured<small>all fields, framing and seals included</small></th>${values}</tr>`;
}

function secretsRow(strategies: Results['strategies']): Markup {
  const values = strategies.map((strategy) => html`<td>${exposure(strategy)}</td>`);
  return html`<tr><th scope="row">secrets spread<small>beyond the memory of the primary</small></th>${values}</tr>`;
}

export function provenance({
  environment,
  options,
  seed,
  command,
  startedAt,
  schemaVersion,
}: Summary): Markup {
  const entries: readonly (readonly [string, string])[] = [
    ['seed', String(seed)],
    ['started', startedAt],
    ['spr-bench', `${environment.sprBench}, schema version ${schemaVersion}`],
    ['Node / OpenSSL', `${environment.node} / ${environment.openssl}`],
    ['system', `${environment.platform}, kernel ${environment.kernel}`],
    [
      'CPU',
      `${environment.cpuModel}, ${formatCount(environment.cores)} cores, load ${environment.loadAverage.toFixed(2)} at start`,
    ],
    ['memory', `${formatCount(environment.memoryMiB)} MiB`],
    ...Object.entries(options).map(([name, value]) => [name, optionText(value)] as const),
  ];
  const list = entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`);
  return html`<section><h2>How it was measured</h2>${method()}<h4>The command that makes this run again</h4><code class="command">${command}</code><h4>Seed, environment and options</h4><dl>${list}</dl></section>`;
}

function method(): Markup {
  const sentences = [
    'Every server is a process of its own, on one machine, over loopback: trust ratios of one run, not milliseconds across machines.',
    'A trial opens its connections, puts them under load, strikes the fault, and goes on until the load ends. A connection that has no verified reply by then gets one more request.',
    'Trials run in blocks, in an order drawn from the seed. The trials of a block share one plan of requests and are compared in pairs; intervals are bootstrap intervals of the median log-ratio.',
    'Latency is counted from the time at which a request was meant to be sent, also during the outage.',
    'A trial counts only if clients were seen to do what its strategy claims.',
  ];
  return html`<ul>${sentences.map(item)}</ul>`;
}

function optionText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '–');
}

function item(text: string): Markup {
  return html`<li>${text}</li>`;
}
