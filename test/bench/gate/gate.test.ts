import { describe, expect, it } from 'vitest';
import { makeBaseline } from '../../../src/bench/gate/baseline.js';
import { gate } from '../../../src/bench/gate/gate.js';
import { type StoredRun, storedRunOf } from '../../../src/bench/gate/stored-run.js';
import { Thresholds } from '../../../src/bench/gate/thresholds.js';
import type { Calibration, GateConfig, GateResult, Judgement } from '../../../src/contracts/gate.js';
import { gateResultSchema } from '../../../src/contracts/gate.js';
import { fixtureSummary } from '../../fixtures/results.js';
import { makeRun, makeTrials, STRATEGY, spread } from './runs.js';

const BASELINE = makeBaseline(makeRun());

function gateRun(run: StoredRun, config: GateConfig = { thresholds: {} }): GateResult {
  return gate({ baseline: BASELINE, run, thresholds: new Thresholds(config) });
}

function judgement(result: GateResult, kind: string, metric: string, strategy = STRATEGY): Judgement {
  const found = result.judgements.find(
    (each) => each.kind === kind && each.metric === metric && each.strategy === strategy,
  );
  if (found === undefined) throw new Error(`no judgement of ${kind} ${metric} ${strategy}`);
  return found;
}

function slower(factor: number, blocks = 6): StoredRun {
  return makeRun({ blocks, recoveryMs: (block) => 20 * factor * spread(block + 2) });
}

describe('gate', () => {
  it('passes the run that the baseline was made of', () => {
    const result = gateRun(makeRun());
    expect(result.verdict).toBe('pass');
    expect(new Set(result.judgements.map(({ verdict }) => verdict))).toEqual(new Set(['same']));
    expect(gateResultSchema.safeParse(result).error).toBeUndefined();
  });

  it('passes noise', () => {
    const result = gateRun(slower(1.03));
    expect(result.verdict).toBe('pass');
    expect(judgement(result, 'ratio', 'recoveryTimeMs').change?.ratio).toBeCloseTo(1.03, 1);
  });

  it('finds a regression, and says how large it is at least', () => {
    const result = gateRun(slower(1.6));
    expect(result.verdict).toBe('regression');
    const { verdict, reason, change, pValue, cliffsDelta } = judgement(result, 'ratio', 'recoveryTimeMs');
    expect(verdict).toBe('regressed');
    expect(reason).toMatch(/^worse by \d+ % at least$/);
    expect(change?.low).toBeGreaterThan(1.25);
    expect(pValue).toBeLessThan(0.05);
    expect(cliffsDelta).toBe(1);
    expect(judgement(result, 'ratio', 'throughputBeforePerSecond').verdict).toBe('same');
  });

  it('raises no alarm for a change below the threshold, however certain', () => {
    expect(judgement(gateRun(slower(1.2)), 'ratio', 'recoveryTimeMs').verdict).toBe('same');
    const config = { thresholds: { ratio: { recoveryTimeMs: 0.1 } } };
    expect(judgement(gateRun(slower(1.2), config), 'ratio', 'recoveryTimeMs').verdict).toBe('regressed');
  });

  it('tells an improvement', () => {
    const result = gateRun(slower(0.5));
    expect(result.verdict).toBe('pass');
    expect(judgement(result, 'ratio', 'recoveryTimeMs')).toMatchObject({
      verdict: 'improved',
      reason: expect.stringContaining('better by'),
    });
  });

  it('takes less throughput for worse, and more for better', () => {
    const verdictOf = (replies: number): string =>
      judgement(gateRun(makeRun({ replies: () => replies })), 'ratio', 'throughputBeforePerSecond').verdict;
    expect(verdictOf(18)).toBe('regressed');
    expect(verdictOf(27)).toBe('same');
    expect(verdictOf(40)).toBe('improved');
  });

  it('concludes nothing from five pairs', () => {
    const result = gateRun(slower(3, 5));
    expect(result.verdict).toBe('inconclusive');
    expect(judgement(result, 'ratio', 'recoveryTimeMs')).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('5 values are too few'),
    });
  });

  it('concludes nothing from an interval in which a large regression could hide', () => {
    const noisy = makeRun({ recoveryMs: (block) => (block % 2 === 0 ? 10 : 45) });
    expect(judgement(gateRun(noisy), 'ratio', 'recoveryTimeMs')).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('more trials would tell'),
    });
  });

  /** A run in which no trial of the strategy counts. */
  const without = (status: 'invalid' | 'inconclusive', blocks: number): GateResult => {
    const trials = makeTrials({ blocks }).map((trial) =>
      trial.spec.strategy === STRATEGY ? { ...trial, status, reasons: ['expected no handshake'] } : trial,
    );
    return gateRun(storedRunOf(fixtureSummary(), trials));
  };

  it('concludes nothing for a strategy all of whose trials were disturbed', () => {
    const result = without('inconclusive', 6);
    expect(result.verdict).toBe('inconclusive');
    expect(judgement(result, 'ratio', 'recoveryTimeMs').reason).toContain('no completed trial');
    expect(result.notes.some((note) => note.includes('is inconclusive: expected no handshake'))).toBe(true);
  });

  it('takes a strategy that never does what it claims any more for a regression, but not for a few trials', () => {
    const result = without('invalid', 6);
    expect(result.verdict).toBe('regression');
    expect(judgement(result, 'ratio', 'recoveryTimeMs')).toMatchObject({
      verdict: 'regressed',
      reason: 'all 6 trials of the run are invalid',
    });
    expect(judgement(result, 'time', 'recoveryTimeMs', 'full-handshake').verdict).toBe('same');
    expect(result.notes.some((note) => note.includes('is invalid: expected no handshake'))).toBe(true);
    expect(without('invalid', 5).verdict).toBe('inconclusive');
  });

  it('puts a violation before everything else, whatever the speed', () => {
    const result = gateRun(makeRun({ violations: ['3 wrong bytes reached a client'], recoveryMs: () => 1 }));
    expect(result.verdict).toBe('violation');
    expect(result.violations[0]).toContain('3 wrong bytes reached a client');
  });

  it('names outliers and counts them', () => {
    const run = makeRun({ recoveryMs: (block) => (block === 4 ? 200 : 20 * spread(block)) });
    expect(judgement(gateRun(run), 'ratio', 'recoveryTimeMs')).toMatchObject({
      run: { samples: 6 },
      outliers: { baseline: [], run: [4] },
    });
  });

  it('is the same every time', () => {
    expect(gateRun(slower(1.3))).toEqual(gateRun(slower(1.3)));
  });
});

