import { describe, expect, it } from 'vitest';
import { KeptConnection } from '../../../src/cluster/replica/kept-state.js';
import type { SealChange } from '../../../src/cluster/replica/regeneration.js';
import { planResumption, type ResumePlan } from '../../../src/cluster/replica/resume-plan.js';
import type { CommittedState, StateMessage } from '../../../src/cluster/replication/state-message.js';
import type { TakeoverDecision } from '../../../src/contracts/strategy.js';
import { DELIVERED_ENTRY_BYTES, type Take } from '../../../src/net/control-records.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { owedKeyUpdates, serializeStaticState } from '../../../src/tls/static-state.js';
import { staticState } from './record-bench.js';

const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const SUITE_12 = findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' });
const ESTABLISHED = { recordsRead: 3, recordsWritten: 6 };
const COMMIT: TakeoverDecision = { kind: 'replay', from: 'commit' };
const FROM_START: TakeoverDecision = { kind: 'replay', from: 'established' };
const RESTORE: TakeoverDecision = { kind: 'restore' };
const MISMATCH = { refused: 'state-mismatch' };

/** Entries whose bytes say which record they are of. */
function entries(from: number, to: number): Buffer {
  const all = Array.from({ length: to - from }, (_, i) => Buffer.alloc(DELIVERED_ENTRY_BYTES, from + i));
  return Buffer.concat(all);
}

function take(commit: readonly [number, number], delivered: number, changes: Partial<Take> = {}): Take {
  const [recordsRead, recordsWritten] = commit;
  return {
    clientAddress: '127.0.0.1',
    clientPort: 1,
    backup: undefined,
    from: 0,
    fromIncarnation: 0,
    commit: { recordsRead, recordsWritten },
    delivered,
    received: 20,
    creditBytes: 1000,
    sealedState: undefined,
    deliveredEntries: entries(recordsWritten, delivered),
    ...changes,
  };
}

const KEY_UPDATE = (record: number, answers: boolean): [number, SealChange] => [
  record,
  { kind: 'key-update', answers },
];
const NONCE_REGION = (record: number, number: number): [number, SealChange] => [
  record,
  { kind: 'nonce-region', region: number },
];

/** @param counts KeyUpdates that the client asked for, and that were answered */
function epoch(
  number: number,
  readBase: number,
  writeBase: number,
  [asked, answered]: readonly [number, number] = [0, 0],
): StateMessage {
  const state = {
    ...staticState(SUITE, { recordsRead: readBase, recordsWritten: writeBase }),
    epoch: number,
    keyUpdates: { asked, answered },
  };
  return { secrets: { established: ESTABLISHED, state: serializeStaticState(state) } };
}

/** Of a TLS 1.2 connection. */
function region(epochNumber: number, number: number, base: number): StateMessage {
  const start = staticState(SUITE_12, { recordsRead: 3, recordsWritten: 4 });
  const state = { ...start, epoch: epochNumber, nonceRegion: { number, base } };
  return { secrets: { established: ESTABLISHED, state: serializeStaticState(state) } };
}

function keep(...messages: readonly StateMessage[]): KeptConnection {
  const kept = new KeptConnection();
  for (const message of [epoch(0, 3, 4), ...messages]) kept.apply(message);
  return kept;
}

function plan(
  kept: KeptConnection,
  evidence: Take,
  decision: TakeoverDecision,
  committed?: CommittedState,
): ResumePlan {
  const planned = planResumption(kept, evidence, decision, committed);
  if ('refused' in planned) throw new Error(`refused: ${planned.refused}`);
  return planned;
}

describe('a strategy that refuses', () => {
  it('is believed', () => {
    const decision = { kind: 'refuse', reason: 'handshake-unfinished' } as const;
    expect(planResumption(keep(), take([5, 8], 8), decision, undefined)).toEqual({
      refused: 'handshake-unfinished',
    });
  });
});

