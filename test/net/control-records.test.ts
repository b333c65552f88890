import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DELIVERED_ENTRY_BYTES,
  END_REASONS,
  encodeEnd,
  encodeFence,
  encodeOpen,
  encodePark,
  encodeSealed,
  encodeTake,
  MAX_CONTROL_BODY_BYTES,
  parseCredit,
  parseEnd,
  parseFence,
  parseOpen,
  parsePark,
  parseProtect,
  parseSealed,
  parseTake,
  type Take,
  writeDeliveredEntry,
} from '../../src/net/control-records.js';

const REFUSED = expect.objectContaining({ name: 'ProtocolError' });
const MAX_UINT48 = 2 ** 48 - 1;

const opens = fc.record({
  clientAddress: fc.oneof(fc.ipV4(), fc.ipV6()),
  clientPort: fc.nat(65_535),
  backup: fc.option(fc.nat(254), { nil: undefined }),
});
const takes: fc.Arbitrary<Take> = fc
  .record({
    open: opens,
    from: fc.nat(254),
    fromIncarnation: fc.nat(2 ** 32 - 1),
    read: fc.maxSafeNat().map((value) => value % (MAX_UINT48 - 5000)),
    written: fc.maxSafeNat().map((value) => value % (MAX_UINT48 - 5000)),
    unanswered: fc.nat(4000),
    delivered: fc.nat(40),
    creditBytes: fc.nat(2 ** 32 - 1),
    sealedState: fc.option(fc.uint8Array({ minLength: 1, maxLength: 2000 }), { nil: undefined }),
  })
  .map(({ open, read, written, unanswered, delivered, sealedState, ...rest }) => ({
    ...open,
    ...rest,
    commit: { recordsRead: read, recordsWritten: written },
    delivered: written + delivered,
    received: read + unanswered,
    sealedState: sealedState && Buffer.from(sealedState),
    deliveredEntries: Buffer.alloc(delivered * DELIVERED_ENTRY_BYTES, delivered),
  }));

describe('open', () => {
  it('is parsed back', () => {
    fc.assert(
      fc.property(opens, (open) => {
        expect(parseOpen(encodeOpen(open))).toEqual(open);
      }),
    );
  });

  it('is refused when it is cut or longer', () => {
    const body = encodeOpen({ clientAddress: '127.0.0.1', clientPort: 443, backup: 1 });
    for (let length = 0; length < body.length; length++) {
      expect(() => parseOpen(body.subarray(0, length))).toThrow(REFUSED);
    }
    expect(() => parseOpen(Buffer.concat([body, Buffer.of(0)]))).toThrow(REFUSED);
  });
});

describe('take', () => {
  it('is parsed back', () => {
    fc.assert(
      fc.property(takes, (take) => {
        expect(parseTake(encodeTake(take))).toEqual(take);
      }),
    );
  });

  it('is refused when it is cut or longer: its entries say how long it must be', () => {
    fc.assert(
      fc.property(takes, fc.nat(), (take, cut) => {
        const body = encodeTake(take);
        expect(() => parseTake(body.subarray(0, cut % body.length))).toThrow(REFUSED);
        expect(() => parseTake(Buffer.concat([body, Buffer.of(0)]))).toThrow(REFUSED);
      }),
    );
  });

  it('is refused when less was received or delivered than committed', () => {
    const take: Take = {
      clientAddress: '::1',
      clientPort: 1,
      backup: undefined,
      from: 0,
      fromIncarnation: 0,
      commit: { recordsRead: 5, recordsWritten: 5 },
      delivered: 5,
      received: 4,
      creditBytes: 0,
      sealedState: undefined,
      deliveredEntries: Buffer.alloc(0),
    };
    expect(() => parseTake(encodeTake(take))).toThrow('take: evidence does not add up');
    expect(() => parseTake(encodeTake({ ...take, delivered: 4, received: 5 }))).toThrow(REFUSED);
  });

  it('fits one control record with everything at its bound', () => {
    const body = encodeTake({
      clientAddress: 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255',
      clientPort: 65_535,
      backup: 254,
      from: 254,
      fromIncarnation: 2 ** 32 - 1,
      commit: { recordsRead: MAX_UINT48, recordsWritten: MAX_UINT48 - 3000 },
      delivered: MAX_UINT48,
      received: MAX_UINT48,
      creditBytes: 2 ** 32 - 1,
      // The longest checkpoint (1 KiB) and input (8 KiB), their framing (14) and their seal (28).
      sealedState: Buffer.alloc(9 * 1024 + 14 + 28),
      deliveredEntries: Buffer.alloc(3000 * DELIVERED_ENTRY_BYTES),
    });
    expect(body.length).toBeLessThanOrEqual(MAX_CONTROL_BODY_BYTES);
  });
});

