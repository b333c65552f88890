import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import {
  findAnyReport,
  findReport,
  printReport,
  writeFiles,
  writeHtmlReport,
  writeReports,
} from '../../src/main/render.js';
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
    expect(() => findReport('constructor')).toThrow(/--format constructor is unknown/);
  });

  it('knows md as Markdown', () => {
    expect(findReport('md').id).toBe('markdown');
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

describe('writeReports', () => {
  it('writes one file per report, in a folder that it makes', async () => {
    const below = join(folder, 'a', 'b');
    const reports = ['csv', 'junit', 'json', 'prometheus'].map(findAnyReport);
    const paths = await writeReports(reports, fixtureResults(), below);
    expect(paths).toEqual(
      ['report.csv', 'junit.xml', 'report.json', 'metrics.prom'].map((name) => join(below, name)),
    );
    expect(readdirSync(below).sort()).toEqual(['junit.xml', 'metrics.prom', 'report.csv', 'report.json']);
    expect(readFileSync(join(below, 'junit.xml'), 'utf8')).toMatch(/^<\?xml/);
  });

  it('writes nothing when one of them cannot be drawn', async () => {
    const broken = { ...fixtureResults(), series: undefined as never };
    await expect(writeReports([findReport('csv'), findReport('table')], broken, folder)).rejects.toThrow();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('writeFiles', () => {
  it('names the folder that cannot be written, and leaves nothing', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const write = (): string[] => writeFiles([{ name: 'a.txt', content: '' }], join(file, 'below'));
    expect(write).toThrow(UsageError);
    expect(write).toThrow(`${join(file, 'below')} cannot be written, --out names another folder: ENOTDIR`);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('leaves no temporary file when a file cannot be replaced', () => {
    mkdirSync(join(folder, 'a.txt', 'full'), { recursive: true });
    expect(() => writeFiles([{ name: 'a.txt', content: 'x' }], folder)).toThrow(UsageError);
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  it('writes bytes as they are', () => {
    const [path = ''] = writeFiles([{ name: 'a.png', content: Uint8Array.of(0x89, 0, 255) }], folder);
    expect([...readFileSync(path)]).toEqual([0x89, 0, 255]);
  });
});
