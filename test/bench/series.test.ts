import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CellSamples } from '../../src/bench/cell-samples.js';
import { cellSeries, thin } from '../../src/bench/series.js';
import { MAX_SAMPLES } from '../../src/contracts/report.js';
import { fixtureResults, fixtureTrial } from '../fixtures/results.js';

describe('thin', () => {
  it('keeps a small sample as it is', () => {
    expect(thin([1, 2, 3], 3)).toEqual([1, 2, 3]);
  });

  it('keeps the ends and spaces the rest evenly', () => {
    expect(
      thin(
        Array.from({ length: 101 }, (_, i) => i),
        5,
      ),
    ).toEqual([0, 25, 50, 75, 100]);
  });

  it('gives an ascending part of the sample of the asked size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 2, max: 50 }),
        (values, most) => {
          const sorted = [...values].sort((a, b) => a - b);
          const thinned = thin(sorted, most);
          expect(thinned).toHaveLength(Math.min(most, sorted.length));
          expect(thinned).toEqual([...thinned].sort((a, b) => a - b));
          expect(thinned.every((value) => sorted.includes(value))).toBe(true);
          expect([thinned[0], thinned.at(-1)]).toEqual([sorted[0], sorted.at(-1)]);
        },
      ),
    );
  });
});

describe('cellSeries', () => {
  const name = { strategy: 'spr', workload: 'uploads', fault: 'kill' };

  it('is null for a cell without a completed trial', () => {
    const samples = new CellSamples();
    samples.add({ ...fixtureTrial(), status: 'invalid', reasons: ['no fault was injected'] });
    expect(cellSeries(name, samples)).toBeNull();
  });

  it('has the samples, the mean rate and the phases of the cell', () => {
    const samples = new CellSamples();
    const trial = fixtureTrial();
    samples.add(trial);
    const series = cellSeries(name, samples);
    expect(series).toMatchObject(name);
    expect(series?.recoveryTimesMs).toHaveLength(32);
    expect(series?.throughput.firstBin).toBe(-100);
    expect(series?.throughput.repliesPerSecond[0]).toBe(
      (trial.measurements.throughput.replies[0] ?? 0) * 100,
    );
    expect(series?.phases).toEqual(samples.aggregate().phasesMs);
  });

  it('is bounded in size', () => {
    const samples = new CellSamples();
    for (let i = 0; i < 20; i++) samples.add(fixtureTrial());
    expect(cellSeries(name, samples)?.recoveryTimesMs).toHaveLength(MAX_SAMPLES);
  });

  it('exists for every cell of the fixture', () => {
    const { series, summary } = fixtureResults();
    expect(series.map(({ strategy, workload }) => [strategy, workload])).toEqual(
      summary.cells.map(({ strategy, workload }) => [strategy, workload]),
    );
  });
});
