/** What a recovery is made of: the sum of its steps against what it cost, and each step as `spr-bench micro` measured it. */
import type { MicroResult, MicroStep, RecoveryCost } from '../../src/contracts/micro.js';
import { formatCount, formatPercent } from '../parts/format.js';
import { scrollable } from './figure.js';
import { html, type Markup, NOTHING } from './markup.js';

/** @param micro absent when nothing was measured for this run */
export function recoveryCostSection(micro: MicroResult | undefined): Markup {
  if (micro === undefined) return NOTHING;
  return html`<section><h2>What a recovery is made of</h2>${costs(micro.recoveryCosts ?? [])}<details><summary>Each step, measured alone</summary><p class="soft">${micro.method}</p>${stepsTable(micro.steps)}</details></section>`;
}

function costs(all: readonly RecoveryCost[]): Markup {
  if (all.length === 0) return html`<p class="note">No completed trial has a recovery to compare with.</p>`;
  const rows = all.map(costRow);
  const heads = ['steps, us', 'sum, us', 'measured, us', 'rest, us', 'rest'].map(
    (head) => html`<th scope="col">${head}</th>`,
  );
  return html`<p class="soft">CPU time of the surviving replicas for one recovery (median over the trials), and the sum of the steps that it consists of, each measured alone and in memory. The rest is what no step holds: system calls of the sockets, the ledger of executions, heartbeats, and what caches and a second process on the same core cost. A sum above the measurement tells how far the steps, measured at another time, can be trusted.</p>${scrollable('What a recovery is made of', html`<table class="words"><thead><tr><th scope="col">strategy, workload, fault</th>${heads}</tr></thead><tbody>${rows}</tbody></table>`)}`;
}

function costRow(cost: RecoveryCost): Markup {
  const { strategy, workload, fault, terms, predictedUs, measuredUs } = cost;
  const name = html`<th scope="row">${strategy}<small>${workload}, ${fault}</small></th>`;
  if (terms === null || predictedUs === null) {
    return html`<tr>${name}<td>${cost.reason ?? ''}</td><td></td><td>${formatUs(measuredUs)}</td><td></td><td></td></tr>`;
  }
  const parts = terms.map(
    ({ title, count, us }) =>
      html`${formatUs(count * us)} ${title}${count === 1 ? '' : ` (${count.toFixed(2)} x ${formatUs(us)})`}<br>`,
  );
  const rest = measuredUs - predictedUs;
  return html`<tr>${name}<td>${parts}${cryptoNote(cost)}</td><td>${formatUs(predictedUs)}</td><td>${formatUs(measuredUs)}</td><td>${formatUs(rest)}</td><td>${formatPercent(rest / measuredUs)}</td></tr>`;
}

/** The one phase that consists of one step. */
function cryptoNote({ crypto }: RecoveryCost): Markup {
  if (crypto === null) return NOTHING;
  return html`<small>phase crypto took ${formatUs(crypto.measuredUs)} us; keys derived alone, and warm, take ${formatUs(crypto.predictedUs)}</small>`;
}

function stepsTable(steps: readonly MicroStep[]): Markup {
  const groups = [...new Set(steps.map(({ group }) => group))];
  const heads = ['time, us', '95 % interval, us', 'CPU, us'].map(
    (head) => html`<th scope="col">${head}</th>`,
  );
  const body = groups.map((group) => {
    const rows = steps
      .filter((step) => step.group === group)
      .map(
        ({ title, timeUs: { median, low, high }, cpuUs }) =>
          html`<tr><th scope="row">${title}</th><td>${formatUs(median)}</td><td>${formatUs(low)} to ${formatUs(high)}</td><td>${formatUs(cpuUs)}</td></tr>`,
      );
    return html`<tbody><tr class="group"><th scope="colgroup" colspan="4">${group}</th></tr>${rows}</tbody>`;
  });
  return scrollable(
    'Steps of a recovery',
    html`<table><thead><tr><th scope="col">step</th>${heads}</tr></thead>${body}</table>`,
  );
}

/** Microseconds without a unit: `0.31`, `4.2`, `310`, `-42.0`. */
function formatUs(us: number): string {
  const size = Math.abs(us);
  if (size >= 100) return formatCount(us);
  return size < 1 ? us.toFixed(2) : us.toFixed(1);
}
