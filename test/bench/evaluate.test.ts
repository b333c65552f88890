import { describe, expect, it } from 'vitest';
import type { Observations } from '../../src/bench/evaluate.js';
import { type PhaseAtFault, trialResultSchema } from '../../src/contracts/results.js';
import {
  evaluate,
  FAULT_MS,
  FULL,
  KEPT,
  keptStory,
  killEvidence,
  LOAD_START_MS,
  lostStory,
  measure,
  observe,
  RESUMED,
  reasonsOf,
  reconnectedStory,
  type Story,
} from './observations.js';

/** The observations of one survivor, changed. */
function withSurvivor(seen: Observations, changes: Partial<Observations['survivors'][number]>): Observations {
  return { ...seen, survivors: seen.survivors.map((survivor) => ({ ...survivor, ...changes })) };
}

describe('a trial that did what the strategy claims', () => {
  it.each<[string, Observations]>([
    ['kept', observe([keptStory(0), keptStory(1)], KEPT)],
    ['resumed', observe([reconnectedStory(0, true), reconnectedStory(1, true)], RESUMED)],
    ['full', observe([reconnectedStory(0, false)], FULL)],
  ])('is completed: %s', (_, seen) => {
    expect(evaluate(seen)).toMatchObject({ status: 'completed', violations: [], spec: seen.spec });
  });

  it('counts when some connections of a reconnecting strategy are lost', () => {
    const stories = [reconnectedStory(0, false), lostStory(1, 'ECONNREFUSED')];
    expect(evaluate(observe(stories, FULL))).toMatchObject({ status: 'completed', violations: [] });
  });
});

describe('a handshake that only the client has finished', () => {
  it('is a result: its server had given it up', () => {
    const given = reconnectedStory(1, false);
    const [first, second] = given.transports;
    if (first === undefined || second === undefined) throw new Error('the story has two transports');
    const unanswered = { ...second, answered: false, endedMs: 1040, cause: 'ECONNRESET' };
    const story = {
      ...given,
      transports: [first, unanswered],
      requests: given.requests.slice(0, 2),
      handshakes: [],
    };
    const result = evaluate(observe([reconnectedStory(0, false), story], FULL));
    expect(result).toMatchObject({ status: 'completed', violations: [] });
    expect(result.measurements?.connections.map(({ fate }) => fate)).toEqual(['reconnected', 'lost']);
  });
});

describe('a trial is invalid', () => {
  it.each<[string, Observations, string]>([
    [
      'when one full handshake hides among resumed ones',
      observe([reconnectedStory(0, true), reconnectedStory(1, false)], RESUMED),
      '1 full and 1 resumed',
    ],
    ['when full handshakes were resumed', observe([reconnectedStory(0, true)], FULL), 'only full handshakes'],
    [
      'when a client of a kept connection made a handshake',
      observe([keptStory(0), reconnectedStory(1, false)], KEPT),
      'no handshake after the fault, saw 1 full',
    ],
    ['when nobody reconnected', observe([lostStory(0, 'x')], RESUMED), '0 full and 0 resumed'],
    [
      'when connections survived that cannot have',
      observe([reconnectedStory(0, false), keptStory(1)], FULL),
      '1 connections survived',
    ],
    [
      'when the fault did not happen as planned',
      observe([keptStory(0)], KEPT, { evidence: killEvidence({ failures: [] }) }),
      'the director did not see the primary fail',
    ],
  ])('%s', (_, seen, reason) => {
    const result = evaluate(seen);
    expect(result.status).toBe('invalid');
    expect(reasonsOf(result)).toContain(reason);
    expect(result.measurements).not.toBeNull();
  });
});

