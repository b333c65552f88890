import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Journal, MAX_JOURNAL_BYTES, RECORD_OVERHEAD_BYTES } from '../../../src/cluster/director/journal.js';
import { DELIVERED_ENTRY_BYTES } from '../../../src/net/control-records.js';
import { record } from './fake-replica.js';

describe('Journal', () => {
  it('keeps what was read since the last commit, and what was delivered', () => {
    const journal = new Journal();
    for (let i = 0; i < 3; i++) journal.read(record(i, i));
    journal.written(record(30, 7));
    expect(journal.commit(2, false, undefined)).toBe(true);
    expect(journal.records).toEqual([record(2, 2)]);
    expect(journal.deliveredEntries).toEqual(Buffer.alloc(0));
    journal.written(record(40, 8));
    journal.written(record(300, 9));
    expect(journal).toMatchObject({ recordsRead: 3, recordsWritten: 3, commitRead: 2, commitWritten: 1 });
    const entries = [Buffer.of(0, 45), Buffer.alloc(16, 8), Buffer.of(1, 49), Buffer.alloc(16, 9)];
    expect(journal.deliveredEntries).toEqual(Buffer.concat(entries));
  });

  it('notes records that are shorter than a tag by their length', () => {
    const journal = new Journal();
    journal.written(record(1, 1));
    expect(journal.deliveredEntries).toHaveLength(DELIVERED_ENTRY_BYTES);
    expect(journal.deliveredEntries.readUInt16BE(0)).toBe(6);
  });

  it('is idle when everything is committed and the server has nothing to say', () => {
    const journal = new Journal();
    expect(journal.idle).toBe(false);
    journal.read(record(1));
    journal.written(record(1));
    journal.commit(1, true, undefined);
    expect(journal.idle).toBe(true);
    journal.written(record(1));
    expect(journal.idle).toBe(false);
    journal.commit(1, true, undefined);
    journal.read(record(1));
    expect(journal.idle).toBe(false);
    journal.commit(2, false, undefined);
    expect(journal.idle).toBe(false);
  });

  it('holds the sealed state of the last commit only', () => {
    const journal = new Journal();
    journal.read(record(1));
    journal.commit(1, false, Buffer.of(1, 2));
    expect(journal.sealedState).toEqual(Buffer.of(1, 2));
    journal.commit(1, true, undefined);
    expect(journal.sealedState).toBeUndefined();
  });

  it('refuses a commit of records that the client did not send, and stays as it was', () => {
    const journal = new Journal();
    journal.read(record(1, 1));
    expect(journal.commit(2, true, undefined)).toBe(false);
    journal.commit(1, true, undefined);
    expect(journal.commit(0, true, undefined)).toBe(false);
    expect(journal).toMatchObject({ commitRead: 1, recordsRead: 1 });
  });

  it('understands commits modulo 2^32', () => {
    const journal = new Journal();
    journal.recordsRead = 2 ** 32 - 1;
    journal.commitRead = 2 ** 32 - 2;
    journal.read(record(1));
    journal.read(record(2));
    expect(journal.commit(1, true, undefined)).toBe(true);
    expect(journal.commitRead).toBe(2 ** 32 + 1);
    journal.read(record(3));
    expect(journal.commit(2, true, undefined)).toBe(true);
    expect(journal.idle).toBe(true);
  });

  it('gives up above its bound of client bytes, and still counts', () => {
    const journal = new Journal();
    const large = record(16_000);
    const held = Math.floor(MAX_JOURNAL_BYTES / (large.length + RECORD_OVERHEAD_BYTES));
    for (let i = 0; i < held; i++) journal.read(large);
    expect(journal.recoverable).toBe(true);
    expect(journal.records).toHaveLength(held);
    journal.read(large);
    expect(journal.recoverable).toBe(false);
    expect(journal.records).toEqual([]);
    expect(journal.recordsRead).toBe(held + 1);
    expect(journal.commit(held + 1, true, undefined)).toBe(true);
  });

  it('counts what very short records take beside their bytes', () => {
    const journal = new Journal();
    const empty = record(17);
    const held = Math.floor(MAX_JOURNAL_BYTES / (empty.length + RECORD_OVERHEAD_BYTES));
    for (let i = 0; i < held; i++) journal.read(empty);
    expect(journal.recoverable).toBe(true);
    journal.commit(held, true, undefined);
    for (let i = 0; i < held; i++) journal.read(empty);
    expect(journal.recoverable).toBe(true);
    journal.read(empty);
    expect(journal.recoverable).toBe(false);
  });

  it('gives up above its bound of delivered records', () => {
    const journal = new Journal();
    for (let i = 0; i < 3000; i++) journal.written(record(20, i));
    expect(journal.recoverable).toBe(true);
    expect(journal.deliveredEntries).toHaveLength(3000 * DELIVERED_ENTRY_BYTES);
    journal.written(record(20));
    expect(journal).toMatchObject({ recoverable: false, recordsWritten: 3001 });
    expect(journal.deliveredEntries).toHaveLength(0);
  });

  it('frees its room with each commit', () => {
    const journal = new Journal();
    for (let i = 1; i <= 200; i++) {
      journal.read(record(16_000));
      for (let j = 0; j < 20; j++) journal.written(record(20));
      journal.commit(i, true, undefined);
    }
    expect(journal.recoverable).toBe(true);
  });

  it('always holds exactly what a model of it holds', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('read' as const), length: fc.nat(40) }),
        fc.record({ kind: fc.constant('written' as const), length: fc.nat(40) }),
        fc.record({ kind: fc.constant('commit' as const), count: fc.nat(5) }),
      ),
    );
    fc.assert(
      fc.property(steps, (list) => {
        const journal = new Journal();
        const read: Buffer[] = [];
        const written: Buffer[] = [];
        let [commitRead, commitWritten] = [0, 0];
        for (const step of list) {
          if (step.kind === 'commit') {
            commitRead = Math.min(commitRead + step.count, read.length);
            commitWritten = written.length;
            expect(journal.commit(commitRead, true, undefined)).toBe(true);
            continue;
          }
          const bytes = record(16 + step.length, read.length + written.length);
          (step.kind === 'read' ? read : written).push(bytes);
          journal[step.kind](bytes);
        }
        expect(journal.records).toEqual(read.slice(commitRead));
        const lengths = written
          .slice(commitWritten)
          .map((_, i) => journal.deliveredEntries.readUInt16BE(i * 18));
        expect(lengths).toEqual(written.slice(commitWritten).map(({ length }) => length));
      }),
    );
  });
});
