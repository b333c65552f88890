/** How the takeover of all connections grows: with their number, with what was exchanged before, with their age. Pure. */
import { fitLine, type LinearFit, type Point } from '../../src/stats/linear-fit.js';
import {
  atLeast,
  atMost,
  missingRow,
  type Row,
  rowOfFigure,
  rowOfFigures,
  rowOfInterval,
  rowOfValue,
} from './goal.js';
import { type CompletedTrial, completed, type MeasuredRun } from './measured-run.js';

/** Of the variance of takeover times that a straight line through the connections explains. */
const LINEAR = atLeast(0.99);
/**
 * What a takeover may take longer at the end of the range than at its beginning, as a share of the latter. Copying what was
 * exchanged would double it many times over; less than this is within what trials of one kind differ by.
 */
const FLAT = atMost(0.25);

const US_PER_MS = 1000;

/** @param strategy that takes all connections over at once */
export function connectionRows(trials: MeasuredRun['trials'], strategy: string): Row[] {
  const points = completed(trials, strategy).flatMap((trial) => takeoverPoint(trial, trial.spec.connections));
  const fit = fitLine(points);
  const figures = places(points).map((connections) =>
    rowOfFigures(`takeover of ${connections} connections`, valuesAt(points, connections), 'ms'),
  );
  const what = 'takeover time, linear in connections: R2';
  if (fit === null || fit.r2 === null) return [...figures, missingRow(what, LINEAR)];
  return [...figures, rowOfValue(what, fit.r2, LINEAR), slopeRow(fit)];
}

/** @param what is varied, for example `bytes before the fault` */
export function flatRows(trials: MeasuredRun['trials'], strategy: string, what: string): Row[] {
  const points = completed(trials, strategy).flatMap((trial) =>
    trial.spec.sweep === undefined ? [] : takeoverPoint(trial, trial.spec.sweep.value),
  );
  const figures = places(points).map((value) =>
    rowOfFigures(`${what} ${value.toLocaleString('en')}: takeover`, valuesAt(points, value), 'ms'),
  );
  const title = `${what}: growth over the range`;
  const growth = growthOverRange(points);
  return [...figures, growth === null ? missingRow(title, FLAT) : rowOfInterval(title, growth, FLAT)];
}

/**
 * What the line through the points gains from the first to the last place, as a share of its value at the first, with the
 * interval that the slope has. Null where no line can be drawn, or one that is not above 0 where it begins.
 */
export function growthOverRange(
  points: readonly Point[],
): { readonly value: number; readonly low: number; readonly high: number } | null {
  const fit = fitLine(points);
  const values = places(points);
  const [first] = values;
  const last = values.at(-1);
  if (fit === null || first === undefined || last === undefined) return null;
  const beginning = fit.intercept + fit.slope * first;
  if (!(beginning > 0)) return null;
  const share = (slope: number): number => (slope * (last - first)) / beginning;
  return { value: share(fit.slope), low: share(fit.slopeLow), high: share(fit.slopeHigh) };
}

function slopeRow({ slope, slopeLow, slopeHigh }: LinearFit): Row {
  const us = { value: slope * US_PER_MS, low: slopeLow * US_PER_MS, high: slopeHigh * US_PER_MS };
  return rowOfFigure('takeover time per further connection', us, 'us');
}

/** A trial in which not all were taken over says nothing about how long all take. */
function takeoverPoint({ spec, measurements }: CompletedTrial, x: number): Point[] {
  const { takeovers } = measurements;
  if (takeovers === null || takeovers === undefined || takeovers.flows < spec.connections) return [];
  return [{ x, y: takeovers.durationMs }];
}

/** Ascending, each once. */
function places(points: readonly Point[]): number[] {
  return [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
}

function valuesAt(points: readonly Point[], place: number): number[] {
  return points.flatMap(({ x, y }) => (x === place ? y : []));
}