describe('a trial is inconclusive', () => {
  it('when replicas got messages that were not authentic', () => {
    const seen = observe([keptStory(0)], KEPT);
    const [survivor] = seen.survivors;
    if (survivor === undefined) throw new Error('nobody survived');
    const attacked = { ...survivor, replication: { bytes: 0, messages: 0, refused: 2, fenced: 0 } };
    const result = evaluate({ ...seen, survivors: [attacked] });
    expect(result.status).toBe('inconclusive');
    expect(reasonsOf(result)).toContain('2 replication messages were not authentic');
    expect(result.measurements?.replication.refused).toBe(2);
  });

  it('when the load client did not run for too long', () => {
    const seen = observe([keptStory(0)], KEPT);
    const load = { ...seen.load, generator: { eventLoopDelayMaxMs: 1500, lateStarts: 0 } };
    const result = evaluate({ ...seen, load });
    expect(result.status).toBe('inconclusive');
    expect(reasonsOf(result)).toContain('did not run for 1500 ms');
  });

  it('when the load client did not run for longer than the losses took it', () => {
    const statusAfter = (eventLoopDelayMaxMs: number): string => {
      const seen = observe([reconnectedStory(0, false), reconnectedStory(1, false)], FULL);
      const generator = { eventLoopDelayMaxMs, lateStarts: 0 };
      return evaluate({ ...seen, load: { ...seen.load, generator } }).status;
    };
    expect([1000.1, 1000.3].map(statusAfter)).toEqual(['completed', 'inconclusive']);
  });

  it('when a fourth of the requests was not sent in time', () => {
    const seen = observe([keptStory(0), keptStory(1)], KEPT);
    const late = (lateStarts: number) => ({
      ...seen,
      load: { ...seen.load, generator: { eventLoopDelayMaxMs: 10, lateStarts } },
    });
    expect(evaluate(late(1)).status).toBe('completed');
    const result = evaluate(late(2));
    expect(result.status).toBe('inconclusive');
    expect(reasonsOf(result)).toContain('2 of 4 requests were sent late');
  });

  it('when other virtual machines took the processor', () => {
    const stolen = (stealShare: number | null) =>
      evaluate(observe([keptStory(0)], KEPT, { machine: { stealShare, loadAverage: 9 } }));
    expect(stolen(0.19).status).toBe('completed');
    expect(stolen(null).status).toBe('completed');
    expect(stolen(0.21).status).toBe('inconclusive');
    expect(reasonsOf(stolen(0.21))).toContain('took 21 % of the processor time');
  });

  it('when no connection had anything to recover', () => {
    const check = { id: '0-1', connection: 0, sentMs: 1500, repliedMs: 1510, closing: true };
    const result = evaluate(observe([{ ...keptStory(0), requests: [check] }], KEPT));
    expect(result.status).toBe('inconclusive');
    expect(reasonsOf(result)).toContain('no connection had a request');
  });

  it('when the fault was to strike a phase that no connection was in', () => {
    const seen = observe([keptStory(0), { ...keptStory(1), requests: [] }], KEPT);
    const awaited = (faultPhase: PhaseAtFault) => evaluate({ ...seen, spec: { ...seen.spec, faultPhase } });
    expect(awaited('mid-request').status).toBe('completed');
    expect(awaited('idle').status).toBe('completed');
    const missed = awaited('mid-response');
    expect(missed.status).toBe('inconclusive');
    expect(reasonsOf(missed)).toContain('no connection was in phase mid-response');
  });

  it('when replicas saw fewer handshakes than clients made', () => {
    const seen = withSurvivor(observe([reconnectedStory(0, false)], FULL), { handshakes: [] });
    const result = evaluate(seen);
    expect(result.status).toBe('inconclusive');
    expect(reasonsOf(result)).toContain(
      '1 connections made after the fault were answered, the replicas saw 0 handshakes',
    );
  });
});

describe('a violation', () => {
  it('is a wrong byte, whatever the strategy', () => {
    for (const [story, expects] of [
      [keptStory(0), KEPT],
      [reconnectedStory(0, false), FULL],
    ] as const) {
      const seen = observe([story], expects);
      const result = evaluate({ ...seen, load: { ...seen.load, corruptedBytes: 3 } });
      expect(result.violations).toEqual(['3 wrong bytes reached a client']);
    }
  });

  it('is a connection that was promised to be kept, with its cause', () => {
    const stories = [
      keptStory(0),
      lostStory(1, 'ECONNRESET'),
      lostStory(2, 'ECONNRESET'),
      lostStory(3, 'end'),
    ];
    const result = evaluate(observe(stories, KEPT));
    expect(result).toMatchObject({ status: 'completed' });
    expect(result.violations).toEqual(['3 connections were not kept: 2 x ECONNRESET, 1 x end']);
  });

  it('is told of invalid trials too', () => {
    const result = evaluate(observe([keptStory(0), reconnectedStory(1, false)], KEPT));
    expect(result).toMatchObject({ status: 'invalid' });
    expect(result.violations).toEqual(['1 connections were not kept: 1 x ECONNRESET']);
  });
});

