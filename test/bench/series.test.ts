import { describe, expect, it } from 'vitest';
import { CellSamples } from '../../src/bench/cell-samples.js';
import { cellSeries } from '../../src/bench/series.js';
import { MAX_SAMPLES } from '../../src/contracts/report.js';
import { fixtureResults, fixtureTrial } from '../fixtures/results.js';

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
    expect(series?.phases).toEqual(samples.phases());
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
