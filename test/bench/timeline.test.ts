import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectionOutcomes } from '../../src/bench/timeline.js';
import type { HandoverRow } from '../../src/cluster/messages.js';
import { PLANNED_END, type TransportRow } from '../../src/contracts/load.js';
import type { ConnectionOutcome } from '../../src/contracts/results.js';
import {
  FAULT_MS,
  flow,
  KEPT,
  keptStory,
  lostStory,
  observe,
  reconnectedStory,
  type Story,
  transport,
} from './observations.js';

function outcomeOf(story: Story): ConnectionOutcome | undefined {
  return connectionOutcomes(observe([story], KEPT))[0];
}

describe('a connection that is kept', () => {
  it('recovers with the first reply that the backup gave', () => {
    expect(outcomeOf(keptStory(0))).toEqual({
      index: 0,
      fate: 'kept',
      cause: null,
      handshakes: { full: 0, resumed: 0 },
      recoveryTimeMs: 10,
      interruptionMs: 110,
      phases: { detectionMs: 2, redirectMs: 2, stateMs: 1, cryptoMs: 2, firstReplyMs: 3 },
      phaseAtFault: 'mid-request',
    });
  });

  it('does not recover with a reply that the dead primary had sent', () => {
    const story = keptStory(0);
    const late = { id: '0-9', connection: 0, sentMs: 998, repliedMs: FAULT_MS + 1 };
    const outcome = outcomeOf({ ...story, requests: [late, ...story.requests] });
    expect(outcome?.recoveryTimeMs).toBe(10);
    expect(outcome?.interruptionMs).toBe(110);
    const alone = outcomeOf({ ...story, requests: [late] });
    expect(alone).toMatchObject({ fate: 'kept', recoveryTimeMs: null, interruptionMs: null, phases: null });
  });

  it('does not recover with a reply that was wrong', () => {
    const story = keptStory(0);
    const requests = story.requests.map((row) => ({ ...row, outcome: 'failed' as const }));
    expect(outcomeOf({ ...story, requests })).toMatchObject({ fate: 'lost', recoveryTimeMs: null });
  });

  it('and was idle has no recovery time, and is alive by the closing check', () => {
    const check = { id: '0-1', connection: 0, sentMs: 1500, repliedMs: 1510, closing: true };
    const story = { ...keptStory(0), requests: [check] };
    const expected = { fate: 'kept', cause: null, recoveryTimeMs: null, interruptionMs: null, phases: null };
    expect(outcomeOf(story)).toMatchObject(expected);
  });

  it('but answers nothing is lost', () => {
    const story: Story = { ...keptStory(0), requests: [] };
    expect(outcomeOf(story)).toMatchObject({ fate: 'lost', cause: 'no reply' });
  });
});

describe('a connection that is reconnected', () => {
  it('recovers with the first reply over the new transport', () => {
    expect(outcomeOf(reconnectedStory(0, true))).toEqual({
      index: 0,
      fate: 'reconnected',
      cause: 'ECONNRESET',
      handshakes: { full: 0, resumed: 1 },
      recoveryTimeMs: 50,
      interruptionMs: 150,
      phases: { detectionMs: 2, redirectMs: 3, stateMs: 0, cryptoMs: 25, firstReplyMs: 20 },
      phaseAtFault: 'mid-request',
    });
  });

  it('counts every handshake that it made', () => {
    const story = reconnectedStory(0, false);
    const more = transport(0, {
      localPort: 5200,
      startedMs: 1100,
      afterLoss: true,
      connectedMs: 1101,
      secureMs: 1110,
    });
    const outcome = outcomeOf({ ...story, transports: [...story.transports, more] });
    expect(outcome?.handshakes).toEqual({ full: 2, resumed: 0 });
  });

  it('recovers over the first attempt that succeeds', () => {
    const story = reconnectedStory(0, true);
    const [first, second] = story.transports;
    if (first === undefined || second === undefined) throw new Error('the story has two transports');
    const refused = { ...second, connectedMs: null, secureMs: null, resumed: null, cause: 'ECONNREFUSED' };
    const outcome = outcomeOf({ ...story, transports: [first, { ...refused, endedMs: 1003.5 }, second] });
    expect(outcome).toMatchObject({ fate: 'reconnected', recoveryTimeMs: 50 });
  });

  it('does not recover with a reply that came over the old transport', () => {
    const story = reconnectedStory(0, true);
    const late = { id: '0-9', connection: 0, sentMs: 999, repliedMs: FAULT_MS + 1 };
    expect(outcomeOf({ ...story, requests: [late, ...story.requests] })?.recoveryTimeMs).toBe(50);
  });

  it('long before the fault, for a reason of its own, is kept by the fault', () => {
    const story = keptStory(0);
    const earlier = transport(0, { localPort: 4999, endedMs: 300, cause: 'ECONNRESET' });
    const outcome = outcomeOf({ ...story, transports: [earlier, ...story.transports] });
    expect(outcome).toMatchObject({ fate: 'kept', cause: null, recoveryTimeMs: 10 });
  });
});

