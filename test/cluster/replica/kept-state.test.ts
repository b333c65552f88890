import { describe, expect, it } from 'vitest';
import { KeptConnection } from '../../../src/cluster/replica/kept-state.js';
import type { StateMessage } from '../../../src/cluster/replication/state-message.js';

const ESTABLISHED = { recordsRead: 3, recordsWritten: 6 };

/** Longer than the head of a static state, version to write base. */
const STATE_BYTES = 24;

/** Bytes with the head of a static state: `fill` is its epoch too. */
function secrets(fill: number, writeBase = 4): Required<Pick<StateMessage, 'secrets'>> {
  const state = Buffer.alloc(STATE_BYTES, fill);
  state.writeUInt32BE(fill, 3);
  state.writeUIntBE(writeBase, 13, 6);
  return { secrets: { established: ESTABLISHED, state } };
}

function keep(...messages: readonly StateMessage[]): KeptConnection {
  const kept = new KeptConnection();
  for (const message of messages) kept.apply(message);
  return kept;
}

describe('KeptConnection', () => {
  it('has nothing to show at first', () => {
    expect(keep().describe()).toEqual({ established: undefined, snapshot: undefined, outcomes: [] });
  });

  it('keeps the newest epochs, the newest first, and wipes what it drops', () => {
    const numbers = Array.from({ length: 18 }, (_, index) => index + 1);
    const messages = numbers.map(secrets);
    const kept = keep(...messages);
    expect(kept.epochs.map(([first]) => first)).toEqual(numbers.slice(2).reverse());
    expect(messages.map(({ secrets: { state } }) => state[0])).toEqual([0, 0, ...numbers.slice(2)]);
    expect(kept.established).toEqual(ESTABLISHED);
  });

  it('drops what a failed owner changed behind the point from which another one goes on', () => {
    const [first, second, third] = [secrets(1), secrets(2), secrets(3)];
    const kept = keep(first, second, third, secrets(2, 5));
    expect(kept.epochs.map((state) => [state[0], state.readUIntBE(13, 6)])).toEqual([
      [2, 5],
      [1, 4],
    ]);
    for (const { secrets: dropped } of [second, third]) {
      expect(dropped.state).toEqual(Buffer.alloc(STATE_BYTES));
    }
  });

  it('counts KeyUpdates before its output as covered', () => {
    const output = { answered: false, records: [{ index: 9, content: Buffer.alloc(1) }] };
    const position = { recordsRead: 5, recordsWritten: 10 };
    const kept = keep(secrets(1), secrets(2, 8), secrets(3, 9), { position, output });
    expect(kept.describe().snapshot?.outputFrom).toBe(7);
  });

  it('keeps secrets that come again once', () => {
    const [first, again] = [secrets(1), secrets(1)];
    expect(keep(first, again).epochs).toHaveLength(1);
    expect(again.secrets.state).toEqual(Buffer.alloc(STATE_BYTES));
  });

  it('wipes every secret when the flow ends', () => {
    const messages = [secrets(1), secrets(2)];
    const kept = keep(...messages);
    kept.wipe();
    expect(messages.map(({ secrets: { state } }) => state)).toEqual([
      Buffer.alloc(STATE_BYTES),
      Buffer.alloc(STATE_BYTES),
    ]);
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
      { checkpoint: { recordsWritten: 7, state: Buffer.from('state') } },
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
      checkpoint: { recordsWritten: 7, state: Buffer.from('state') },
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
      { checkpoint: { recordsWritten: 7, state: Buffer.from('state') } },
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
