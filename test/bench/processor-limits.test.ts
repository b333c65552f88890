import { describe, expect, it } from 'vitest';
import { parseCfsQuota, parseCpuMax, readCpuQuota, readGovernor } from '../../src/bench/processor-limits.js';

describe('parseCpuMax', () => {
  it.each([
    ['150000 100000\n', 1.5],
    ['20000 100000', 0.2],
    ['max 100000\n', null],
    ['0 100000\n', null],
    ['100000 0\n', null],
    ['', null],
    ['150000', null],
  ])('%j is %s', (text, quota) => {
    expect(parseCpuMax(text)).toBe(quota);
  });
});

describe('parseCfsQuota', () => {
  it.each([
    ['400000\n', '100000\n', 4],
    ['-1\n', '100000\n', null],
    ['', '100000\n', null],
    ['400000\n', '', null],
  ])('%j of %j is %s', (quota, period, processors) => {
    expect(parseCfsQuota(quota, period)).toBe(processors);
  });
});

describe('this machine', () => {
  it('has limits or has none', () => {
    const quota = readCpuQuota();
    expect(quota === null || quota > 0).toBe(true);
    expect(readGovernor()).not.toBe('');
  });
});
