/** `spr-bench report`, as a user runs it, on runs that are stored already. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runComparisonSchema } from '../../src/contracts/run-comparison.js';
import { fixtureSummary, fixtureTrials } from '../fixtures/results.js';
import { parseCsv } from '../reports/parsers/csv.js';
import { parseXml } from '../reports/parsers/xml.js';
import { temporaryFolder } from './support/folder.js';
import { CLI, type ProgramResult, run, runCli } from './support/program.js';
import { parseSummary } from './support/results.js';

const UTF8 = { LC_ALL: 'C.UTF-8' };

/** A stored run, as `compare` leaves it. */
function storedRun(name = 'run'): string {
  const folder = join(temporaryFolder(), name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'summary.json'), JSON.stringify(fixtureSummary()));
  writeFileSync(
    join(folder, 'trials.ndjson'),
    fixtureTrials()
      .map((trial) => `${JSON.stringify(trial)}\n`)
      .join(''),
  );
  return folder;
}

function expectUsageError({ code, stdout, stderr }: ProgramResult, ...mentions: readonly string[]): void {
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^spr-bench: [^\n]+\n$/);
  for (const mention of mentions) expect(stderr).toContain(mention);
}

describe('without a format', () => {
  it('prints table and charts, and redraws report.html', async () => {
    const folder = storedRun();
    const { code, stdout, stderr } = await runCli(['report', folder], { env: { ...UTF8, COLUMNS: '80' } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: `report: ${join(folder, 'report.html')}\n` });
    expect(stdout).toMatch(/^full-handshake +183/m);
    expect(stdout).toMatch(/^full-handshake +█+.?─+┤ +183 \/ 270$/m);
    expect(stdout).not.toContain('\x1b');
    for (const line of stdout.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/i);
  });

  it.each([{ LC_ALL: 'C' }, { ...UTF8, TERM: 'dumb' }])('prints ASCII alone with %j', async (env) => {
    const { stdout } = await runCli(['report', storedRun()], { env });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
    expect(stdout).toMatch(/^[\x00-\x7f]+$/);
    expect(stdout).toMatch(/^full-handshake +#+-+\| +183 \/ 270$/m);
  });
});

describe('one format', () => {
  it('goes to stdout, and no file is written', async () => {
    const folder = storedRun();
    const csv = await runCli(['report', folder, '--format', 'csv']);
    expect(csv).toMatchObject({ code: 0, stderr: '' });
    expect(parseCsv(csv.stdout)).toHaveLength(13);
    const markdown = await runCli(['report', folder, '--format', 'md']);
    expect(markdown.stdout).toMatch(/^## spr-bench/);
    expect(readdirSync(folder).sort()).toEqual(['summary.json', 'trials.ndjson']);
  });

  it('goes to a file with --out, in a folder that is made', async () => {
    const out = join(temporaryFolder(), 'a', 'b');
    const { code, stdout, stderr } = await runCli(['report', storedRun(), '--format', 'junit', '--out', out]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: `report: ${join(out, 'junit.xml')}\n`,
    });
    expect(parseXml(readFileSync(join(out, 'junit.xml'), 'utf8')).attributes.tests).toBe('13');
  });

  it('of charts goes to files in the folder of the run', async () => {
    const folder = storedRun();
    const { code, stdout, stderr } = await runCli(['report', folder, '--format', 'svg']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^report: \d+ files in .*run\n$/);
    expect(readdirSync(folder)).toContain('recovery-times-uploads-kill.svg');
  });
});

describe('several formats', () => {
  it('are all written, each once', async () => {
    const out = temporaryFolder();
    const args = ['--format', 'json,markdown, csv,prometheus,md', '--out', out];
    const { code, stdout } = await runCli(['report', storedRun(), ...args]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(readdirSync(out).sort()).toEqual(['metrics.prom', 'report.csv', 'report.json', 'report.md']);
    expect(parseSummary(readFileSync(join(out, 'report.json'), 'utf8')).cells).toHaveLength(12);
  });

  it('are refused when one is unknown, before anything is written', async () => {
    const folder = storedRun();
    const result = await runCli(['report', folder, '--format', 'csv,pdf']);
    expectUsageError(result, '--format pdf is unknown, allowed are table, html, markdown', 'svg, png');
    expect(existsSync(join(folder, 'report.csv'))).toBe(false);
  });
});

describe('a folder', () => {
  it('that is not there, or holds no run, is named', async () => {
    const folder = temporaryFolder();
    expectUsageError(
      await runCli(['report', join(folder, 'none')]),
      `${join(folder, 'none')}: no such folder`,
    );
    expectUsageError(await runCli(['report', folder]), `${join(folder, 'summary.json')} is missing`);
  });

  it('that cannot be written is named', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const result = await runCli(['report', storedRun(), '--format', 'csv', '--out', file]);
    expectUsageError(result, `${file} cannot be written, --out names another folder: EEXIST`);
  });
});

describe('a broken file', () => {
  it('that ends in the middle of a trial is reported all the same, with a warning', async () => {
    const folder = storedRun();
    const trials = join(folder, 'trials.ndjson');
    truncateSync(trials, readFileSync(trials).length - 100);
    const { code, stdout, stderr } = await runCli(['report', folder, '--format', 'json']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^spr-bench: warning: .*trials\.ndjson:72: the last line is truncated .*\n$/);
    const completed = parseSummary(stdout).cells.map(({ trials }) => trials.completed);
    expect(completed.reduce((sum, count) => sum + count, 0)).toBe(69);
  });

  it('is refused with the line in the middle that is wrong', async () => {
    const folder = storedRun();
    appendFileSync(
      join(folder, 'trials.ndjson'),
      `{"schemaVersion":1}\n${JSON.stringify(fixtureTrials()[0])}\n`,
    );
    expectUsageError(await runCli(['report', folder]), `${join(folder, 'trials.ndjson')}:73: not a trial: `);
  });

  it('of a newer release is refused as such', async () => {
    const folder = storedRun();
    writeFileSync(join(folder, 'summary.json'), JSON.stringify({ ...fixtureSummary(), schemaVersion: 2 }));
    expectUsageError(
      await runCli(['report', folder]),
      'summary.json: schemaVersion is 2, this release reads 1: a newer',
    );
  });
});

describe('a reader that has seen enough', () => {
  it('is no error', async () => {
    const pipeline = '"$0" "$1" report "$2" --format json | head -n 1';
    const { code, stdout, stderr } = await run('/bin/sh', [
      '-c',
      pipeline,
      process.execPath,
      CLI,
      storedRun(),
    ]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '{\n', stderr: '' });
  });
});

