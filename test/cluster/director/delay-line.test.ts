import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DelayLine } from '../../../src/cluster/director/delay-line.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function inMs(delayMs: number): number {
  return performance.now() + delayMs;
}

describe('DelayLine', () => {
  it('delivers each item at its time, in order', () => {
    const delivered: string[] = [];
    const line = new DelayLine<string>((item) => delivered.push(item));
    line.push(inMs(10), 'a');
    vi.advanceTimersByTime(5);
    line.push(inMs(10), 'b');
    line.push(inMs(10), 'c');
    vi.advanceTimersByTime(4);
    expect(delivered).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(delivered).toEqual(['a']);
    vi.advanceTimersByTime(5);
    expect(delivered).toEqual(['a', 'b', 'c']);
  });

  it('takes items while it delivers', () => {
    const delivered: number[] = [];
    const line = new DelayLine<number>((item) => {
      delivered.push(item);
      if (item < 3) line.push(inMs(10), item + 1);
    });
    line.push(inMs(10), 1);
    vi.advanceTimersByTime(30);
    expect(delivered).toEqual([1, 2, 3]);
  });

  it('delivers nothing while it is paused, and what is due then when it goes on', () => {
    const delivered: number[] = [];
    const line = new DelayLine<number>((item) => {
      delivered.push(item);
      if (item === 2) line.pause();
    });
    for (const item of [1, 2, 3]) line.push(inMs(10), item);
    line.push(inMs(40), 4);
    vi.advanceTimersByTime(20);
    expect(delivered).toEqual([1, 2]);
    line.resume();
    vi.advanceTimersByTime(1);
    expect(delivered).toEqual([1, 2, 3]);
    vi.advanceTimersByTime(30);
    expect(delivered).toEqual([1, 2, 3, 4]);
  });

  it('delivers thousands of items once each, in order', () => {
    const delivered: number[] = [];
    const line = new DelayLine<number>((item) => delivered.push(item));
    const items = Array.from({ length: 5000 }, (_, index) => index);
    for (const item of items) {
      line.push(inMs(3), item);
      if (item % 100 === 0) vi.advanceTimersByTime(1);
    }
    vi.advanceTimersByTime(3);
    expect(delivered).toEqual(items);
  });

  it('delivers nothing after it was cleared, except what comes later', () => {
    const delivered: string[] = [];
    const line = new DelayLine<string>((item) => delivered.push(item));
    line.push(inMs(10), 'a');
    line.clear();
    line.push(inMs(10), 'b');
    vi.advanceTimersByTime(10);
    expect(delivered).toEqual(['b']);
  });
});
