import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommittedStateSeal } from '../../../src/cluster/replication/committed-state-seal.js';

const CLUSTER_KEY = Buffer.alloc(32, 1);
const AT = { recordsRead: 5, recordsWritten: 9 };
const STATE = Buffer.from('offset 262144');
const seal = new CommittedStateSeal(CLUSTER_KEY);

describe('the seal of committed state', () => {
  it('is opened by every replica of the cluster', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.uint8Array({ maxLength: 200 }), (flowId, bytes) => {
        const sealed = seal.seal(flowId, AT, Buffer.from(bytes));
        expect(new CommittedStateSeal(CLUSTER_KEY).open(flowId, AT, sealed)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('shows nothing of the state, and never twice the same', () => {
    const first = seal.seal(7, AT, STATE);
    expect(first.includes(STATE)).toBe(false);
    expect(seal.seal(7, AT, STATE)).not.toEqual(first);
  });

  it('holds for its own flow and its own commit only', () => {
    const sealed = seal.seal(7, AT, STATE);
    expect(seal.open(8, AT, sealed)).toBeUndefined();
    expect(seal.open(7, { ...AT, recordsRead: 4 }, sealed)).toBeUndefined();
    expect(seal.open(7, { ...AT, recordsWritten: 10 }, sealed)).toBeUndefined();
    expect(new CommittedStateSeal(Buffer.alloc(32, 2)).open(7, AT, sealed)).toBeUndefined();
  });

  it('breaks by any flipped bit, and by any cut', () => {
    const sealed = seal.seal(7, AT, STATE);
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
        const forged = Buffer.from(sealed);
        forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(seal.open(7, AT, forged)).toBeUndefined();
      }),
    );
    for (let length = 0; length < sealed.length; length++) {
      expect(seal.open(7, AT, sealed.subarray(0, length))).toBeUndefined();
    }
  });
});
