/** A logarithmic axis of times, with the limits of human perception as guides. */
import { formatCount } from '../parts/format.js';
import { type ChartLayer, NUMBER_FORMAT, TEXT_SIZE } from './render.js';

/** 10 us. A logarithmic axis has no 0, and no measured recovery is faster. */
export const LEAST_MS = 0.01;

/**
 * J. Nielsen, "Usability Engineering", 1993, chapter 5: up to 0.1 s a reaction feels instantaneous, up to 1 s the flow of
 * thought is not interrupted, after 10 s attention is lost.
 */
const PERCEPTION: readonly { readonly ms: number; readonly label: string }[] = [
  { ms: 100, label: '0.1 s: felt' },
  { ms: 1000, label: '1 s: in the way' },
  { ms: 10_000, label: '10 s: given up' },
];

/** Right of the rule, so that the label at the end of the axis stays in the picture, px. */
const LABEL_SHIFT = 24;

export type Domain = readonly [low: number, high: number];

/** From the fastest to the slowest, with some room, and up to the first limit of perception in any case. */
export function logDomain(values: Iterable<number>): Domain {
  let low = Infinity;
  let high = LEAST_MS;
  for (const ms of values) {
    low = Math.min(low, ms);
    high = Math.max(high, ms);
  }
  return [Math.max(LEAST_MS, low) / 1.25, Math.max(high * 1.25, 125)];
}

/** The x axis for {@link logDomain}. */
export function logX(field: string, [low, high]: Domain) {
  const domain: [number, number] = [low, high];
  return {
    field,
    type: 'quantitative',
    title: 'ms after the fault (logarithmic)',
    scale: { type: 'log', domain, nice: false },
    axis: { values: logTicks([low, high]), format: NUMBER_FORMAT, labelFlush: false },
  } as const;
}

/** A rule at each limit within the axis, named above the plot. */
export function perceptionLayers([low, high]: Domain): ChartLayer[] {
  const values = PERCEPTION.filter(({ ms }) => ms > low && ms < high);
  if (values.length === 0) return [];
  const x = { field: 'ms', type: 'quantitative' } as const;
  return [
    {
      data: { values },
      mark: { type: 'rule', color: 'currentColor', opacity: 0.5, strokeDash: [1, 3] },
      encoding: { x },
    },
    {
      data: { values },
      mark: {
        type: 'text',
        align: 'right',
        dx: LABEL_SHIFT,
        baseline: 'bottom',
        color: 'currentColor',
        opacity: 0.75,
        fontSize: TEXT_SIZE,
      },
      encoding: { x, y: { value: -3 }, text: { field: 'label', type: 'nominal' } },
    },
  ];
}

/** The limits in words, for the text under a chart. */
export const PERCEPTION_TEXT = `Guides: up to ${formatCount(100)} ms feels instant, from ${formatCount(1000)} ms on it interrupts thought, after ${formatCount(10_000)} ms people give up (Nielsen).`;

/** 1, 2 and 5 of each decade while they have room, else the powers of ten. */
export function logTicks([low, high]: Domain): number[] {
  const factors = high / low < 100 ? [1, 2, 5] : [1];
  const values: number[] = [];
  for (let exponent = Math.floor(Math.log10(low)); 10 ** exponent <= high; exponent++) {
    // Division keeps 0.01 what it is: 10 ** -2 is 0.01, but 5 * 10 ** -3 is not always 0.005.
    values.push(
      ...factors.map((factor) => (exponent < 0 ? factor / 10 ** -exponent : factor * 10 ** exponent)),
    );
  }
  return values.filter((value) => value >= low && value <= high);
}
