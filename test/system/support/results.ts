/** Reads the result files of a run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { Cell, Summary, TrialResult } from '../../../src/contracts/results.js';

const isTrial = compile('trial.schema.json');
const isSummary = compile('summary.schema.json');

/** The trials of a run, each checked against the published schema. */
export function readTrials(folder: string): TrialResult[] {
  const text = readFileSync(join(folder, 'trials.ndjson'), 'utf8');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const trial: unknown = JSON.parse(line);
      expect(isTrial(trial), JSON.stringify(isTrial.errors)).toBe(true);
      return trial as TrialResult;
    });
}

/** The summary in `text`, checked against the published schema. */
export function parseSummary(text: string): Summary {
  const summary: unknown = JSON.parse(text);
  expect(isSummary(summary), JSON.stringify(isSummary.errors)).toBe(true);
  return summary as Summary;
}

export function readSummary(folder: string): Summary {
  return parseSummary(readFileSync(join(folder, 'summary.json'), 'utf8'));
}

/** The cell of a strategy and a workload. */
export function cellOf({ cells }: Summary, strategy: string, workload: string): Cell {
  const cell = cells.find((each) => each.strategy === strategy && each.workload === workload);
  if (cell === undefined) throw new Error(`no cell ${strategy} / ${workload}`);
  return cell;
}

/** The validator that a reader of the published schema has. */
function compile(file: string) {
  const url = new URL(`../../../schemas/${file}`, import.meta.url);
  return new Ajv2020({ strict: true, strictTypes: false }).compile(JSON.parse(readFileSync(url, 'utf8')));
}
