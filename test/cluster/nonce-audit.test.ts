import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NonceLog } from '../../src/cluster/director/nonce-log.js';
import { auditNonces, NONCE_ROW_BYTES, type NonceAudit } from '../../src/cluster/nonce-audit.js';

interface Sealed {
  readonly flowId: number;
  readonly replica?: number;
  readonly keyBase?: number;
  readonly sequenceNumber: number;
  /** Of a TLS 1.2 AES-GCM record. */
  readonly explicitNonce?: number;
  /** What is in it: its tag follows from it. */
  readonly content: number;
}

/** Header, explicit nonce if there is one, ciphertext, tag. */
function recordOf({ explicitNonce, content }: Sealed): Buffer {
  const nonce = Buffer.alloc(explicitNonce === undefined ? 0 : 8);
  if (explicitNonce !== undefined) nonce.writeUInt32BE(explicitNonce, 4);
  return Buffer.concat([Buffer.of(23, 3, 3, 0, 40), nonce, Buffer.alloc(24, 7), Buffer.alloc(16, content)]);
}

function log(rows: readonly Sealed[], unnoted: (index: number) => boolean = () => false): Buffer {
  const written: Buffer[] = [];
  const nonceLog = new NonceLog((bytes) => written.push(Buffer.from(bytes)));
  for (const [index, row] of rows.entries()) {
    const { flowId, replica = 0, keyBase = 4, sequenceNumber, explicitNonce } = row;
    const explicitNonceBytes = explicitNonce === undefined ? 0 : 8;
    if (!unnoted(index)) nonceLog.note(flowId, replica, { keyBase, sequenceNumber, explicitNonceBytes });
    nonceLog.left(flowId, replica, recordOf(row));
  }
  nonceLog.flush();
  return Buffer.concat(written);
}

const audit = (rows: readonly Sealed[]): NonceAudit => auditNonces(log(rows));

describe('the audit of nonces', () => {
  it('finds nothing in records whose numbers are all different', () => {
    const sealed = fc.record({
      flowId: fc.integer({ min: 1, max: 3 }),
      keyBase: fc.integer({ min: 0, max: 3 }),
      sequenceNumber: fc.oneof(fc.nat(20), fc.maxSafeNat()),
      content: fc.nat(255),
    });
    const selector = (row: Sealed) => `${row.flowId} ${row.keyBase} ${row.sequenceNumber}`;
    fc.assert(
      fc.property(fc.uniqueArray(sealed, { selector, maxLength: 60 }), (rows) => {
        const keys = new Set(rows.map(({ flowId, keyBase }) => `${flowId} ${keyBase}`)).size;
        const expected = { records: rows.length, keys, reusedNonces: 0, reused: [], unnotedRecords: 0 };
        expect(audit(rows)).toEqual(expected);
      }),
    );
  });

  it('finds every number that sealed something else before', () => {
    const sealed = fc.record({
      flowId: fc.integer({ min: 1, max: 2 }),
      sequenceNumber: fc.nat(30),
      content: fc.nat(1),
    });
    fc.assert(
      fc.property(fc.array(sealed, { maxLength: 60 }), (rows) => {
        const first = new Map<string, number>();
        let expected = 0;
        for (const { flowId, sequenceNumber, content } of rows) {
          const nonce = `${flowId} ${sequenceNumber}`;
          if ((first.get(nonce) ?? content) !== content) expected += 1;
          if (!first.has(nonce)) first.set(nonce, content);
        }
        expect(audit(rows).reusedNonces).toBe(expected);
      }),
    );
  });

  it('says which one, and who did it', () => {
    const rows = [
      { flowId: 9, replica: 0, keyBase: 6, sequenceNumber: 2 ** 40, content: 1 },
      { flowId: 9, replica: 1, keyBase: 6, sequenceNumber: 2 ** 40, content: 2 },
    ];
    expect(audit(rows).reused).toEqual([
      {
        flowId: 9,
        keyBase: 6,
        sequenceNumber: 2n ** 40n,
        explicitNonce: '0000000000000000',
        replicas: [0, 1],
      },
    ]);
  });

  it('goes by the explicit nonce where there is one', () => {
    const row = { flowId: 1, sequenceNumber: 5, explicitNonce: 5, content: 1 };
    expect(audit([row, { ...row, explicitNonce: 6, content: 2 }]).reusedNonces).toBe(0);
    const again = audit([row, { ...row, sequenceNumber: 6, content: 2 }]);
    expect(again.reused).toMatchObject([{ sequenceNumber: 6n, explicitNonce: '0000000000000005' }]);
  });

  it('names ten offenders at most, and counts them all', () => {
    const rows = Array.from({ length: 12 }, (_, content) => ({ flowId: 1, sequenceNumber: 1, content }));
    expect(audit(rows)).toMatchObject({ records: 12, reusedNonces: 11 });
    expect(audit(rows).reused).toHaveLength(10);
  });

  it('counts records that nobody accounts for, except those of handshakes', () => {
    const rows = [0, 1, 2, 3, 4].map((content) => ({ flowId: 1, sequenceNumber: content, content }));
    const handshake = auditNonces(log(rows, (index) => index < 3));
    expect(handshake).toMatchObject({ records: 2, unnotedRecords: 0 });
    expect(auditNonces(log(rows, (index) => index === 3))).toMatchObject({ records: 4, unnotedRecords: 1 });
  });

  it('reads no more than whole rows', () => {
    const bytes = log([
      { flowId: 1, sequenceNumber: 1, content: 1 },
      { flowId: 1, sequenceNumber: 1, content: 2 },
    ]);
    expect(bytes).toHaveLength(2 * NONCE_ROW_BYTES);
    expect(auditNonces(bytes.subarray(0, -1))).toMatchObject({ records: 1, reusedNonces: 0 });
    expect(auditNonces(Buffer.alloc(0))).toMatchObject({ records: 0, keys: 0 });
  });
});

describe('the log of nonces', () => {
  it('does not take what a dead replica announced for what its successor sent', () => {
    const written: Buffer[] = [];
    const nonceLog = new NonceLog((bytes) => written.push(Buffer.from(bytes)));
    const record = recordOf({ flowId: 1, sequenceNumber: 0, content: 1 });
    const sealedWith = { keyBase: 4, sequenceNumber: 0, explicitNonceBytes: 0 };
    nonceLog.note(1, 0, sealedWith);
    nonceLog.left(1, 0, record);
    nonceLog.note(1, 0, { ...sealedWith, sequenceNumber: 1 });
    nonceLog.left(1, 1, record);
    nonceLog.flush();
    expect(auditNonces(Buffer.concat(written))).toMatchObject({ records: 1, unnotedRecords: 1 });
  });

  it('writes in batches, and nothing twice', () => {
    const rows = Array.from({ length: 2500 }, (_, sequenceNumber) => ({
      flowId: 1,
      sequenceNumber,
      content: sequenceNumber % 256,
    }));
    expect(auditNonces(log(rows))).toMatchObject({ records: 2500, keys: 1, reusedNonces: 0 });
  });
});