describe('a false alarm', () => {
  const alarm = { replica: 1, cause: 'missed-heartbeats', atMs: 1004 };
  const evidence = killEvidence({ failures: [...killEvidence().failures, alarm] });

  it.each([
    ['kept', [lostStory(0, 'ECONNRESET'), reconnectedStory(1, false)], KEPT],
    ['resumed', [lostStory(0, 'ECONNRESET')], RESUMED],
  ] as const)('makes a trial inconclusive, and no promise broken: %s', (_, stories, expects) => {
    const result = evaluate(observe(stories, expects, { evidence }));
    expect(result).toMatchObject({ status: 'inconclusive', violations: [] });
    expect(reasonsOf(result)).toContain(
      'replica 1 was declared failed (missed-heartbeats), although nothing had been done to it',
    );
  });

  it('is one too when it was about the victim, before the fault', () => {
    const [failure] = killEvidence().failures;
    if (failure === undefined) throw new Error('there is one');
    const early = killEvidence({ failures: [{ ...failure, atMs: FAULT_MS - 1 }] });
    expect(evaluate(observe([keptStory(0)], KEPT, { evidence: early })).status).toBe('inconclusive');
  });

  it('is no detection when it came before the fault, or before the load: what is stored can be read again', () => {
    const seen = observe([keptStory(0)], KEPT);
    const alarms = [
      { ...alarm, atMs: seen.loadStartMs - 300 },
      { ...alarm, atMs: FAULT_MS - 1 },
    ];
    const failures = [...alarms, ...seen.director.failures];
    const result = evaluate({ ...seen, director: { ...seen.director, failures } });
    expect(trialResultSchema.parse(result).measurements?.failureDetectedMs).toBe(
      (seen.director.failures[0]?.atMs ?? 0) - seen.loadStartMs,
    );
    const never = evaluate({ ...seen, director: { ...seen.director, failures: alarms } });
    expect(trialResultSchema.parse(never).measurements?.failureDetectedMs).toBeNull();
  });

  it('excuses no wrong byte', () => {
    const seen = observe([keptStory(0)], KEPT, { evidence });
    const result = evaluate({ ...seen, load: { ...seen.load, corruptedBytes: 3 } });
    expect(result.violations).toEqual(['3 wrong bytes reached a client']);
  });
});

