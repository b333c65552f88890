/** A series of soaks as one HTML file. */
import type { SoakSeries } from '../../src/contracts/soak.js';
import { goodputChart, seriesStrategies } from '../charts/goodput.js';
import { figure } from '../html/figure.js';
import { strategyLegend } from '../html/legend.js';
import { html, type Markup, NOTHING } from '../html/markup.js';
import { page } from '../html/page.js';
import { formatCount, formatList } from '../parts/format.js';

const TITLE = 'spr-bench: goodput under faults in a row';

const NOTE =
  'Goodput: verified replies per second from the first fault to the last one, against those before the first. The interval is ' +
  'the mean of what it was: it is longer than asked for where the cluster was not whole again in time. Starting the dead ' +
  'replica again takes processor time of the same machine, and is part of the goodput.';

/** Static: no script, no network. */
export async function renderSoakSeries(series: SoakSeries): Promise<string> {
  const chart = await figure(goodputChart(series), {
    note: 'No soak had two faults and replies before them: no data.',
    legend: strategyLegend(seriesStrategies(series), (strategy) => strategy),
  });
  return page(
    TITLE,
    html`${header(series)}<main><section><div class="charts">${chart}</div><p class="soft">${NOTE}</p></section>${violations(series)}${provenance(series)}</main>`,
    false,
  );
}

function header({ workload, faults, seed, complete }: SoakSeries): Markup {
  const incomplete = complete ? NOTHING : html`<p class="note">The series is incomplete.</p>`;
  return html`<header><h1>${TITLE}</h1><p class="headline">${workload}; faults: ${formatList(faults)}; seed ${String(seed)}</p>${incomplete}</header>`;
}

function violations({ soaks }: SoakSeries): Markup {
  const lines = soaks.flatMap(({ folder, violations: found }) =>
    found.map((text) => html`<li>${folder}: ${text}</li>`),
  );
  return lines.length === 0 ? NOTHING : html`<section><h2>Violations</h2><ul>${lines}</ul></section>`;
}

function provenance({ command, environment, startedAt }: SoakSeries): Markup {
  const { sprBench, node, openssl, cpuModel, cores } = environment;
  const where = `spr-bench ${sprBench}, Node ${node}, OpenSSL ${openssl}, ${cpuModel}, ${formatCount(cores)} cores, ${startedAt}`;
  return html`<section><h2>How it was run</h2><p><code>${command}</code></p><p class="soft">${where}</p></section>`;
}