describe('counts', () => {
  it('are compared exactly where the design fixes them: one byte is a regression', () => {
    const run = makeRun({
      replication: (block) => ({ bytes: 145 * 40 + (block === 3 ? 40 : 0), messages: 40 }),
    });
    expect(judgement(gateRun(run), 'count', 'replicatedBytesPerConnection')).toMatchObject({
      verdict: 'regressed',
      threshold: 0,
      reason: '1 of 6 trials: 146 instead of 145 in all',
    });
    expect(judgement(gateRun(run), 'count', 'replicatedBytesPerMessage').verdict).toBe('same');
  });

  it('are exact from one trial on', () => {
    const fewer = gateRun(makeRun({ blocks: 1, replication: () => ({ bytes: 100 * 40, messages: 40 }) }));
    expect(judgement(fewer, 'count', 'replicatedBytesPerConnection').verdict).toBe('improved');
  });

  it('of handshakes are exact', () => {
    const run = makeRun({ fullHandshakes: (block) => (block === 2 ? 41 : 40) });
    expect(judgement(gateRun(run), 'count', 'fullHandshakesPerConnection', 'full-handshake').verdict).toBe(
      'regressed',
    );
  });

  it('that go by how many requests there were are no part of a baseline of few trials: those agree by chance', () => {
    const metricsOf = (blocks: number) =>
      makeBaseline(makeRun({ blocks })).metrics.flatMap(({ metric, kind }) =>
        kind === 'count' ? metric : [],
      );
    expect(metricsOf(5)).not.toContain('replicatedBytesPerConnection');
    expect(metricsOf(5)).toContain('connectionsLost');
    expect(metricsOf(6)).toContain('replicatedBytesPerConnection');
  });

  it('that vary from trial to trial in the baseline are no part of it', () => {
    const varying = makeBaseline(
      makeRun({ replication: (block) => ({ bytes: 6000 + 200 * block, messages: 40 + block }) }),
    );
    const metrics = varying.metrics
      .filter(({ strategy }) => strategy === STRATEGY)
      .map(({ metric }) => metric);
    expect(metrics).not.toContain('replicatedBytesPerConnection');
    expect(metrics).toContain('replicatedBytesPerMessage');
    const larger = makeRun({
      replication: (block) => ({ bytes: 2 * (6000 + 200 * block), messages: 40 + block }),
    });
    const result = gate({ baseline: varying, run: larger, thresholds: new Thresholds() });
    expect(judgement(result, 'count', 'replicatedBytesPerMessage').verdict).toBe('regressed');
  });

  it('of requests that were lost with their connection are chance', () => {
    const lost = BASELINE.metrics.filter(({ metric }) => metric === 'requestsWithoutReply');
    expect(lost.map(({ strategy }) => strategy)).toEqual([STRATEGY]);
  });
});

