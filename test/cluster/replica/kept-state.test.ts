import { describe, expect, it } from 'vitest';
import { KeptConnection } from '../../../src/cluster/replica/kept-state.js';
import {
  encodeStateMessage,
  parseStateMessage,
  type StateMessage,
} from '../../../src/cluster/replication/state-message.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { serializeStaticState } from '../../../src/tls/static-state.js';
import { staticState } from './record-bench.js';

const ESTABLISHED = { recordsRead: 3, recordsWritten: 6 };

const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });

/** A state whose write half begins at server record `writeBase`. */
function packed(writeBase: number): Buffer {
  return serializeStaticState(staticState(SUITE, { recordsRead: 3, recordsWritten: writeBase }));
}

function secrets(writeBase: number): Required<Pick<StateMessage, 'secrets'>> {
  return { secrets: { established: ESTABLISHED, state: packed(writeBase) } };
}

const isWiped = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

function keep(...messages: readonly StateMessage[]): KeptConnection {
  const kept = new KeptConnection();
  for (const message of messages) kept.apply(message);
  return kept;
}

describe('KeptConnection', () => {
  it('has nothing to show at first', () => {
    expect(keep().describe()).toEqual({ established: undefined, snapshot: undefined, outcomes: [] });
  });

  it('keeps the epochs that it is told of, with the position of their owner', () => {
    const kept = keep(secrets(4), secrets(8));
    expect(kept.epochs).toEqual([packed(4), packed(8)]);
    expect(kept.established).toEqual(ESTABLISHED);
  });

  it('forgets what it had of epochs when an owner tells all of them', () => {
    const [first, second] = [secrets(4), secrets(9)];
    const kept = keep(first, second, { ...secrets(12), otherEpochs: [packed(4), packed(8)] });
    expect(kept.epochs).toEqual([packed(4), packed(8), packed(12)]);
    for (const { secrets: dropped } of [first, second]) expect(isWiped(dropped.state)).toBe(true);
  });

  it('tells another backup all of them, in place of what that one has', () => {
    const kept = keep(secrets(4), secrets(8), secrets(12));
    const other = keep(secrets(5), secrets(14));
    const messages = kept.messages();
    for (const message of messages) other.apply(parseStateMessage(encodeStateMessage(message)));
    expect(other.epochs).toEqual([packed(4), packed(8), packed(12)]);
    expect(kept.epochs).toHaveLength(3);
  });

  it('counts KeyUpdates before its output as covered', () => {
    const output = { answered: false, records: [{ index: 9, content: Buffer.alloc(1) }] };
    const position = { recordsRead: 5, recordsWritten: 10 };
    const kept = keep(secrets(4), secrets(8), secrets(9), { position, output });
    expect(kept.describe().snapshot?.outputFrom).toBe(7);
  });

  it('keeps secrets that come again once', () => {
    const [first, again] = [secrets(1), secrets(1)];
    expect(keep(first, again).epochs).toHaveLength(1);
    expect(isWiped(again.secrets.state)).toBe(true);
  });

  it('wipes every secret when the flow ends', () => {
    const messages = [secrets(1), secrets(2)];
    const kept = keep(...messages);
    kept.wipe();
    expect(messages.every(({ secrets: { state } }) => isWiped(state))).toBe(true);
    expect(kept.established).toBeUndefined();
  });

  it('puts a snapshot together from what came in parts', () => {
    const kept = keep(
      {
        position: { recordsRead: 4, recordsWritten: 6 },
        input: { restart: true, startWritten: 6, bytes: Buffer.from('GE') },
      },
      { input: { restart: false, startWritten: 6, bytes: Buffer.from('T') } },
      { output: { answered: false, records: [{ index: 6, content: Buffer.from('a') }] } },
      { checkpoint: { recordsWritten: 7, beforeHead: false, state: Buffer.from('state') } },
      {
        position: { recordsRead: 5, recordsWritten: 8 },
        output: { answered: true, records: [{ index: 7, content: Buffer.from('b') }] },
      },
    );
    expect(kept.snapshot()).toEqual({
      recordsRead: 5,
      recordsWritten: 8,
      startWritten: 6,
      answered: true,
      input: [Buffer.from('GE'), Buffer.from('T')],
      output: [
        { index: 6, content: Buffer.from('a') },
        { index: 7, content: Buffer.from('b') },
      ],
      checkpoint: { recordsWritten: 7, beforeHead: false, state: Buffer.from('state') },
    });
    expect(kept.describe().snapshot).toEqual({
      recordsRead: 5,
      recordsWritten: 8,
      outputFrom: 6,
      answered: true,
      applicationState: true,
    });
  });

  it('begins a new exchange without what belonged to the last', () => {
    const kept = keep(
      {
        position: { recordsRead: 4, recordsWritten: 7 },
        input: { restart: true, startWritten: 6, bytes: Buffer.from('a') },
      },
      { checkpoint: { recordsWritten: 7, beforeHead: false, state: Buffer.from('state') } },
      { output: { answered: true, records: [{ index: 6, content: Buffer.from('b') }] } },
      { input: { restart: true, startWritten: 7, bytes: Buffer.alloc(0) } },
    );
    expect(kept.snapshot()).toMatchObject({
      input: [],
      startWritten: 7,
      answered: false,
      checkpoint: undefined,
    });
    // The client may lack the output still.
    expect(kept.snapshot()?.output).toHaveLength(1);
  });

  it('bounds the output that it keeps, and the outcomes', () => {
    const kept = keep({ position: ESTABLISHED });
    for (let index = 0; index < 100; index++) {
      kept.apply({
        output: { answered: false, records: [{ index, content: Buffer.alloc(16_384) }] },
        outcome: {
          from: { recordsRead: index, recordsWritten: 0 },
          through: index + 1,
          whole: true,
          output: Buffer.alloc(1),
        },
      });
    }
    expect(kept.snapshot()?.output).toHaveLength(32);
    expect(kept.describe().snapshot?.outputFrom).toBe(68);
    expect(kept.outcomes.map(({ through }) => through)).toEqual([...Array(16).keys()].map((i) => i + 85));
  });
});
