import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FILES_REPORTS, REPORTS } from '../../reports/index.js';
import { describeFilesReport, describeReport } from './conformance.js';

describe('registry', () => {
  it('lists every file of the folder, once', () => {
    const files = readdirSync(new URL('../../reports/', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'index.ts')
      .map(({ name }) => name.replace(/\.ts$/, ''));
    expect([...REPORTS, ...FILES_REPORTS].map(({ id }) => id).sort()).toEqual(files.sort());
  });

  it('has no two reports that fill the same file', () => {
    const names = REPORTS.map(({ fileName = 'report', extension }) => `${fileName}.${extension}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

/** Formats for programs that keep numbers: they have no place for reasons. */
const NUMBERS_ONLY = ['csv', 'benchmark-action', 'bencher', 'prometheus'];

for (const report of REPORTS) describeReport(report, { reasons: !NUMBERS_ONLY.includes(report.id) });

for (const report of FILES_REPORTS) describeFilesReport(report);
