/** The reports that come with spr-bench. */
import type { FilesReport, Report } from '../src/contracts/report.js';
import { bencher } from './bencher.js';
import { benchmarkAction } from './benchmark-action.js';
import { csv } from './csv.js';
import { githubAnnotations } from './github-annotations.js';
import { html } from './html.js';
import { json } from './json.js';
import { junit } from './junit.js';
import { markdown } from './markdown.js';
import { png } from './png.js';
import { prometheus } from './prometheus.js';
import { svg } from './svg.js';
import { table } from './table.js';

export const REPORTS: readonly Report[] = [
  table,
  html,
  markdown,
  csv,
  json,
  junit,
  githubAnnotations,
  benchmarkAction,
  bencher,
  prometheus,
];

/** Those that make several files, or files that are no text. */
export const FILES_REPORTS: readonly FilesReport[] = [svg, png];
