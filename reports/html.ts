/** The report as one HTML file: no network, no script, static pictures. */
import type { Report, Results } from '../src/contracts/report.js';
import { caseSection } from './html/case-section.js';
import { type Markup, html as markup, NOTHING, trusted } from './html/markup.js';
import { problems, provenance, replicatedState } from './html/notes.js';
import { scorecard } from './html/scorecard.js';
import { styleSheet } from './html/style.js';
import { groupCells } from './shared/cells.js';
import { ROW_LEGEND } from './shared/columns.js';
import { verdict } from './shared/verdict.js';

/** Nothing may be loaded or run, whatever slipped into the file. Styles are inline, in the file itself. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export const html: Report = { id: 'html', title: 'HTML report', extension: 'html', render };

async function render(results: Results): Promise<string> {
  const groups = groupCells(results.summary);
  const sections: Markup[] = [];
  for (const group of groups) sections.push(await caseSection(group, results));
  const body = markup`${header(results)}<main>${scores(results)}${sections}${groups.length === 0 ? NOTHING : markup`<p class="soft">${ROW_LEGEND}</p>`}${problems(results.summary)}${replicatedState(results)}${provenance(results.summary)}</main>`;
  return page(body);
}

function page(body: Markup): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>spr-bench: comparison of recovery strategies</title>
<style>${trusted(styleSheet())}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}

function header({ summary }: Results): Markup {
  const { headline, details } = verdict(summary);
  const incomplete = summary.complete
    ? NOTHING
    : markup`<p class="note">The run is incomplete: not all planned trials ended.</p>`;
  return markup`<header><h1>spr-bench: comparison of recovery strategies</h1><p class="headline">${headline}</p><ul>${details.map((sentence) => markup`<li>${sentence}</li>`)}</ul>${incomplete}</header>`;
}

function scores({ summary }: Results): Markup {
  if (summary.strategies.length === 0) return NOTHING;
  return markup`<section><h2>Scorecard</h2><p class="soft">All workloads and faults of a strategy pooled.</p>${scorecard(summary)}</section>`;
}
