/** Whether figures keep their goal. Pure. */
import { median } from '../../src/stats/average.js';

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
  /** `met`, `missed`, how many of all values meet it, or why that cannot be told. */
  readonly verdict: string;
}

export interface Goal {
  readonly bound: 'at most' | 'at least';
  readonly value: number;
  readonly unit: string;
}

export interface Interval {
  readonly value: number;
  /** Of 95 %. */
  readonly low: number;
  readonly high: number;
}

/** Without an interval where there are too few trials for one. */
export type Figure = Interval | Pick<Interval, 'value'>;

const SIGNS = { 'at most': '<=', 'at least': '>=' } as const;
const NOT_MEASURED = 'not measured';
/** The machine and the load leave no more of a figure than this. */
const DIGITS = 3;

export const atMost = (value: number, unit = ''): Goal => ({ bound: 'at most', value, unit });
export const atLeast = (value: number, unit = ''): Goal => ({ bound: 'at least', value, unit });

/** A figure that each trial has for itself: each is held against the goal. */
export function rowOfTrials(what: string, values: readonly number[], goal: Goal): Row {
  const kept = values.filter((value) => keeps(value, goal)).length;
  return {
    what,
    measured: spread(values, goal.unit),
    goal: goalText(goal),
    verdict: values.length === 0 ? NOT_MEASURED : shareVerdict(kept, values.length),
  };
}

/** A figure that all trials have together; without an interval there is no verdict on it. */
export function rowOfInterval(what: string, figure: Figure, goal: Goal): Row {
  return {
    what,
    measured: figureText(figure, goal.unit),
    goal: goalText(goal),
    verdict: isInterval(figure) ? intervalVerdict(figure, goal) : 'too few trials',
  };
}

/** A figure that is what it is: a share that a fit explains. */
export function rowOfValue(what: string, value: number, goal: Goal): Row {
  return {
    what,
    measured: figureText({ value }, goal.unit),
    goal: goalText(goal),
    verdict: keeps(value, goal) ? 'met' : 'missed',
  };
}

/** @param kept how many of `all` did what is wanted of every one */
export function rowOfCount(what: string, kept: number, all: number): Row {
  return {
    what,
    measured: `${kept} of ${all}`,
    goal: 'all',
    verdict: all === 0 ? NOT_MEASURED : kept === all ? 'met' : 'missed',
  };
}

/** What there is no goal for, or what a goal is better understood by: a figure that each trial has for itself. */
export function rowOfFigures(what: string, values: readonly number[], unit: string): Row {
  return { what, measured: spread(values, unit), goal: '', verdict: '' };
}

/** The same of all trials together. */
export function rowOfFigure(what: string, figure: Figure, unit: string): Row {
  return { what, measured: figureText(figure, unit), goal: '', verdict: '' };
}

/** Something that would be measured, had the trials shown it. */
export function missingRow(what: string, goal: Goal): Row {
  return { what, measured: '-', goal: goalText(goal), verdict: NOT_MEASURED };
}

/** Median (least to greatest). */
export function spread(values: readonly number[], unit: string): string {
  const middle = median(values);
  if (middle === null) return '-';
  const low = values.reduce((least, value) => Math.min(least, value));
  const high = values.reduce((greatest, value) => Math.max(greatest, value));
  return `${number(middle)} (${number(low)} to ${number(high)})${unitText(unit)}`;
}

function isInterval(figure: Figure): figure is Interval {
  return 'low' in figure;
}

function figureText(figure: Figure, unit: string): string {
  const range = isInterval(figure) ? ` (${number(figure.low)} to ${number(figure.high)})` : '';
  return `${number(figure.value)}${range}${unitText(unit)}`;
}

function keeps(value: number, { bound, value: limit }: Goal): boolean {
  return bound === 'at most' ? value <= limit : value >= limit;
}

function shareVerdict(kept: number, all: number): string {
  if (kept === all) return 'met';
  return kept === 0 ? 'missed' : `met in ${kept} of ${all}`;
}

function intervalVerdict({ low, high }: Interval, goal: Goal): string {
  const [worse, better] = goal.bound === 'at most' ? [high, low] : [low, high];
  if (keeps(worse, goal)) return 'met';
  return keeps(better, goal) ? 'undecided' : 'missed';
}

function goalText({ bound, value, unit }: Goal): string {
  return `${SIGNS[bound]} ${number(value)}${unitText(unit)}`;
}

function unitText(unit: string): string {
  return unit === '' ? '' : ` ${unit}`;
}

/** Whole numbers as they are; of others the leading digits, never with an exponent. */
function number(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en');
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  return value.toLocaleString('en', { maximumFractionDigits: Math.max(0, DIGITS - 1 - magnitude) });
}