describe('what does not compare', () => {
  const elsewhere = makeRun({
    summary: { environment: { ...fixtureSummary().environment, cpuModel: 'Another CPU' } },
  });

  it('times of another machine: they are left out, ratios are not', () => {
    const kinds = (result: GateResult) => new Set(result.judgements.map(({ kind }) => kind));
    expect(kinds(gateRun(makeRun()))).toEqual(new Set(['ratio', 'count', 'time']));
    const result = gateRun(elsewhere);
    expect(kinds(result)).toEqual(new Set(['ratio', 'count']));
    expect(result.notes.join()).toContain('another machine or software (cpuModel)');
  });

  it.each([
    ['other options', makeRun({ spec: { rttMs: 99 } }), 'the baseline has rttMs 10, the run 99'],
    [
      'another TLS version',
      makeRun({ spec: { tls: { version: '1.2', suite: 'X', key: 'rsa-2048' } } }),
      'tls',
    ],
    ['another workload', makeRun({ spec: { workload: 'other' } }), 'the baseline has request-reply / kill'],
    [
      'another reference',
      makeRun({ summary: { reference: 'spr' } }),
      'ratios to full-handshake, the run to spr',
    ],
    [
      'a missing strategy',
      storedRunOf(
        fixtureSummary(),
        makeTrials().filter(({ spec }) => spec.strategy !== STRATEGY),
      ),
      'the baseline has spr / request-reply / kill, the run has not',
    ],
  ])('%s: a clear error', (_, run, message) => {
    expect(() => gateRun(run)).toThrow(message);
  });

  it('metrics that the configuration takes out', () => {
    const config = {
      thresholds: { ratio: { recoveryTimeMs: null }, count: { replicatedBytesPerMessage: null } },
    };
    const metrics = gateRun(slower(2), config).judgements.map(({ kind, metric }) => `${kind} ${metric}`);
    expect(metrics).not.toContain('ratio recoveryTimeMs');
    expect(metrics).not.toContain('count replicatedBytesPerMessage');
    expect(metrics).toContain('time recoveryTimeMs');
  });

  it('a run that was cut short says so', () => {
    expect(gateRun(makeRun({ summary: { complete: false } })).notes.join()).toContain('was cut short');
  });
});

describe('a calibration', () => {
  const calibration: Calibration = {
    schemaVersion: 1,
    sprBench: '0.1.0',
    startedAt: '2026-03-02T09:00:00.000Z',
    seed: 1,
    command: 'spr-bench calibrate',
    fingerprint: BASELINE.fingerprint,
    conditions: BASELINE.conditions,
    trials: 6,
    blocks: 24,
    metrics: [
      {
        kind: 'ratio',
        metric: 'recoveryTimeMs',
        strategy: STRATEGY,
        workload: 'request-reply',
        fault: 'kill',
        windows: 100,
        threshold: 0.25,
        falseAlarms: 0,
        inconclusive: 0,
        smallestDetectableChange: 0.123,
      },
    ],
  };
  const gateWith = (changes: Partial<Calibration>, threshold: number): GateResult =>
    gate({
      baseline: BASELINE,
      run: makeRun(),
      thresholds: new Thresholds({ thresholds: { ratio: { recoveryTimeMs: threshold } } }),
      calibration: { ...calibration, ...changes },
    });

  it('allows thresholds that the machine can tell', () => {
    expect(gateWith({}, 0.13).verdict).toBe('pass');
    expect(gateWith({}, 0.13).notes.join()).not.toContain('not calibrated');
  });

  it('refuses a threshold below the smallest detectable change', () => {
    expect(() => gateWith({}, 0.12)).toThrow('a threshold of 0.12 is below 0.13, the smallest change');
  });

  it('of another machine is refused', () => {
    const fingerprint = { ...calibration.fingerprint, cores: 64 };
    expect(() => gateWith({ fingerprint }, 0.5)).toThrow('its cores is not that of the run');
  });

  it('of other options is refused', () => {
    const conditions = calibration.conditions.map((each) => ({
      ...each,
      options: { ...each.options, rttMs: 1 },
    }));
    expect(() => gateWith({ conditions }, 0.5)).toThrow('the calibration has rttMs 1, the run 10');
  });
});
