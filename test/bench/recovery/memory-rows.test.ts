import { describe, expect, it } from 'vitest';
import { GROWING_ROUNDS, type MemoryRound, memoryRows } from '../../../bench/recovery/memory-rows.js';

const CONNECTIONS = 1000;
const ROUNDS = 10;

/** @param heapOf what the director holds behind each round, from 0 */
function rounds(
  heapOf: (round: number) => number,
  kept = CONNECTIONS,
  residentOf = (round: number) => 50e6 + (round % 2) * 3e6,
): MemoryRound[] {
  return Array.from({ length: ROUNDS }, (_, round) => ({
    connections: CONNECTIONS,
    kept,
    memory: { director: { heapBytes: heapOf(round), residentBytes: residentOf(round) } },
  }));
}

function verdictOf(of: readonly MemoryRound[], what: string): string | undefined {
  return memoryRows(of).find((row) => row.what === what)?.verdict;
}

const HEAP_GROWTH = 'director, heap: growth per connection';
const RESIDENT_GROWTH = 'director, resident: growth over the rounds';

describe('memory of processes that live on', () => {
  it('does not grow when every round leaves what the one before left', () => {
    const steady = rounds((round) => 5e6 + 500 * (round % 3));
    expect(verdictOf(steady, HEAP_GROWTH)).toBe('met');
    expect(verdictOf(steady, RESIDENT_GROWTH)).toBe('met');
  });

  it('grows when each connection leaves a little outside of the heap', () => {
    const leaking = rounds(
      () => 5e6,
      CONNECTIONS,
      (round) => 50e6 + (round % 2) * 3e6 + round * CONNECTIONS * 10_240,
    );
    expect(verdictOf(leaking, RESIDENT_GROWTH)).toBe('missed');
    expect(verdictOf(leaking, HEAP_GROWTH)).toBe('met');
  });

  it('grows when each connection leaves one small object', () => {
    const leaking = rounds((round) => 5e6 + round * CONNECTIONS * 24);
    expect(verdictOf(leaking, HEAP_GROWTH)).toBe('missed');
    expect(memoryRows(leaking).find(({ what }) => what === HEAP_GROWTH)?.measured).toBe('24 (24 to 24) B');
  });

  it('may grow in the first rounds', () => {
    const growing = rounds((round) => (round < 3 ? 1e6 * (round + 1) : 5e6));
    expect(verdictOf(growing, HEAP_GROWTH)).toBe('met');
  });

  it('is not judged by rounds that are too few for a line', () => {
    expect(verdictOf(rounds(() => 5e6).slice(0, GROWING_ROUNDS + 2), HEAP_GROWTH)).toBe('not measured');
    expect(memoryRows([]).map(({ verdict }) => verdict)).toEqual(['not measured']);
  });

  it('is worth nothing where connections were lost', () => {
    const what = 'connections kept, of all rounds';
    expect(
      verdictOf(
        rounds(() => 5e6),
        what,
      ),
    ).toBe('met');
    expect(
      verdictOf(
        rounds(() => 5e6, CONNECTIONS - 1),
        what,
      ),
    ).toBe('missed');
  });
});
