import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { makeBaseline } from '../../src/bench/gate/baseline.js';
import { gate } from '../../src/bench/gate/gate.js';
import { storedRunOf } from '../../src/bench/gate/stored-run.js';
import { Thresholds } from '../../src/bench/gate/thresholds.js';
import { formatJsonSchema, jsonSchemas } from '../../src/bench/json-schemas.js';
import { fixtureMicro, fixtureMicroOfRun } from '../fixtures/micro.js';
import { FIXTURE_ENVIRONMENT, fixtureSummary, fixtureTrial, fixtureTrials } from '../fixtures/results.js';
import { fixtureSeries, fixtureSeriesEntry } from '../fixtures/soak.js';

const SCHEMAS = jsonSchemas();

/** The validator that the published file gives its readers. */
function compile(file: keyof typeof SCHEMAS) {
  return new Ajv2020({ strict: true, strictTypes: false }).compile(JSON.parse(committed(file)));
}

function committed(file: string): string {
  return readFileSync(new URL(`../../schemas/${file}`, import.meta.url), 'utf8');
}

describe('published JSON Schemas', () => {
  it.each(Object.entries(SCHEMAS))('%s is what the zod schema generates', async (file, schema) => {
    await expect(formatJsonSchema(schema)).toMatchFileSnapshot(`../../schemas/${file}`);
  });

  it('accept real documents', () => {
    const isTrial = compile('trial.schema.json');
    for (const trial of fixtureTrials()) expect(isTrial(trial), JSON.stringify(isTrial.errors)).toBe(true);
    const isSummary = compile('summary.schema.json');
    expect(isSummary(fixtureSummary()), JSON.stringify(isSummary.errors)).toBe(true);
  });

  it('accept a series of soaks', () => {
    const isSeries = compile('soak-series.schema.json');
    const series = fixtureSeries({
      soaks: [fixtureSeriesEntry('spr', 500, 0.9), fixtureSeriesEntry('spr', 900, null)],
    });
    expect(isSeries(series), JSON.stringify(isSeries.errors)).toBe(true);
  });

  it('accept the files of the gate', () => {
    const accepts = (file: keyof typeof SCHEMAS, document: unknown): void => {
      const isValid = compile(file);
      expect(isValid(JSON.parse(JSON.stringify(document))), JSON.stringify(isValid.errors)).toBe(true);
    };
    const run = storedRunOf(fixtureSummary(), fixtureTrials());
    const baseline = makeBaseline(run);
    accepts('baseline.schema.json', baseline);
    accepts('gate.schema.json', gate({ baseline, run, thresholds: new Thresholds() }));
    accepts('gate-config.schema.json', { thresholds: { ratio: { recoveryTimeMs: 0.1 }, time: {} } });
  });

  it('accept the steps of a recovery, with and without a run', () => {
    const isMicro = compile('micro.schema.json');
    const micro = fixtureMicro(FIXTURE_ENVIRONMENT);
    const { recoveryCosts = [] } = fixtureMicroOfRun();
    expect(recoveryCosts.filter(({ terms }) => terms !== null)).not.toEqual([]);
    expect(recoveryCosts.filter(({ terms }) => terms === null)).not.toEqual([]);
    for (const document of [micro, { ...micro, recoveryCosts }]) {
      expect(isMicro(document), JSON.stringify(isMicro.errors)).toBe(true);
    }
    expect(isMicro({ ...micro, schemaVersion: 2 })).toBe(false);
  });

  it.each([
    ['a metric of an unknown kind', { thresholds: { speed: { recoveryTimeMs: 0.1 } } }],
    ['a threshold of 0', { thresholds: { ratio: { recoveryTimeMs: 0 } } }],
    ['an unknown name', { threshold: {} }],
  ])('refuse a gate configuration with %s', (_, broken) => {
    expect(compile('gate-config.schema.json')(broken)).toBe(false);
  });

  it('accept what a later release adds', () => {
    expect(compile('trial.schema.json')({ ...fixtureTrial(), later: 1 })).toBe(true);
  });

  it.each([
    ['another version', { schemaVersion: 2 }],
    ['an unknown status', { status: 'done' }],
    ['no measurements', { measurements: null }],
    ['a negative count', { spec: { ...fixtureTrial().spec, connections: -1 } }],
    ['an invalid trial without a reason', { status: 'invalid', reasons: [] }],
  ])('refuse a trial with %s', (_, broken) => {
    expect(compile('trial.schema.json')({ ...fixtureTrial(), ...broken })).toBe(false);
  });

  it.each([
    ['no seed', { seed: undefined }],
    ['cells that are not a list', { cells: {} }],
    ['a ratio of 0', { comparisons: fixtureSummary().comparisons.map((one) => ({ ...one, ratio: 0 })) }],
  ])('refuse a summary with %s', (_, broken) => {
    expect(
      compile('summary.schema.json')(JSON.parse(JSON.stringify({ ...fixtureSummary(), ...broken }))),
    ).toBe(false);
  });
});
