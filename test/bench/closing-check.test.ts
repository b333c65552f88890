import { describe, expect, it } from 'vitest';
import { type CheckedConnection, checkConnections } from '../../src/bench/closing-check.js';

/** Time that passes only while somebody sleeps. */
class FakeTime {
  nowMs = 0;
}

/** Answers after `replyMs`; `Infinity` for never, 0 for one that needs no check. */
class FakeConnection implements CheckedConnection {
  begun = 0;
  failed = false;
  readonly #time: FakeTime;
  readonly #replyMs: number;
  #answeredMs = 0;

  constructor(time: FakeTime, replyMs: number) {
    this.#time = time;
    this.#replyMs = replyMs;
  }

  get settled(): boolean {
    return this.#answeredMs <= this.#time.nowMs;
  }

  beginClosingCheck(): void {
    this.begun += 1;
    this.#answeredMs = this.#time.nowMs + this.#replyMs;
  }

  abandonClosingCheck(): void {
    this.failed = !this.settled;
  }
}

async function check(time: FakeTime, connections: readonly FakeConnection[]): Promise<{ atOnce: number }> {
  let atOnce = 0;
  await checkConnections(connections, {
    faultMs: 0,
    graceMs: 2000,
    clock: () => time.nowMs,
    async sleep(ms) {
      atOnce = Math.max(atOnce, connections.filter(({ settled }) => !settled).length);
      time.nowMs += ms;
    },
  });
  return { atOnce };
}

function many(time: FakeTime, count: number, replyMs: number): FakeConnection[] {
  return Array.from({ length: count }, () => new FakeConnection(time, replyMs));
}

describe('checkConnections', () => {
  it('checks each connection once, and not all of them at a time', async () => {
    const time = new FakeTime();
    const connections = many(time, 2000, 10);
    const { atOnce } = await check(time, connections);
    expect(connections.every(({ begun, failed }) => begun === 1 && !failed)).toBe(true);
    expect(atOnce).toBe(256);
  });

  it('does not wait where there is nothing to wait for', async () => {
    const time = new FakeTime();
    await check(time, many(time, 1000, 0));
    await check(time, []);
    expect(time.nowMs).toBe(0);
  });

  it('does not let those that never answer keep the others from their turn', async () => {
    const time = new FakeTime();
    const dead = many(time, 600, Number.POSITIVE_INFINITY);
    const alive = many(time, 3000, 10);
    await check(time, [...dead, ...alive]);
    expect(alive.some(({ failed }) => failed)).toBe(false);
    expect(dead.every(({ failed }) => failed)).toBe(true);
  });

  it('ends when its time is over, whatever is outstanding', async () => {
    const time = new FakeTime();
    const connections = many(time, 3000, Number.POSITIVE_INFINITY);
    await check(time, connections);
    expect(time.nowMs).toBe(2000 + 2 * 3000);
    expect(connections.every(({ begun, failed }) => begun === 1 && failed)).toBe(true);
  });
});
