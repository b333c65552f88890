import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Epochs, MAX_EPOCHS } from '../../../src/cluster/replica/epochs.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import {
  parseStaticStateHead,
  type StaticState,
  serializeStaticState,
} from '../../../src/tls/static-state.js';
import { staticState } from './record-bench.js';

const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const SUITE_12 = findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' });

function epoch(recordsRead: number, recordsWritten: number): StaticState {
  return staticState(SUITE, { recordsRead, recordsWritten });
}

/** A region of a TLS 1.2 connection. */
function region(number: number, base: number): StaticState {
  const start = staticState(SUITE_12, { recordsRead: 1, recordsWritten: 1 });
  return { ...start, nonceRegion: { number, base } };
}

function listOf(...states: readonly StaticState[]): { epochs: Epochs; packed: Buffer[] } {
  const epochs = new Epochs();
  const packed = states.map(serializeStaticState);
  for (const state of packed) epochs.add(state);
  return { epochs, packed };
}

function beginnings(epochs: Epochs): (readonly [number, number])[] {
  return epochs.states.map(parseStaticStateHead).map(({ readBase, sealsFrom }) => [readBase, sealsFrom]);
}

const isWiped = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

describe('Epochs', () => {
  it('keeps them in the order in which they come, and one that comes again once', () => {
    const { epochs } = listOf(epoch(3, 4), epoch(5, 4), epoch(5, 4), epoch(5, 8));
    expect(beginnings(epochs)).toEqual([
      [3, 4],
      [5, 4],
      [5, 8],
    ]);
  });

  it('keeps the newest ones, and wipes what it drops', () => {
    const states = Array.from({ length: MAX_EPOCHS + 2 }, (_, index) => epoch(3, 4 + index));
    const { epochs, packed } = listOf(...states);
    expect(beginnings(epochs)).toEqual(packed.slice(2).map((_, index) => [3, 6 + index]));
    expect(packed.map(isWiped)).toEqual(packed.map((_, index) => index < 2));
  });

  it('keeps of two regions that begin at one record the later one: the other sealed nothing', () => {
    const { epochs, packed } = listOf(region(7, 5), region(9, 5));
    expect(epochs.states).toEqual([serializeStaticState(region(9, 5))]);
    expect(packed.map(isWiped)).toEqual([true, false]);
  });

  it('wipes what ended before a commit', () => {
    const { epochs, packed } = listOf(epoch(3, 4), epoch(5, 4), epoch(5, 8));
    epochs.settle({ recordsRead: 6, recordsWritten: 9 }, epoch(5, 12));
    expect(beginnings(epochs)).toEqual([[5, 8]]);
    epochs.settle({ recordsRead: 7, recordsWritten: 12 }, epoch(5, 12));
    expect(epochs.states).toEqual([]);
    expect(packed.every(isWiped)).toBe(true);
  });

  it('keeps a half that no other one has, whatever the order', () => {
    // An owner that makes records again reads a KeyUpdate before it has come to where the write half began.
    const { epochs } = listOf(epoch(3, 10), epoch(9, 4));
    epochs.settle({ recordsRead: 9, recordsWritten: 12 }, epoch(9, 14));
    expect(beginnings(epochs)).toEqual([[3, 10]]);
  });

  it('wipes all of them', () => {
    const { epochs, packed } = listOf(epoch(3, 4), epoch(5, 4));
    epochs.wipe();
    expect(epochs.states).toEqual([]);
    expect(packed.every(isWiped)).toBe(true);
  });

  it('has both halves for every point behind the last commit, whatever changed in which order', () => {
    const changes = fc.array(fc.constantFrom('read', 'write', 'commit', 'both'), { maxLength: 12 });
    fc.assert(
      fc.property(changes, (list) => {
        const epochs = new Epochs();
        let current = epoch(1, 1);
        const all = [current];
        let at = 1;
        let commit = 1;
        for (const change of list) {
          at += 2;
          if (change === 'commit') {
            commit = at;
            epochs.settle({ recordsRead: at, recordsWritten: at }, current);
            continue;
          }
          epochs.add(serializeStaticState(current));
          const read = change === 'write' ? current.readBase : at;
          const written = change === 'read' ? current.writeBase : at;
          current = epoch(read, written);
          all.push(current);
        }
        const had = [
          ...epochs.states.map(parseStaticStateHead),
          parseStaticStateHead(serializeStaticState(current)),
        ];
        for (const half of ['readBase', 'writeBase'] as const) {
          const needed = new Set(all.map((each) => each[half]));
          const floor = Math.max(...[...needed].filter((base) => base <= commit));
          const missing = [...needed].filter(
            (base) => base >= floor && !had.some((each) => each[half] === base),
          );
          expect(missing).toEqual([]);
        }
        if (list.at(-1) === 'commit') expect(epochs.states).toEqual([]);
      }),
    );
  });
});
