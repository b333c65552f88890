/** The parts of the HTML report around the measurements: problems, what is replicated, and how the run was made. */
import type { Results } from '../../src/contracts/report.js';
import type { Summary } from '../../src/contracts/results.js';
import { STATE_FIELDS, type StateField } from '../../src/contracts/strategy.js';
import { formatCount } from '../shared/format.js';
import { problemLines } from '../shared/problems.js';
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
export function replicatedState({ strategies }: Results): Markup {
  const fields = new Map<StateField, string>();
  for (const { replicates } of strategies)
    for (const { field, meaning } of replicates) fields.set(field, meaning);
  if (strategies.length === 0) return NOTHING;
  const known = (Object.keys(STATE_FIELDS) as StateField[]).filter((field) => fields.has(field));
  const heads = strategies.map(
    ({ title, summary }) => html`<th scope="col">${title}<small class="soft">${summary}</small></th>`,
  );
  const rows = known.map(
    (field) =>
      html`<tr><th scope="row">${field}<small class="soft">${fields.get(field) ?? ''}</small></th>${strategies.map(({ replicates }) => html`<td>${replicates.some((replicated) => replicated.field === field) ? 'replicated' : '–'}</td>`)}</tr>`,
  );
  return html`<section><h2>What each strategy replicates</h2><div class="scroll" tabindex="0" role="region" aria-label="Replicated state"><table class="words"><thead><tr><th scope="col">state</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div></section>`;
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
  return html`<section><h2>How it was measured</h2><p><code>${command}</code></p><dl>${list}</dl></section>`;
}

function optionText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '–');
}

function item(text: string): Markup {
  return html`<li>${text}</li>`;
}
