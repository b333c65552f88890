import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { findReport, printReport, writeHtmlReport } from '../../src/main/render.js';
import { fixtureResults } from '../fixtures/results.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spr-bench-test-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.restoreAllMocks();
});

describe('findReport', () => {
  it('finds each by its id', () => {
    for (const id of ['table', 'html', 'markdown', 'json']) expect(findReport(id).id).toBe(id);
  });

  it('names what is allowed', () => {
    expect(() => findReport('pdf')).toThrow(UsageError);
    expect(() => findReport('pdf')).toThrow(/--format pdf.*table.*html.*markdown.*json/);
  });
});

describe('printReport', () => {
  it('ends with one line end, and has no colours where stdout is no terminal', async () => {
    const printed: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    await printReport('table', fixtureResults());
    const text = printed.join('');
    expect(text).toMatch(/[^\n]\n$/);
    if (process.stdout.isTTY !== true) expect(text).not.toContain('\x1b');
  });
});

describe('writeHtmlReport', () => {
  it('replaces an earlier report as a whole, and leaves nothing else', async () => {
    writeFileSync(join(folder, 'report.html'), 'old');
    const path = await writeHtmlReport(fixtureResults(), folder);
    expect(path).toBe(join(folder, 'report.html'));
    expect(readdirSync(folder)).toEqual(['report.html']);
    expect(readFileSync(path, 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/i);
  });

  it('keeps the earlier report when it cannot be drawn', async () => {
    writeFileSync(join(folder, 'report.html'), 'old');
    const broken = { ...fixtureResults(), series: undefined as never };
    await expect(writeHtmlReport(broken, folder)).rejects.toThrow();
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe('old');
    expect(existsSync(join(folder, 'report.html.tmp'))).toBe(false);
  });
});
