/** The reports about several runs that come with spr-bench. */
import type { RunsReport } from '../../src/contracts/report.js';
import { runsHtml } from './html.js';
import { runsJson } from './json.js';
import { runsMarkdown } from './markdown.js';
import { runsTable } from './table.js';

export const RUNS_REPORTS: readonly RunsReport[] = [runsTable, runsHtml, runsMarkdown, runsJson];