describe('measurements', () => {
  it('tell what the fault did, from the start of the load', () => {
    expect(measure(observe([keptStory(0)], KEPT)).faultEvents).toEqual([
      { atMs: FAULT_MS - LOAD_START_MS, action: 'SIGKILL', replica: 0, stateBefore: 'running' },
    ]);
  });

  it('have times from the start of the load', () => {
    expect(measure(observe([keptStory(0), keptStory(1)], KEPT))).toMatchObject({
      faultInjectedMs: FAULT_MS - LOAD_START_MS,
      failureDetectedMs: 502,
      lastRecoveredMs: 510,
    });
  });

  it('tell handshakes before the fault from those after it', () => {
    const measured = measure(observe([reconnectedStory(0, true), reconnectedStory(1, true)], RESUMED));
    expect(measured.handshakesBeforeFault).toEqual({ full: 2, resumed: 0 });
    expect(measured.handshakesAfterFault).toEqual({ full: 0, resumed: 2 });
  });

  it('count requests by outcome, and executions by request', () => {
    const story: Story = {
      ...keptStory(0),
      requests: [
        ...keptStory(0).requests,
        { id: '0-2', connection: 0, method: 'POST', sentMs: 990, repliedMs: Number.NaN, outcome: 'unknown' },
        { id: '0-3', connection: 0, sentMs: 991, repliedMs: Number.NaN, outcome: 'failed' },
        { id: '0-4', connection: 0, method: 'POST', sentMs: 1100, repliedMs: 1105 },
      ],
    };
    const byRequest = new Map([
      ['0-0', 1],
      ['0-1', 2],
      ['0-2', 3],
      ['0-4', 1],
    ]);
    const measured = measure(observe([story], KEPT, { executions: { byRequest, byFenced: 4 } }));
    expect(measured.requests).toEqual({ ok: 3, failed: 1, unknown: 1 });
    expect(measured.executions).toEqual({
      zero: 1,
      once: 2,
      more: 2,
      moreNonIdempotent: 1,
      byFencedPrimary: 4,
    });
  });

  it('count refusals by reason', () => {
    const refusals = [
      { flowId: 1, reason: 'diverged' },
      { flowId: 2, reason: 'state-missing' },
      { flowId: 3, reason: 'diverged' },
    ];
    const measured = measure(withSurvivor(observe([keptStory(0)], KEPT), { refusals }));
    expect(measured.refusals).toEqual({ diverged: 2, 'state-missing': 1 });
  });

  it('share replicated bytes out, those that the director keeps included', () => {
    const seen = withSurvivor(observe([keptStory(0), keptStory(1)], KEPT), {
      replication: { bytes: 900, messages: 7, refused: 0, fenced: 2 },
    });
    const measured = measure({ ...seen, director: { ...seen.director, committedStateBytes: 100 } });
    expect(measured.replication).toEqual({
      bytes: 1000,
      messages: 7,
      fenced: 2,
      refused: 0,
      bytesPerConnection: 500,
      bytesPerRequest: 250,
    });
  });

  it('charge the processor time until the last recovery to the recovered connections', () => {
    // 40 % of 10 ms, for two connections.
    expect(measure(observe([keptStory(0), keptStory(1)], KEPT)).replicaCpuMsPerRecovery).toBeCloseTo(2, 6);
    const lost = measure(observe([lostStory(0, 'x'), lostStory(1, 'x')], FULL));
    expect(lost.replicaCpuMsPerRecovery).toBeNull();
    expect(lost.directorCpuMsPerRecovery).toBeNull();
    expect(lost.lastRecoveredMs).toBeNull();
  });

  it('charge that of the director apart', () => {
    // 10 % of 10 ms, for two connections.
    const { directorCpuMsPerRecovery } = measure(observe([keptStory(0), keptStory(1)], KEPT));
    expect(directorCpuMsPerRecovery).toBeCloseTo(0.5, 6);
  });

  it('tell how long the takeover of all flows took, from the detection on', () => {
    const stories = [keptStory(0), keptStory(1)];
    // Detected at 1,002 ms, done at 1,007 ms.
    expect(measure(observe(stories, KEPT)).takeovers).toEqual({ flows: 2, durationMs: 5 });
    const seen = observe(stories, KEPT);
    const [survivor] = seen.survivors;
    if (survivor === undefined) throw new Error('there is a survivor');
    const before = { flowId: 9, takenMs: 900, stateMs: 901, cryptoMs: 2000 };
    const takeovers = [
      ...survivor.takeovers,
      before,
      { flowId: 10, takenMs: 1015, stateMs: 1016, cryptoMs: 1020 },
    ];
    const later = { ...seen, survivors: [{ ...survivor, takeovers }] };
    expect(measure(later).takeovers).toEqual({ flows: 3, durationMs: 18 });
    expect(measure(observe([reconnectedStory(0, false)], FULL)).takeovers).toBeNull();
  });

  it('put each verified reply of the load into its bin', () => {
    const story = keptStory(0);
    const more = [
      { id: '0-7', connection: 0, sentMs: 1011, repliedMs: 1019.9 },
      { id: '0-8', connection: 0, sentMs: 1400, repliedMs: 1405, closing: true },
      { id: '0-9', connection: 0, sentMs: 1400, repliedMs: 1405, outcome: 'failed' as const },
      { id: '0-10', connection: 0, sentMs: 1600, repliedMs: 1605 },
    ];
    const { binMs, firstBin, replies } = measure(
      observe([{ ...story, requests: [...story.requests, ...more] }], KEPT),
    ).throughput;
    expect({ binMs, firstBin, bins: replies.length }).toEqual({ binMs: 10, firstBin: -50, bins: 100 });
    const filled = replies.flatMap((count, bin) => (count > 0 ? [[(bin + firstBin) * binMs, count]] : []));
    expect(filled).toEqual([
      [-100, 1],
      [10, 2],
    ]);
  });

  it('put the CPU time of all survivors into the bins of the replies', () => {
    const seen = observe([keptStory(0)], KEPT);
    const busy = seen.survivors.map((survivor) => ({
      ...survivor,
      cpu: [
        { atMs: 1000, cpuMs: 40 },
        { atMs: 1010, cpuMs: 46 },
        { atMs: 1030, cpuMs: 56 },
      ],
    }));
    const {
      binMs,
      firstBin,
      cpuMs = [],
    } = measure(observe([keptStory(0)], KEPT, { survivors: [...busy, ...busy] })).survivorCpu ?? {};
    expect({ binMs, firstBin, bins: cpuMs.length }).toEqual({ binMs: 10, firstBin: -50, bins: 100 });
    const used = cpuMs.flatMap((ms, bin) => (ms > 0 ? [[(bin + (firstBin ?? 0)) * 10, ms]] : []));
    expect(used).toEqual([
      [0, 12],
      [10, 10],
      [20, 10],
    ]);
  });

  it('count latency from the intended time', () => {
    const waited = { id: '0-2', connection: 0, intendedMs: 990, sentMs: 1011, repliedMs: 1030 };
    const story = { ...keptStory(0), requests: [...keptStory(0).requests.slice(0, 1), waited] };
    expect(measure(observe([story], KEPT)).latencyMs).toEqual({
      beforeP50: 10,
      beforeP99: 10,
      afterP50: 40,
      afterP99: 40,
    });
  });
});