describe('park', () => {
  const parks = fc.record({
    from: fc.nat(254),
    fromIncarnation: fc.nat(2 ** 32 - 1),
    backup: fc.option(fc.nat(254), { nil: undefined }),
    flowIds: fc.array(fc.nat(2 ** 32 - 1), { maxLength: 100 }),
  });

  it('is parsed back, and refused when it is cut or longer', () => {
    fc.assert(
      fc.property(parks, fc.nat(), (park, cut) => {
        const body = encodePark(park);
        expect(parsePark(body)).toEqual(park);
        expect(() => parsePark(body.subarray(0, cut % body.length))).toThrow(REFUSED);
        expect(() => parsePark(Buffer.concat([body, Buffer.of(0)]))).toThrow(REFUSED);
      }),
    );
  });

  it('fits one control record with the most flows that it may name', () => {
    const flowIds = Array.from({ length: 16_381 }, (_, id) => id);
    const body = encodePark({ from: 0, fromIncarnation: 0, backup: 1, flowIds });
    expect(body.length).toBeLessThanOrEqual(MAX_CONTROL_BODY_BYTES);
  });
});

describe('end', () => {
  it.each(END_REASONS)('is parsed back: %s', (reason) => {
    expect(parseEnd(encodeEnd(reason))).toBe(reason);
  });

  it.each([[[]], [[END_REASONS.length]], [[255]], [[0, 0]]])('is refused: %j', (bytes) => {
    expect(() => parseEnd(Buffer.from(bytes))).toThrow(REFUSED);
  });
});

describe('fence', () => {
  it('is parsed back, and nothing else is', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(2 ** 32 - 1), (replica, incarnation) => {
        const body = encodeFence({ replica, incarnation });
        expect(parseFence(body)).toEqual({ replica, incarnation });
        expect(() => parseFence(body.subarray(1))).toThrow(REFUSED);
        expect(() => parseFence(Buffer.concat([body, Buffer.of(0)]))).toThrow(REFUSED);
      }),
    );
  });
});

describe('sealed', () => {
  const notes = fc.record({
    keyBase: fc.maxSafeNat().map((value) => value % MAX_UINT48),
    sequenceNumber: fc.maxSafeNat(),
    explicitNonceBytes: fc.constantFrom(0, 8),
  });

  it('is parsed back, and nothing else is', () => {
    fc.assert(
      fc.property(notes, (note) => {
        const body = encodeSealed(note);
        expect(parseSealed(body)).toEqual(note);
        expect(() => parseSealed(body.subarray(1))).toThrow(REFUSED);
        expect(() => parseSealed(Buffer.concat([body, Buffer.of(0)]))).toThrow(REFUSED);
      }),
    );
  });

  it('is refused when no record can have been sealed with it', () => {
    const body = encodeSealed({ keyBase: 1, sequenceNumber: 2, explicitNonceBytes: 8 });
    const later = Buffer.from(body);
    later.writeUInt32BE(2 ** 21, 6);
    expect(() => parseSealed(later)).toThrow('sequence number 9007199254740994');
    expect(() => parseSealed(Buffer.concat([body.subarray(0, -1), Buffer.of(7)]))).toThrow(
      'nonce of 7 bytes',
    );
  });
});

describe('credit', () => {
  it('is four bytes', () => {
    expect(parseCredit(Buffer.of(0, 1, 0, 2))).toBe(65_538);
    expect(() => parseCredit(Buffer.of(0, 1, 0))).toThrow(REFUSED);
    expect(() => parseCredit(Buffer.of(0, 1, 0, 2, 3))).toThrow(REFUSED);
  });
});

describe('an entry of a delivered record', () => {
  it('is its length and its last 16 bytes', () => {
    const entry = Buffer.alloc(DELIVERED_ENTRY_BYTES + 2, 0xee);
    const record = Buffer.from([...Array(300).keys()]);
    writeDeliveredEntry(entry, 1, record);
    expect(entry.readUInt16BE(1)).toBe(300);
    expect(entry.subarray(3, 19)).toEqual(record.subarray(284));
    expect([entry[0], entry[19]]).toEqual([0xee, 0xee]);
  });
});

it('parsers throw nothing but ProtocolError, whatever they get', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const parse of [
        parseOpen,
        parseTake,
        parseEnd,
        parseFence,
        parseProtect,
        parseCredit,
        parseSealed,
      ]) {
        try {
          parse(Buffer.from(bytes));
        } catch (error) {
          expect(error).toEqual(REFUSED);
        }
      }
    }),
  );
});
