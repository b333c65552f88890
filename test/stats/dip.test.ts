import { describe, expect, it } from 'vitest';
import { measureDip, rateBefore } from '../../src/stats/dip.js';

/** 200 ms before and 300 ms after the fault in bins of 10 ms; `after` gives the rates after it. */
function curve(after: (bin: number) => number, before = 100) {
  const perSecond = [
    ...Array<number>(20).fill(before),
    ...Array.from({ length: 30 }, (_, bin) => after(bin)),
  ];
  return { binMs: 10, firstBin: -20, perSecond };
}

describe('measureDip', () => {
  it('finds no dip in a steady rate', () => {
    expect(measureDip(curve(() => 100))).toEqual({
      beforePerSecond: 100,
      depth: 0,
      areaEvents: 0,
      timeTo95Ms: 0,
    });
  });

  it('measures an outage of 100 ms', () => {
    const dip = measureDip(curve((bin) => (bin < 10 ? 0 : 100)));
    expect(dip).toMatchObject({ beforePerSecond: 100, depth: 1, timeTo95Ms: 100 });
    expect(dip?.areaEvents).toBeCloseTo(10, 9);
  });

  it('smooths over 50 ms: 10 ms without a reply are a fifth of a window', () => {
    const dip = measureDip(curve((bin) => (bin === 0 ? 0 : 100)));
    expect(dip?.depth).toBeCloseTo(0.2, 9);
    expect(dip?.timeTo95Ms).toBe(10);
  });

  it('finds a dip that comes late, because replies were still on their way', () => {
    const dip = measureDip(curve((bin) => (bin >= 8 && bin < 15 ? 0 : 100)));
    expect(dip).toMatchObject({ depth: 1, timeTo95Ms: 150 });
    expect(dip?.areaEvents).toBeCloseTo(7, 9);
  });

  it('never back means null, and the area runs until the end', () => {
    const dip = measureDip(curve(() => 50));
    expect(dip).toMatchObject({ depth: 0.5, timeTo95Ms: null });
    expect(dip?.areaEvents).toBeCloseTo(15, 9);
  });

  it('does not take the ordinary ups and downs of a rate for a dip', () => {
    const noisy = (bin: number): number => (bin % 10 < 5 ? 90 : 110);
    const before = Array.from({ length: 20 }, (_, bin) => noisy(bin));
    const after = Array.from({ length: 30 }, (_, bin) => noisy(bin));
    expect(measureDip({ binMs: 10, firstBin: -20, perSecond: [...before, ...after] })?.timeTo95Ms).toBe(0);
  });

  it('does not take an outage for ordinary because a short stall before it was as deep', () => {
    const before = Array.from({ length: 20 }, (_, bin) => (bin >= 5 && bin < 11 ? 0 : 100));
    const after = Array.from({ length: 30 }, (_, bin) => (bin < 15 ? 0 : 100));
    const dip = measureDip({ binMs: 10, firstBin: -20, perSecond: [...before, ...after] });
    expect(dip).toMatchObject({ depth: 1, timeTo95Ms: 140 });
  });

  it('has nothing to compare with when nothing was counted before', () => {
    expect(measureDip(curve(() => 100, 0))).toBeNull();
    expect(measureDip({ binMs: 10, firstBin: 0, perSecond: [100, 100] })).toBeNull();
  });

  it('says nothing about a return when the curve ends at the fault', () => {
    expect(measureDip({ binMs: 10, firstBin: -2, perSecond: [100, 100] })).toMatchObject({
      depth: 0,
      timeTo95Ms: null,
    });
  });
});

describe('rateBefore', () => {
  it('counts from the first event on', () => {
    expect(rateBefore({ binMs: 10, firstBin: -4, perSecond: [0, 0, 100, 300, 999] })).toBe(200);
  });

  it('is 0 when there was none', () => {
    expect(rateBefore({ binMs: 10, firstBin: -1, perSecond: [0, 5] })).toBe(0);
  });
});