describe('warmth', () => {
  it('is the latency of both halves of the load before the fault', () => {
    const request = (id: number, sentMs: number, latencyMs: number) => ({
      id: `0-${id}`,
      connection: 0,
      sentMs,
      repliedMs: sentMs + latencyMs,
    });
    const requests = [
      ...[request(0, 510, 9), request(1, 520, 7), request(2, 600, 8)],
      ...[request(3, 760, 3), request(4, 800, 5)],
      request(5, 995, 30),
    ];
    const { warmth } = measure(observe([{ ...keptStory(0), requests }], KEPT));
    expect(warmth).toEqual({ firstHalfP50Ms: 8, secondHalfP50Ms: 4, replies: 2 });
  });

  it('is unknown when a half has no reply', () => {
    expect(measure(observe([keptStory(0)], KEPT)).warmth).toBeNull();
  });
});

describe('the audit of nonces', () => {
  const stories = [keptStory(0), keptStory(1)];
  const clean = { records: 7, keys: 2, reusedNonces: 0, reused: [], unnotedRecords: 0 };
  const nonce = { flowId: 3, keyBase: 6, sequenceNumber: 9n, explicitNonce: '00'.repeat(8) };

  it('is part of the measurements when it was asked for', () => {
    expect(measure(observe(stories, KEPT)).audit).toBeNull();
    const { reused: _, ...counts } = clean;
    expect(measure(observe(stories, KEPT, { audit: clean })).audit).toEqual(counts);
  });

  it('makes a nonce that was used twice a violation', () => {
    const audit = { ...clean, reusedNonces: 2, reused: [{ ...nonce, replicas: [0, 1] as const }] };
    expect(evaluate(observe(stories, KEPT, { audit })).violations).toEqual([
      '2 nonces were used twice: flow 3, key from record 6, sequence number 9, explicit nonce 0000000000000000, ' +
        'sealed by replica 0, then by replica 1',
    ]);
  });

  it('makes records that nobody accounts for a violation', () => {
    const audit = { ...clean, unnotedRecords: 4 };
    expect(evaluate(observe(stories, KEPT, { audit })).violations).toEqual([
      '4 records left without a note of their nonce',
    ]);
  });

  it('proves nothing when it saw nothing', () => {
    const result = evaluate(observe(stories, KEPT, { audit: { ...clean, records: 0 } }));
    expect(result.status).toBe('invalid');
    expect(reasonsOf(result)).toContain('the audit of nonces saw no record');
  });
});
