import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeCommittedState,
  encodeStateMessage,
  parseCommittedState,
  parseStateMessage,
  type StateMessage,
} from '../../../src/cluster/replication/state-message.js';
import { fuzzRuns } from '../../fuzz-budget.js';

const REFUSED = expect.objectContaining({ name: 'ProtocolError' });

const bytes = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array));
const count = fc.nat(2 ** 31).map((value) => value * 2 ** 16);
const position = fc.record({ recordsRead: count, recordsWritten: count });
const checkpoint = fc.record({ recordsWritten: count, beforeHead: fc.boolean(), state: bytes });
const messages: fc.Arbitrary<StateMessage> = fc.record(
  {
    secrets: fc.record({ established: position, state: bytes }),
    otherEpochs: fc.array(bytes, { maxLength: 3 }),
    position,
    input: fc.record({ restart: fc.boolean(), startWritten: count, bytes }),
    output: fc.record({
      answered: fc.boolean(),
      records: fc.array(fc.record({ index: count, content: bytes }), { maxLength: 5 }),
    }),
    outcome: fc.record({ from: position, through: count, whole: fc.boolean(), output: bytes }),
    checkpoint,
  },
  { requiredKeys: [] },
);

describe('a state message', () => {
  it('is parsed back, with any of its fields', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(parseStateMessage(encodeStateMessage(message))).toEqual(message);
      }),
    );
  });

  it('is refused or shorter by whole fields when it is cut', () => {
    fc.assert(
      fc.property(messages, fc.nat(), (message, cut) => {
        const encoded = encodeStateMessage(message);
        const part = encoded.subarray(0, cut % (encoded.length + 1));
        try {
          expect(message).toMatchObject(parseStateMessage(part));
        } catch (error) {
          expect(error).toEqual(REFUSED);
        }
      }),
    );
  });

  it('does not share memory with what it was parsed from', () => {
    const encoded = encodeStateMessage({
      secrets: { established: { recordsRead: 1, recordsWritten: 2 }, state: Buffer.from('secret') },
      otherEpochs: [Buffer.from('another')],
      outcome: {
        from: { recordsRead: 1, recordsWritten: 2 },
        through: 3,
        whole: true,
        output: Buffer.from('output'),
      },
    });
    const parsed = parseStateMessage(encoded);
    encoded.fill(0);
    expect(parsed.secrets?.state.toString()).toBe('secret');
    expect(parsed.otherEpochs?.map(String)).toEqual(['another']);
    expect(parsed.outcome?.output.toString()).toBe('output');
  });

  it.each([
    ['an unknown field', [9]],
    ['a flag that is none', [3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['more records than there are bytes', [4, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]],
    ['more epochs than there are bytes', [7, 2, 0, 0, 0, 1, 9]],
    ['more bytes than there are', [6, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]],
  ])('is refused with %s', (_what, encoded) => {
    expect(() => parseStateMessage(Buffer.from(encoded))).toThrow(REFUSED);
  });

  it('throws nothing but ProtocolError, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (array) => {
        for (const parse of [parseStateMessage, parseCommittedState]) {
          try {
            parse(Buffer.from(array));
          } catch (error) {
            expect(error).toEqual(REFUSED);
          }
        }
      }),
      { numRuns: fuzzRuns(300) },
    );
  });
});

describe('a committed state', () => {
  it('is parsed back, and refused when it is cut or longer', () => {
    fc.assert(
      fc.property(checkpoint, bytes, fc.nat(), (at, input, cut) => {
        const encoded = encodeCommittedState({ checkpoint: at, input });
        expect(parseCommittedState(encoded)).toEqual({ checkpoint: at, input });
        expect(() => parseCommittedState(encoded.subarray(0, cut % encoded.length))).toThrow(REFUSED);
        expect(() => parseCommittedState(Buffer.concat([encoded, Buffer.of(0)]))).toThrow(REFUSED);
      }),
    );
  });
});