describe('a replay from the last commit', () => {
  it('makes again what was delivered behind it', () => {
    expect(plan(keep(), take([5, 8], 10), COMMIT)).toMatchObject({
      recordsRead: 5,
      recordsWritten: 8,
      unsent: [],
      input: [],
      delivered: entries(8, 10),
      checkpoint: undefined,
      state: { epoch: 0 },
    });
  });

  it('goes on in the middle of a reply with the state that was committed there', () => {
    const committed = {
      checkpoint: { recordsWritten: 8, beforeHead: false, state: Buffer.from('offset') },
      input: Buffer.from('GET'),
    };
    const sealed = take([5, 8], 9, { sealedState: Buffer.from('sealed') });
    expect(plan(keep(), sealed, COMMIT, committed)).toMatchObject({
      recordsWritten: 8,
      input: [Buffer.from('GET')],
      checkpoint: { state: Buffer.from('offset') },
      delivered: entries(8, 9),
    });
  });

  it('is refused when there is a committed state that cannot be opened, or is of another point', () => {
    const sealed = take([5, 8], 9, { sealedState: Buffer.from('sealed') });
    expect(planResumption(keep(), sealed, COMMIT, undefined)).toEqual(MISMATCH);
    const elsewhere = {
      checkpoint: { recordsWritten: 7, beforeHead: false, state: Buffer.alloc(1) },
      input: Buffer.alloc(0),
    };
    expect(planResumption(keep(), sealed, COMMIT, elsewhere)).toEqual(MISMATCH);
  });

  it('uses the newest epoch that had begun there', () => {
    const kept = keep(epoch(1, 6, 9), epoch(2, 7, 12));
    expect(plan(kept, take([5, 8], 10), COMMIT).state.epoch).toBe(0);
    expect(plan(kept, take([6, 9], 10), COMMIT).state.epoch).toBe(1);
    expect(plan(kept, take([7, 12], 13), COMMIT).state.epoch).toBe(2);
  });

  it('uses each direction in its own epoch', () => {
    const { state } = plan(keep(epoch(1, 6, 9), epoch(2, 7, 12)), take([7, 10], 13), COMMIT);
    expect([state.readBase, state.writeBase]).toEqual([7, 9]);
  });

  it('knows which delivered records are KeyUpdates, which of them answered one, and which the client lacks', () => {
    const kept = keep(epoch(1, 6, 9, [1, 1]), epoch(2, 7, 12, [1, 1]));
    const both = plan(kept, take([5, 8], 12), COMMIT);
    expect(both).toMatchObject({ changes: new Map([KEY_UPDATE(8, true), KEY_UPDATE(11, false)]) });
    expect(both.unseenKeyUpdates).toBe(0);
    const one = plan(kept, take([6, 8], 10), COMMIT);
    expect(one).toMatchObject({ changes: new Map([KEY_UPDATE(8, true)]), unseenKeyUpdates: 1 });
    const none = plan(kept, take([7, 12], 13), COMMIT);
    expect(none).toMatchObject({ changes: new Map(), unseenKeyUpdates: 0 });
  });

  it('owes the answers to what was read and not answered before it', () => {
    const kept = keep(epoch(1, 6, 4, [1, 0]), epoch(2, 6, 9, [1, 1]));
    expect(owedKeyUpdates(plan(kept, take([5, 8], 10), COMMIT).state)).toBe(0);
    expect(owedKeyUpdates(plan(kept, take([6, 8], 10), COMMIT).state)).toBe(1);
    expect(owedKeyUpdates(plan(kept, take([6, 9], 10), COMMIT).state)).toBe(0);
    // The answer was sealed before what it answers is read again.
    expect(owedKeyUpdates(plan(kept, take([5, 9], 10), COMMIT).state)).toBe(-1);
  });

  it('knows where the nonces of a backup began', () => {
    const kept = new KeptConnection();
    for (const message of [region(0, 0, 4), region(1, 77, 9), region(2, 88, 12)]) kept.apply(message);
    const across = plan(kept, take([5, 8], 13), COMMIT);
    expect(across.state.nonceRegion).toBeUndefined();
    expect(across.changes).toEqual(new Map([NONCE_REGION(9, 77), NONCE_REGION(12, 88)]));
    const within = plan(kept, take([5, 9], 12), COMMIT);
    expect(within.state).toMatchObject({ writeBase: 4, nonceRegion: { number: 77, base: 9 } });
    expect(within.unseenKeyUpdates).toBe(0);
  });

  it('is refused when no kept epoch had begun there', () => {
    expect(planResumption(keep(), take([2, 8], 10), COMMIT, undefined)).toEqual(MISMATCH);
    expect(planResumption(new KeptConnection(), take([5, 8], 10), COMMIT, undefined)).toEqual(MISMATCH);
  });

  it('takes the outcomes along', () => {
    const outcome = {
      from: { recordsRead: 5, recordsWritten: 8 },
      through: 6,
      whole: true,
      output: Buffer.from('done'),
    };
    expect(plan(keep({ outcome }), take([5, 8], 8), COMMIT).outcomes).toEqual([outcome]);
  });
});

describe('a replay from the handshake', () => {
  it('skips its records', () => {
    expect(plan(keep(), take([0, 0], 7), FROM_START)).toMatchObject({
      recordsRead: 3,
      recordsWritten: 6,
      delivered: entries(6, 7),
    });
  });

  it('is refused when the client lacks some of it', () => {
    expect(planResumption(keep(), take([0, 0], 5), FROM_START, undefined)).toEqual(MISMATCH);
    expect(planResumption(new KeptConnection(), take([0, 0], 7), FROM_START, undefined)).toEqual(MISMATCH);
  });
});

