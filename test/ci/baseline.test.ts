/** The gate that this repository puts on itself: its baseline and thresholds fit the run that CI makes, and can fail it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readBaseline } from '../../src/bench/gate/baseline.js';
import { gate } from '../../src/bench/gate/gate.js';
import type { StoredRun } from '../../src/bench/gate/stored-run.js';
import { readThresholds } from '../../src/bench/gate/thresholds.js';
import type { BaselineMetric, GateResult } from '../../src/contracts/gate.js';
import { MIN_PAIRS_FOR_INTERVAL } from '../../src/stats/bootstrap.js';
import { fixtureSummary } from '../fixtures/results.js';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../.ci/${name}`, import.meta.url));

const baseline = readBaseline(pathOf('baseline.json'));
const thresholds = readThresholds(pathOf('gate.json'));
const script = readFileSync(pathOf('gate'), 'utf8');

/** A run under the conditions of the baseline, whose values are the baseline's but for `change`. */
function gateRun(change: (metric: BaselineMetric, value: number) => number): GateResult {
  const cells = baseline.metrics.map(({ strategy, workload, fault, samples }) => ({
    ...{ strategy, workload, fault },
    trials: { completed: samples.length, invalid: 0, inconclusive: 0 },
  }));
  const run: StoredRun = {
    summary: { ...fixtureSummary(), reference: baseline.reference, complete: true },
    fingerprint: baseline.fingerprint,
    conditions: baseline.conditions,
    cells,
    samples: baseline.metrics.map((metric) => ({
      ...metric,
      samples: metric.samples.map((value) => change(metric, value)),
    })),
    violations: [],
    rejected: [],
  };
  return gate({ baseline, run, thresholds });
}

const times = (name: string, factor: number) =>
  gateRun(({ kind, metric }, value) => (kind === 'ratio' && metric === name ? value * factor : value));

describe('the baseline of this repository', () => {
  it('was made by the run that is gated', () => {
    const setting = (name: string): string =>
      new RegExp(`^export SPR_BENCH_${name}=(.*)$`, 'm').exec(script)?.[1] ?? '';
    for (const name of ['strategies', 'workloads', 'connections', 'trials', 'seed', 'out']) {
      expect(` ${baseline.command} `).toContain(` --${name} ${setting(name.toUpperCase())} `);
    }
    expect(setting('ARGS')).toMatch(/^"--rtt-ms 10\$/);
    expect(baseline.command).toContain(' --rtt-ms 10');
  });

  it('holds enough pairs of SPR and of reconnecting', () => {
    const recovery = baseline.metrics.find(
      ({ kind, metric, strategy }) => kind === 'ratio' && metric === 'recoveryTimeMs' && strategy === 'spr',
    );
    expect(baseline.reference).toBe('full-handshake');
    expect(recovery?.samples.length).toBeGreaterThanOrEqual(MIN_PAIRS_FOR_INTERVAL);
  });

  it('finds nothing in the run that it was made of', () => {
    const { verdict, judgements } = gateRun((_, value) => value);
    expect(['pass', 'inconclusive']).toContain(verdict);
    expect(judgements.filter((each) => each.verdict === 'regressed')).toEqual([]);
    expect(judgements.some(({ kind }) => kind === 'time')).toBe(false);
  });

  it.each([
    ['a recovery that takes eight times as long', 'recoveryTimeMs', 8],
    ['a takeover that costs eight times the processor time', 'replicaCpuMsPerRecovery', 8],
    ['a third of the throughput', 'throughputBeforePerSecond', 1 / 3],
    ['three times the latency', 'latencyBeforeP50Ms', 3],
  ])('fails %s', (_, metric, factor) => {
    const { verdict, judgements } = times(metric, factor);
    expect(verdict).toBe('regression');
    expect(judgements.filter((each) => each.verdict === 'regressed').map((each) => each.metric)).toEqual([
      metric,
    ]);
  });

  it('fails one connection lost, and one handshake too many', () => {
    for (const name of ['connectionsLost', 'fullHandshakesPerConnection']) {
      const { verdict } = gateRun(({ metric, strategy }, value) =>
        metric === name && strategy === 'spr' ? value + 1 : value,
      );
      expect(verdict, name).toBe('regression');
    }
  });
});