describe('several runs', () => {
  it('are compared with the first', async () => {
    const folders = [storedRun('before'), storedRun('after')];
    const { code, stdout, stderr } = await runCli(['report', ...folders]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^A {2}.*before: started .*\nB {2}.*after: started /);
    expect(stdout).toContain('on the same machine, with the same software and options.');
    expect(stdout).toMatch(/^recovery, ms .* 1\.00x \[1\.00, 1\.00\] +6 pairs$/m);
    for (const folder of folders)
      expect(readdirSync(folder).sort()).toEqual(['summary.json', 'trials.ndjson']);
  });

  it('are one JSON document that the schema describes', async () => {
    const { stdout } = await runCli(['report', storedRun(), storedRun(), storedRun(), '--format', 'json']);
    expect(runComparisonSchema.parse(JSON.parse(stdout)).runs).toHaveLength(3);
  });

  it('are files with --out', async () => {
    const out = temporaryFolder();
    const result = await runCli(['report', storedRun(), storedRun(), '--format', 'html,md', '--out', out]);
    expect(result).toMatchObject({ code: 0, stdout: '' });
    expect(readdirSync(out).sort()).toEqual(['comparison.html', 'comparison.md']);
  });

  it('are refused in formats of one run, and without a place for several formats', async () => {
    const folders = [storedRun(), storedRun()];
    const junit = await runCli(['report', ...folders, '--format', 'junit']);
    expectUsageError(
      junit,
      '--format junit is not for several runs, allowed are table, html, markdown, json',
    );
    const several = await runCli(['report', ...folders, '--format', 'html,md']);
    expectUsageError(several, '--format html,md', '--out');
  });
});
