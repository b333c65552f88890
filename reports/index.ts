/** The reports that come with spr-bench. */
import type { Report } from '../src/contracts/report.js';
import { html } from './html.js';
import { json } from './json.js';
import { markdown } from './markdown.js';
import { table } from './table.js';

export const REPORTS: readonly Report[] = [table, html, markdown, json];
