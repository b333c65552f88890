import { describe, expect, it } from 'vitest';
import {
  atLeast,
  atMost,
  missingRow,
  rowOfCount,
  rowOfFigure,
  rowOfInterval,
  rowOfTrials,
  rowOfValue,
} from '../../../bench/recovery/goal.js';

describe('a figure that each trial has', () => {
  it('says median, least and greatest, and meets its goal in all trials', () => {
    expect(rowOfTrials('stall', [40, 12.345, 30.06], atMost(40, 'ms'))).toEqual({
      what: 'stall',
      measured: '30.1 (12.3 to 40) ms',
      goal: '<= 40 ms',
      verdict: 'met',
    });
  });

  it('says in how many trials it meets its goal', () => {
    expect(rowOfTrials('stall', [30, 41, 60], atMost(40, 'ms')).verdict).toBe('met in 1 of 3');
    expect(rowOfTrials('stall', [41, 60], atMost(40, 'ms')).verdict).toBe('missed');
    expect(rowOfTrials('gain', [0.98, 1], atLeast(0.99)).verdict).toBe('met in 1 of 2');
  });

  it('meets nothing without a trial', () => {
    expect(rowOfTrials('stall', [], atMost(40, 'ms'))).toMatchObject({
      measured: '-',
      verdict: 'not measured',
    });
    expect(missingRow('stall', atMost(40, 'ms'))).toMatchObject({ verdict: 'not measured' });
  });
});

describe('a figure of all trials together', () => {
  const verdictOf = (low: number, high: number, goal = atLeast(10, 'x')): string =>
    rowOfInterval('ratio', { value: (low + high) / 2, low, high }, goal).verdict;

  it('meets its goal with the whole interval', () => {
    expect(verdictOf(10, 14)).toBe('met');
    expect(verdictOf(9.9, 14)).toBe('undecided');
    expect(verdictOf(6, 9.9)).toBe('missed');
    expect(verdictOf(0.1, 0.2, atMost(0.2))).toBe('met');
    expect(verdictOf(0.1, 0.21, atMost(0.2))).toBe('undecided');
    expect(verdictOf(0.21, 0.3, atMost(0.2))).toBe('missed');
  });

  it('has no verdict without an interval', () => {
    expect(rowOfInterval('ratio', { value: 12 }, atLeast(10, 'x'))).toMatchObject({
      measured: '12 x',
      verdict: 'too few trials',
    });
  });

  it('may be there without a goal', () => {
    expect(rowOfFigure('slope', { value: 0.01234, low: -0.5, high: 1234.5 }, 'us')).toEqual({
      what: 'slope',
      measured: '0.0123 (-0.5 to 1,235) us',
      goal: '',
      verdict: '',
    });
  });
});

it('a figure that is what it is meets its goal or misses it', () => {
  expect(rowOfValue('R2', 0.99, atLeast(0.99))).toMatchObject({ measured: '0.99', verdict: 'met' });
  expect(rowOfValue('R2', 0.9899, atLeast(0.99))).toMatchObject({ measured: '0.99', verdict: 'missed' });
});

describe('a count', () => {
  it('meets its goal when it is all, and when there is any', () => {
    expect(rowOfCount('kept', 7, 7)).toMatchObject({ measured: '7 of 7', verdict: 'met' });
    expect(rowOfCount('kept', 6, 7).verdict).toBe('missed');
    expect(rowOfCount('kept', 0, 0).verdict).toBe('not measured');
  });
});
