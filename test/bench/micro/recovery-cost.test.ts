/** Sums that were made by hand, and what no sum is made of. */
import { describe, expect, it } from 'vitest';
import { RecoveryCosts } from '../../../src/bench/micro/recovery-cost.js';
import type { MicroResult, RecoveryCost } from '../../../src/contracts/micro.js';
import type {
  ConnectionOutcome,
  Measurements,
  TrialResult,
  TrialSpec,
} from '../../../src/contracts/results.js';
import { fixtureMicro } from '../../fixtures/micro.js';
import { FIXTURE_ENVIRONMENT, fixtureTrial } from '../../fixtures/results.js';

const MICRO = fixtureMicro(FIXTURE_ENVIRONMENT);
const PHASES = { detectionMs: 1, redirectMs: 1, stateMs: 0, cryptoMs: 0.05, firstReplyMs: 1 };

function connection(fate: ConnectionOutcome['fate'], recovers: boolean): ConnectionOutcome {
  const recovered = { recoveryTimeMs: 3, interruptionMs: 3, phases: PHASES };
  const silent = { recoveryTimeMs: null, interruptionMs: null, phases: null };
  return {
    index: 0,
    fate,
    cause: null,
    handshakes: { full: 0, resumed: 0 },
    ...(recovers ? recovered : silent),
  };
}

interface Made {
  readonly spec?: Partial<TrialSpec>;
  readonly measurements?: Partial<Measurements>;
}

/** Four connections, of which two recover; 0.5 ms each; the last 25 ms behind the fault. */
function trial({ spec = {}, measurements = {} }: Made = {}): TrialResult {
  const base = fixtureTrial();
  const fate = measurements.handshakesAfterFault === undefined ? 'kept' : 'reconnected';
  return {
    ...base,
    spec: { ...base.spec, strategy: 'spr', workload: 'request-reply', fault: 'kill', ...spec },
    measurements: {
      ...base.measurements,
      faultInjectedMs: 100,
      lastRecoveredMs: 125,
      connections: [true, true, false, false].map((recovers) => connection(fate, recovers)),
      handshakesAfterFault: { full: 0, resumed: 0 },
      replicaCpuMsPerRecovery: 0.5,
      // 10 ms each, the first before the fault: 2 + 3 and half of 4 replies until the last recovery.
      throughput: { binMs: 10, firstBin: -1, replies: [9, 2, 3, 4, 9] },
      ...measurements,
    },
  };
}

function costOf(trials: readonly TrialResult[], micro: MicroResult = MICRO): RecoveryCost {
  const costs = new RecoveryCosts();
  for (const each of trials) costs.add(each);
  const [cost, ...others] = costs.against(micro, FIXTURE_ENVIRONMENT);
  if (cost === undefined || others.length > 0) throw new Error('one cell was expected');
  return cost;
}

function counts({ terms }: RecoveryCost): [string, number][] {
  return (terms ?? []).map(({ step, count }) => [step, count]);
}

describe('a connection that is kept', () => {
  it('is taken over, answers its first request, and those that follow until the last has recovered', () => {
    const cost = costOf([trial()]);
    expect(cost.repliesPerRecovery).toBe(3.5);
    expect(counts(cost)).toEqual([
      ['takeover.idle.tls13', 1],
      ['takeover.busy.tls13 - takeover.idle.tls13', 1],
      ['request.tls13', 2.5],
    ]);
    expect(cost.predictedUs).toBe(40 + 60 + 2.5 * 30);
    expect(cost.measuredUs).toBe(500);
  });

  it('is taken over with all others where the strategy is eager', () => {
    const cost = costOf([trial({ spec: { strategy: 'full-state-copy' } })]);
    expect(counts(cost)[0]).toEqual(['takeover.idle.tls13', 2]);
    expect(cost.predictedUs).toBe(2 * 40 + 60 + 2.5 * 30);
  });

  it('shows its crypto phase beside the keys that are derived in it', () => {
    expect(costOf([trial()]).crypto).toEqual({ measuredUs: 50, predictedUs: 10 });
  });
});

describe('a connection that is made anew', () => {
  it.each([
    ['full', 400, { full: 4, resumed: 0 }],
    ['resumed', 300, { full: 0, resumed: 4 }],
  ])('costs a %s handshake for each that there was', (kind, handshakeUs, handshakesAfterFault) => {
    const cost = costOf([
      trial({ spec: { strategy: 'session-resumption' }, measurements: { handshakesAfterFault } }),
    ]);
    expect(counts(cost)[0]).toEqual([`handshake.${kind}.tls13.ecdsa-p256.adopted`, 2]);
    expect(cost.predictedUs).toBe(2 * handshakeUs + 60 + 2.5 * 30);
    expect(cost.crypto).toBeNull();
  });
});

describe('over several trials', () => {
  it('takes medians', () => {
    const cpuMs = [0.1, 0.7, 0.4];
    const trials = cpuMs.map((ms) => trial({ measurements: { replicaCpuMsPerRecovery: ms } }));
    expect(costOf(trials)).toMatchObject({ trials: 3, measuredUs: 400 });
  });

  it('leaves out those that do not count, or in which nothing recovered', () => {
    const invalid: TrialResult = { ...trial(), status: 'invalid', reasons: ['broken'] };
    const idle = trial({ measurements: { replicaCpuMsPerRecovery: null, lastRecoveredMs: null } });
    expect(costOf([trial(), invalid, idle]).trials).toBe(1);
  });
});

describe('no sum is made', () => {
  it.each<[string, Partial<TrialSpec>, string]>([
    ['of long replies', { workload: 'bulk-download' }, 'workload bulk-download'],
    ['of plain node:tls', { engine: 'native' }, 'node:tls'],
    ['of takeovers with new keys', { rekey: true }, '--rekey'],
    ['of audited records', { audit: true }, '--audit'],
    [
      'of another suite',
      { tls: { version: '1.3', suite: 'TLS_AES_256_GCM_SHA384', key: 'ecdsa-p256' } },
      'TLS_AES_256_GCM_SHA384',
    ],
    [
      'of a version that was filtered out',
      { tls: { version: '1.2', suite: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', key: 'ecdsa-p256' } },
      'takeover.idle.tls12 was not measured',
    ],
  ])('%s', (_, spec, reason) => {
    const cost = costOf([trial({ spec })]);
    expect(cost).toMatchObject({ terms: null, predictedUs: null, crypto: null, measuredUs: 500 });
    expect(cost.reason).toContain(reason);
  });

  it('of an RSA key that is not measured', () => {
    const tls = { version: '1.3', suite: 'TLS_AES_128_GCM_SHA256', key: 'rsa-4096' } as const;
    const measurements = { handshakesAfterFault: { full: 4, resumed: 0 } };
    expect(costOf([trial({ spec: { tls }, measurements })]).reason).toContain(
      'rsa-4096.adopted was not measured',
    );
  });

  it('from another machine', () => {
    const elsewhere = fixtureMicro({ ...FIXTURE_ENVIRONMENT, cpuModel: 'Other CPU' });
    expect(costOf([trial()], elsewhere).reason).toContain('cpuModel is Other CPU');
  });
});
