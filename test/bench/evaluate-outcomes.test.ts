/** What is possible at best under a fault, and with a workload: the judgement goes by that. */
import { describe, expect, it } from 'vitest';
import { double } from '../../src/cluster/faults/double.js';
import { slow } from '../../src/cluster/faults/slow.js';
import {
  evaluate,
  FAULT_MS,
  FULL,
  KEPT,
  keptStory,
  killEvidence,
  lostStory,
  measure,
  observe,
  RESUMED,
  reasonsOf,
  reconnectedStory,
  spec,
  transport,
} from './observations.js';

describe('a fault that touches no connection', () => {
  const untouched = {
    fault: { ...slow, verify: () => [] },
    evidence: killEvidence({ failures: [] }),
  };

  it.each([
    ['kept', KEPT],
    ['full', FULL],
  ])('counts although nobody recovers, and clients that stay are no false claim: %s', (_, expects) => {
    const seen = observe([keptStory(0)], expects, untouched);
    const result = evaluate({ ...seen, director: { ...seen.director, failures: [] } });
    expect(result).toMatchObject({ status: 'completed', violations: [] });
  });

  it('is a violation when a client loses its connection all the same, whatever the strategy', () => {
    const result = evaluate(observe([reconnectedStory(0, false)], FULL, untouched));
    expect(result.violations).toEqual(['1 connections were not kept: 1 x ECONNRESET']);
    expect(result.status).toBe('invalid');
  });
});

describe('a fault in which flows move as planned', () => {
  it('tells how many moved since the fault, and for how long somebody waited for them', () => {
    const seen = observe([keptStory(0)], KEPT);
    const row = { flowId: 1, from: 0, resumedMs: null };
    const handovers = [
      { ...row, atMs: FAULT_MS - 5, frozenMs: 99 },
      { ...row, atMs: FAULT_MS + 5, frozenMs: 3 },
      { ...row, atMs: FAULT_MS + 6, frozenMs: null },
    ];
    const { measurements } = evaluate({ ...seen, director: { ...seen.director, handovers } });
    expect(measurements?.handovers).toEqual({ moved: 2, freezesMs: [3] });
    expect(evaluate(seen).measurements?.handovers).toBeNull();
  });
});

describe('primary and backup at once', () => {
  const both = killEvidence({
    events: [0, 1].map((replica) => ({
      atMs: FAULT_MS,
      action: 'SIGKILL',
      replica,
      stateBefore: 'running',
    })),
    failures: [0, 1].map((replica) => ({ replica, cause: 'end of stream', atMs: 1002 })),
    fates: [0, 1].map(() => ({ endedBy: 'SIGKILL', state: 'ended', answers: false })),
  });
  const third = { endedBy: null, state: 'running', answers: true } as const;
  const two = { fault: double, evidence: both };
  const three = {
    fault: double,
    evidence: { ...both, replicas: 3, fates: [...both.fates, third] },
    spec: spec({ replicas: 3 }),
  };
  const lost = [lostStory(0, 'ECONNRESET'), lostStory(1, 'ECONNRESET')];

  it.each([
    ['kept', KEPT],
    ['full', FULL],
    ['resumed', RESUMED],
  ])(
    'nobody can recover with two replicas, which is neither a violation nor a disturbance: %s',
    (_, expects) => {
      const result = evaluate(observe(lost, expects, two));
      expect(result).toMatchObject({ status: 'completed', violations: [] });
      expect(result.measurements).toMatchObject({
        lastRecoveredMs: null,
        notRecoverable: { connections: 2, reason: expect.stringContaining('no replica is left') },
      });
    },
  );

  it('connections that nothing was done to, and that nobody served, hang: a violation', () => {
    const silent = { ...lostStory(0, 'x'), transports: [transport(0)] };
    const result = evaluate(observe([silent, lostStory(1, 'ECONNRESET')], KEPT, two));
    expect(result.violations).toEqual(['1 connections were neither served nor reset']);
  });

  it('a reply that was under way when the last replica died makes no connection a served one', () => {
    const late = {
      ...lostStory(0, 'ECONNRESET'),
      requests: [{ id: '0-0', connection: 0, sentMs: 999, repliedMs: 1001 }],
    };
    expect(evaluate(observe([late], KEPT, two)).measurements?.connections).toMatchObject([{ fate: 'lost' }]);
  });

  it('with three replicas, kept connections come back as new ones; that counts as not recoverable', () => {
    const result = evaluate(observe([reconnectedStory(0, false), reconnectedStory(1, false)], KEPT, three));
    expect(result).toMatchObject({ status: 'completed', violations: [] });
    expect(result.measurements?.notRecoverable).toMatchObject({ connections: 2 });
  });

  it('what a strategy cannot keep of a workload comes back as new, which is no violation; kept, it would be a lie', () => {
    const cannot = { notKept: 'the protocol forbids it' };
    const stories = [reconnectedStory(0, false), reconnectedStory(1, false)];
    const result = evaluate(observe(stories, KEPT, cannot));
    expect(result).toMatchObject({ status: 'completed', violations: [] });
    expect(result.measurements?.notRecoverable).toEqual({ connections: 2, reason: cannot.notKept });
    expect(evaluate(observe(stories, KEPT)).violations).toHaveLength(1);
    expect(evaluate(observe([keptStory(0)], KEPT, cannot))).toMatchObject({
      status: 'invalid',
      reasons: ['1 connections survived the fault'],
    });
  });

  it('with three replicas, strategies that reconnect recover as ever', () => {
    const result = evaluate(observe([reconnectedStory(0, true), lostStory(1, 'x')], RESUMED, three));
    expect(result).toMatchObject({ status: 'completed', violations: [] });
    expect(result.measurements?.notRecoverable).toBeNull();
    const nobody = evaluate(observe(lost, RESUMED, three));
    expect(nobody.status).toBe('invalid');
  });

  it.each([
    ['a connection survived', [keptStory(0)], KEPT, '1 connections survived'],
    ['somebody made a handshake', [reconnectedStory(0, false)], FULL, 'expected no handshake'],
  ] as const)('is invalid with two replicas when %s', (_, stories, expects, reason) => {
    const result = evaluate(observe(stories, expects, two));
    expect(result.status).toBe('invalid');
    expect(reasonsOf(result)).toContain(reason);
  });

  it('counts what the backup had received before it died', () => {
    const [survivor] = observe([keptStory(0)], KEPT).survivors;
    if (survivor === undefined) throw new Error('there is one');
    const beforeFault = [{ ...survivor, replication: { ...survivor.replication, bytes: 700, messages: 3 } }];
    const measured = measure(observe(lost, KEPT, { ...two, survivors: [], beforeFault }));
    expect(measured.replication).toMatchObject({ bytes: 700, messages: 3 });
  });
});
