import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DelayLine } from '../../../src/cluster/director/delay-line.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('DelayLine', () => {
  it('delivers each item after the delay, in order', () => {
    const delivered: string[] = [];
    const line = new DelayLine<string>(10, (item) => delivered.push(item));
    line.push('a');
    vi.advanceTimersByTime(5);
    line.push('b');
    line.push('c');
    vi.advanceTimersByTime(4);
    expect(delivered).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(delivered).toEqual(['a']);
    vi.advanceTimersByTime(5);
    expect(delivered).toEqual(['a', 'b', 'c']);
  });

  it('takes items while it delivers', () => {
    const delivered: number[] = [];
    const line = new DelayLine<number>(10, (item) => {
      delivered.push(item);
      if (item < 3) line.push(item + 1);
    });
    line.push(1);
    vi.advanceTimersByTime(30);
    expect(delivered).toEqual([1, 2, 3]);
  });

  it('delivers nothing after it was cleared, except what comes later', () => {
    const delivered: string[] = [];
    const line = new DelayLine<string>(10, (item) => delivered.push(item));
    line.push('a');
    line.clear();
    line.push('b');
    vi.advanceTimersByTime(10);
    expect(delivered).toEqual(['b']);
  });
});
