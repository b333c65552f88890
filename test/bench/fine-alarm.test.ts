import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AlarmMemory, FineAlarm } from '../../src/bench/fine-alarm.js';

/** Each look at the clock takes a microsecond, so that whoever waits for a time gets there. */
const LOOK_MS = 0.001;
/** The clock of the host when that of the alarm shows 0. */
const HOST_START_MS = 5000;

/** An alarm whose thread rings when the test says so. */
class Bench {
  nowMs = 0;
  readonly rungAtMs: number[] = [];
  threads = 0;
  stopped = 0;
  #memory: AlarmMemory | undefined;
  #ring = (): void => {};
  readonly alarm = new FineAlarm(
    () => this.#look(),
    () => HOST_START_MS + this.#look(),
    () => this.rungAtMs.push(this.nowMs),
    (memory, ring) => {
      this.threads += 1;
      this.#memory = memory;
      this.#ring = ring;
      return { stop: () => (this.stopped += 1) };
    },
  );

  /** When the thread has been told to ring, on the clock of the alarm. */
  get toldMs(): number {
    return (this.#memory?.dueMs[0] ?? Number.NaN) - HOST_START_MS;
  }

  get settings(): number {
    return this.#memory?.settings[0] ?? Number.NaN;
  }

  ring(): void {
    this.#ring();
  }

  #look(): number {
    this.nowMs += LOOK_MS;
    return this.nowMs;
  }
}

describe('the fine alarm', () => {
  it('has its thread wake it a little early, and rings when it is time', () => {
    const bench = new Bench();
    bench.alarm.set(20);
    expect(bench.toldMs).toBeLessThan(20);
    expect(bench.toldMs).toBeGreaterThan(19.8);
    bench.nowMs = bench.toldMs;
    bench.ring();
    expect(bench.rungAtMs).toHaveLength(1);
    expect(bench.rungAtMs[0]).toBeGreaterThanOrEqual(20);
    expect(bench.rungAtMs[0]).toBeLessThan(20.01);
  });

  it('rings once', () => {
    const bench = new Bench();
    bench.alarm.set(20);
    bench.nowMs = 25;
    bench.ring();
    bench.ring();
    expect(bench.rungAtMs).toHaveLength(1);
  });

  it('has the thread wake it again when a ring was meant for an earlier time, or came too early', () => {
    const bench = new Bench();
    bench.alarm.set(20);
    bench.alarm.set(40);
    const { settings } = bench;
    bench.nowMs = 20;
    bench.ring();
    expect(bench.rungAtMs).toEqual([]);
    expect(bench.settings).toBe(settings + 1);
    expect(bench.toldMs).toBeGreaterThan(39.8);
    bench.nowMs = 41;
    bench.ring();
    expect(bench.rungAtMs).toHaveLength(1);
  });

  it('does not ring when it was cleared, ends its thread, and has another one when it is set again', () => {
    const bench = new Bench();
    expect(bench.threads).toBe(1);
    bench.alarm.set(20);
    bench.alarm.clear();
    bench.nowMs = 30;
    bench.ring();
    expect(bench.rungAtMs).toEqual([]);
    expect([bench.threads, bench.stopped]).toEqual([1, 1]);
    bench.alarm.set(40);
    bench.nowMs = 41;
    bench.ring();
    expect(bench.rungAtMs).toHaveLength(1);
    expect([bench.threads, bench.stopped]).toEqual([2, 1]);
  });

  it('never rings early, and rings at last, whenever its thread does', () => {
    const step = fc.record({
      afterMs: fc.double({ min: 0, max: 50, noNaN: true }),
      dueMs: fc.double({ min: 0, max: 200, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        const bench = new Bench();
        let dueMs = 0;
        for (const each of steps) {
          dueMs = each.dueMs;
          bench.alarm.set(dueMs);
          const before = bench.rungAtMs.length;
          bench.nowMs += each.afterMs;
          bench.ring();
          if (bench.rungAtMs.length > before) expect(bench.rungAtMs.at(-1)).toBeGreaterThanOrEqual(dueMs);
        }
        bench.alarm.set(dueMs);
        const before = bench.rungAtMs.length;
        bench.nowMs = Math.max(bench.nowMs, bench.toldMs);
        bench.ring();
        expect(bench.rungAtMs.length).toBe(before + 1);
      }),
    );
  });
});