describe('the restoring of a snapshot', () => {
  const output = (from: number, to: number) => ({
    answered: false,
    records: Array.from({ length: to - from }, (_, i) => ({ index: from + i, content: Buffer.of(from + i) })),
  });
  const request = (startWritten: number): StateMessage => ({
    position: { recordsRead: 6, recordsWritten: startWritten },
    input: { restart: true, startWritten, bytes: Buffer.from('GET') },
  });
  const answered = (from: number, to: number): StateMessage => ({
    position: { recordsRead: 6, recordsWritten: to },
    output: { ...output(from, to), answered: true },
  });

  it.each([
    ['all of it is missing', 8, [8, 9, 10]],
    ['some of it is missing', 10, [10]],
    ['nothing is missing', 11, []],
  ])('of a complete reply sends what the client lacks: %s', (_what, delivered, unsent) => {
    const planned = plan(keep(request(8), answered(8, 11)), take([5, 8], delivered), RESTORE);
    expect(planned.unsent.map(({ index }) => index)).toEqual(unsent);
    expect(planned).toMatchObject({ recordsRead: 6, recordsWritten: delivered, input: [] });
    expect(planned.delivered).toHaveLength(0);
  });

  it('of a reply under way executes the request again, and checks what was delivered of it', () => {
    const kept = keep(request(8), {
      position: { recordsRead: 6, recordsWritten: 10 },
      output: output(8, 10),
    });
    expect(plan(kept, take([5, 8], 10), RESTORE)).toMatchObject({
      recordsRead: 6,
      recordsWritten: 8,
      unsent: [],
      input: [Buffer.from('GET')],
      delivered: entries(8, 10),
    });
  });

  it('of a new request first sends what the client lacks of the last reply', () => {
    const kept = keep(request(8), answered(8, 11), request(11));
    const planned = plan(kept, take([5, 8], 9), RESTORE);
    expect(planned.unsent.map(({ index }) => index)).toEqual([9, 10]);
    expect(planned).toMatchObject({ recordsWritten: 9, input: [Buffer.from('GET')] });
    expect(planned.delivered).toHaveLength(0);
  });

  describe('with a checkpoint', () => {
    const kept = () =>
      keep(request(8), {
        position: { recordsRead: 6, recordsWritten: 12 },
        output: output(8, 12),
        checkpoint: { recordsWritten: 10, beforeHead: false, state: Buffer.from('offset') },
      });

    it('goes on from it, and checks what was delivered behind it', () => {
      expect(plan(kept(), take([5, 8], 11), RESTORE)).toMatchObject({
        recordsWritten: 10,
        unsent: [],
        checkpoint: { state: Buffer.from('offset') },
        input: [Buffer.from('GET')],
        delivered: entries(10, 11),
      });
    });

    it('goes on from it when the client lacks what comes before, which is sent first', () => {
      const planned = plan(kept(), take([5, 8], 9), RESTORE);
      expect(planned.unsent.map(({ index }) => index)).toEqual([9]);
      expect(planned).toMatchObject({ recordsWritten: 9, checkpoint: { state: Buffer.from('offset') } });
      expect(planned.delivered).toHaveLength(0);
    });
  });

  it('of a reply with KeyUpdates sends the output that is missing, and answers what is owed', () => {
    const records = [8, 9, 11].map((index) => ({ index, content: Buffer.of(index) }));
    const message: StateMessage = {
      position: { recordsRead: 6, recordsWritten: 12 },
      output: { answered: true, records },
    };
    const kept = keep(request(8), epoch(1, 3, 11), message);
    const planned = plan(kept, take([5, 8], 9), RESTORE);
    expect(planned.unsent.map(({ index }) => index)).toEqual([9, 11]);
    expect(planned).toMatchObject({ recordsWritten: 9, unseenKeyUpdates: 1 });
  });

  it.each<[string, KeptConnection, Take]>([
    ['there is none', keep(), take([5, 8], 8)],
    ['output that the client lacks is not there', keep(request(8), answered(9, 11)), take([5, 8], 8)],
    [
      'a record that the client lacks was no output',
      keep(request(8), answered(8, 10), request(11)),
      take([5, 8], 10),
    ],
    ['the evidence does not reach back to it', keep(request(8), { output: output(8, 10) }), take([6, 9], 10)],
  ])('is refused when %s', (_what, kept, evidence) => {
    expect(planResumption(kept, evidence, RESTORE, undefined)).toEqual(MISMATCH);
  });
});
