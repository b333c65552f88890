import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REPORTS } from '../../reports/index.js';
import { describeReport } from './conformance.js';

describe('registry', () => {
  it('lists every file of the folder, once', () => {
    const files = readdirSync(new URL('../../reports/', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'index.ts')
      .map(({ name }) => name.replace(/\.ts$/, ''));
    expect(REPORTS.map(({ id }) => id).sort()).toEqual(files.sort());
  });
});

for (const report of REPORTS) describeReport(report);
