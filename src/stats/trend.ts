/** Whether something grows: first against last quarter of the time, and the slope of the line through all samples. */
import { mean, median } from './average.js';

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

export interface TrendOfSamples {
  readonly samples: number;
  /** Medians: a collection of garbage in between moves them little. */
  readonly firstQuarter: number;
  readonly lastQuarter: number;
  /** Least squares; 0 when all samples are of one moment. */
  readonly slopePerHour: number;
}

const MS_PER_HOUR = 3_600_000;

/** @param samples in the order of their times; null without any. */
export function trendOf(samples: readonly Sample[]): TrendOfSamples | null {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return null;
  const quarterMs = (last.atMs - first.atMs) / 4;
  return {
    samples: samples.length,
    firstQuarter: medianOf(samples.filter(({ atMs }) => atMs <= first.atMs + quarterMs)),
    lastQuarter: medianOf(samples.filter(({ atMs }) => atMs >= last.atMs - quarterMs)),
    slopePerHour: slopePerMs(samples) * MS_PER_HOUR,
  };
}

function medianOf(samples: readonly Sample[]): number {
  return median(samples.map(({ value }) => value)) ?? 0;
}

function slopePerMs(samples: readonly Sample[]): number {
  const meanMs = mean(samples.map(({ atMs }) => atMs)) ?? 0;
  const meanValue = mean(samples.map(({ value }) => value)) ?? 0;
  let covariance = 0;
  let variance = 0;
  for (const { atMs, value } of samples) {
    covariance += (atMs - meanMs) * (value - meanValue);
    variance += (atMs - meanMs) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}