describe('in a fault in which replicas end as planned', () => {
  const planned = { noticed: 'handover' } as const;
  const outcomesOf = (story: Story, handovers: readonly HandoverRow[]) => {
    const input = observe([story], KEPT);
    return connectionOutcomes({
      ...input,
      director: { ...input.director, failures: [], handovers },
      fault: planned,
    });
  };

  it('a connection loses its replica when it moves, not when the replica is told to end', () => {
    const [flowId] = keptStory(0).flows.map((row) => row.flowId);
    const handovers = [
      { flowId: flowId ?? 0, from: 0, atMs: 500, frozenMs: null, resumedMs: 501 },
      { flowId: flowId ?? 0, from: 0, atMs: 1003, frozenMs: 6, resumedMs: 1009 },
      { flowId: flowId ?? 0, from: 1, atMs: 1200, frozenMs: 5, resumedMs: 1205 },
    ];
    expect(outcomesOf(keptStory(0), handovers)).toMatchObject([
      {
        fate: 'kept',
        recoveryTimeMs: 7,
        interruptionMs: 110,
        phases: { detectionMs: 0, redirectMs: 1, stateMs: 1, cryptoMs: 2, firstReplyMs: 3 },
      },
    ]);
  });

  it('one that did not move has nothing to recover from', () => {
    expect(outcomesOf(keptStory(0), [])).toMatchObject([{ fate: 'kept', recoveryTimeMs: null }]);
  });

  it('a client that is sent away has lost its replica when its transport ends', () => {
    expect(outcomesOf(reconnectedStory(0, true), [])).toMatchObject([
      { fate: 'reconnected', recoveryTimeMs: 48, phases: { detectionMs: 0 } },
    ]);
  });
});

describe('a connection that ends as planned', () => {
  const ended = (endedMs: number) => transport(0, { endedMs, cause: PLANNED_END });
  const next = (startedMs: number, changes: Partial<TransportRow> = {}) =>
    transport(0, {
      localPort: 4998,
      startedMs,
      connectedMs: startedMs + 1,
      secureMs: startedMs + 5,
      ...changes,
    });

  it('after a survivor has served it, was kept, and its next one is no handshake of a recovery', () => {
    const outcome = outcomeOf({ ...keptStory(0), transports: [ended(1012), next(1013)] });
    expect(outcome).toMatchObject({ fate: 'kept', recoveryTimeMs: 10, handshakes: { full: 0, resumed: 0 } });
  });

  it('before the fault, with the next one made after it, had nothing to be kept', () => {
    const outcome = outcomeOf({ ...keptStory(0), transports: [ended(999), next(1001)] });
    expect(outcome).toMatchObject({ fate: 'opened', recoveryTimeMs: null, handshakes: { full: 0 } });
  });

  it('leaves the next one to be kept once that has carried a reply, and not before', () => {
    const onFlow = { localPort: 5000 };
    const proven = outcomeOf({ ...keptStory(0), transports: [ended(890), next(891, onFlow)] });
    expect(proven).toMatchObject({ fate: 'kept', recoveryTimeMs: 10 });
    const fresh = {
      ...keptStory(0),
      transports: [ended(905), next(906, { ...onFlow, endedMs: 1001, cause: 'x' }), next(1002)],
    };
    expect(outcomeOf(fresh)).toMatchObject({ fate: 'opened', handshakes: { full: 0, resumed: 0 } });
  });
});

describe('a connection that is lost', () => {
  it('is told with its cause', () => {
    const expected = { fate: 'lost', cause: 'ECONNRESET', recoveryTimeMs: null, phases: null };
    expect(outcomeOf(lostStory(0, 'ECONNRESET'))).toMatchObject(expected);
  });

  it('is one that was never there', () => {
    const transports = [transport(0, { endedMs: 300, cause: 'ECONNRESET' })];
    expect(outcomeOf({ ...keptStory(0), transports, requests: [] })).toMatchObject({ fate: 'lost' });
  });
});

describe('connectionOutcomes', () => {
  it('joins the reports of all processes by connection', () => {
    const stories = [keptStory(0), reconnectedStory(1, false), lostStory(2, 'closed'), keptStory(3)];
    const outcomes = connectionOutcomes(observe(stories, KEPT));
    expect(outcomes.map(({ index, fate }) => [index, fate])).toEqual([
      [0, 'kept'],
      [1, 'reconnected'],
      [2, 'lost'],
      [3, 'kept'],
    ]);
  });

  it('takes no takeover of another flow for its own', () => {
    const story = { ...keptStory(0), flows: [flow(0, { flowId: 77, resumedMs: 1009 })] };
    expect(outcomeOf(story)).toMatchObject({ fate: 'kept', recoveryTimeMs: null });
  });

  it('gives phases that add up, none below zero, in whatever order the processes saw them', () => {
    const at = fc.double({ min: FAULT_MS - 5, max: FAULT_MS + 50, noNaN: true });
    fc.assert(
      fc.property(at, at, at, (takenMs, stateMs, cryptoMs) => {
        const takeovers = [{ flowId: 1, takenMs, stateMs, cryptoMs }];
        const outcome = outcomeOf({ ...keptStory(0), takeovers });
        const phases = Object.values(outcome?.phases ?? {});
        expect(phases.every((ms) => ms >= 0)).toBe(true);
        expect(phases.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(10, 6);
      }),
    );
  });
});
