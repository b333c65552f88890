import { describe, expect, it } from 'vitest';
import { createClock } from '../../src/base/clock.js';
import { allSteps } from '../../src/bench/micro/catalogue.js';
import { coldTakeoverNames } from '../../src/bench/micro/cold-takeover.js';
import type { MicroResult, RecoveryCost } from '../../src/contracts/micro.js';
import { formatUs, microTable } from '../../src/main/micro-table.js';
import { fixtureMicro } from '../fixtures/micro.js';
import { FIXTURE_ENVIRONMENT } from '../fixtures/results.js';

const COST: RecoveryCost = {
  strategy: 'spr',
  workload: 'request-reply',
  fault: 'kill',
  trials: 6,
  measuredUs: 400,
  repliesPerRecovery: 2.5,
  terms: [
    { step: 'takeover.idle.tls13', title: 'take a flow over', count: 1, us: 40 },
    { step: 'request.tls13', title: 'request and its reply', count: 1.5, us: 30 },
  ],
  reason: null,
  predictedUs: 85,
  crypto: { measuredUs: 50, predictedUs: 10 },
};

function micro(overrides: Partial<MicroResult> = {}): MicroResult {
  return { ...fixtureMicro(FIXTURE_ENVIRONMENT), ...overrides };
}

describe('the table', () => {
  it('has a heading with units for each group, and its steps below', () => {
    const lines = microTable(micro()).split('\n');
    expect(lines[0]).toMatch(/^derive +us +95 % interval +CPU us$/);
    expect(lines[1]).toMatch(/^ {2}derive\.tls13\.aes-128-gcm +10\.0 +9\.0 to 12\.0 +10\.0$/);
  });

  it('fits 80 columns with the names of all steps, and numbers of a tenth of a second', () => {
    const named = [...allSteps(createClock(process.hrtime.bigint())), ...coldTakeoverNames()];
    const timeUs = { median: 123_456, low: 99_999, high: 123_456 };
    const steps = named.map(({ id, group, title }) => ({
      id,
      group,
      title,
      timeUs,
      cpuUs: 99_999,
      samples: 6,
    }));
    for (const line of microTable(micro({ steps })).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('shows what a recovery cost, the sum of its steps, and the rest', () => {
    const text = microTable(micro({ recoveryCosts: [COST] }));
    expect(text).toMatch(/^spr, request-reply, kill +us$/m);
    expect(text).toMatch(/^ {2}1\.50 x request and its reply +45\.0$/m);
    expect(text).toMatch(/^ {2}sum of the steps +85\.0$/m);
    expect(text).toMatch(/^ {2}rest +315 +79 %$/m);
  });

  it('says so when the steps come to more than was measured', () => {
    expect(microTable(micro({ recoveryCosts: [{ ...COST, measuredUs: 50 }] }))).toMatch(
      /^ {2}rest +-35\.0 +-70 %$/m,
    );
  });

  it('gives the reason where there is no sum', () => {
    const cost = { ...COST, terms: null, predictedUs: null, crypto: null, reason: 'no step stands for it' };
    expect(microTable(micro({ recoveryCosts: [cost] }))).toContain('no sum: no step stands for it');
  });
});

it.each([
  [0.314, '0.31'],
  [4.25, '4.3'],
  [310.4, '310'],
  [12_400, '12,400'],
  [-35, '-35.0'],
])('%d us are shown as %s', (us, text) => {
  expect(formatUs(us)).toBe(text);
});
