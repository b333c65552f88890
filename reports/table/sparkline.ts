/** A curve of rates as one line of characters, in two parts: before and after the fault. */

export interface Curve {
  readonly binMs: number;
  /** Bin i covers (firstBin + i) * binMs up to (firstBin + i + 1) * binMs; 0 is the fault. */
  readonly firstBin: number;
  readonly repliesPerSecond: readonly number[];
}

/** What every line of a group shows, so that they can be compared character by character. */
export interface Span {
  /** Ms, at most 0. */
  readonly from: number;
  readonly to: number;
  /** Of one character. */
  readonly stepMs: number;
  /** Rate of the highest character. */
  readonly highest: number;
}

/** Share of the line before the fault: enough to see what the rate was. */
const BEFORE_SHARE = 0.25;

/** Beyond the slowest return to 95 %, so that it is seen to last. */
const MARGIN = 1.5;

/** Long enough to see a rate, ms. */
const LEAST_AFTER_MS = 200;

const UNICODE_LEVELS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_LEVELS = [' ', '.', ':', '-', '=', '+', '*', '#', '@'];

/**
 * @param timesTo95Ms of the strategies, null for one that never came back: then everything is shown
 * @param cells characters of a line, the mark of the fault included
 * @returns null when nothing was measured
 */
export function sparklineSpan(
  curves: readonly Curve[],
  timesTo95Ms: readonly (number | null)[],
  cells: number,
): Span | null {
  const [first] = curves;
  if (first === undefined || cells < 2) return null;
  const end = Math.max(
    ...curves.map((curve) => (curve.firstBin + curve.repliesPerSecond.length) * curve.binMs),
  );
  const start = Math.min(0, ...curves.map(({ firstBin, binMs }) => firstBin * binMs));
  const needed = timesTo95Ms.includes(null)
    ? end
    : Math.max(LEAST_AFTER_MS, ...timesTo95Ms.map((ms) => MARGIN * (ms ?? 0)));
  const afterCells = Math.ceil((cells - 1) * (1 - BEFORE_SHARE));
  const stepMs = first.binMs * Math.max(1, Math.ceil(Math.min(end, needed) / afterCells / first.binMs));
  const before = Math.min(cells - 1 - afterCells, Math.floor(-start / stepMs));
  const after = Math.min(afterCells, Math.max(0, Math.floor(end / stepMs)));
  const span = { from: 0 - before * stepMs, to: after * stepMs, stepMs };
  const highest = Math.max(...curves.flatMap((curve) => rates(curve, span)));
  return highest > 0 ? { ...span, highest } : null;
}

export function drawSparkline(
  curve: Curve,
  span: Span,
  unicode: boolean,
): { readonly before: string; readonly after: string } {
  const levels = unicode ? UNICODE_LEVELS : ASCII_LEVELS;
  const line = rates(curve, span).map(
    (rate) => levels[levelOf(rate, span.highest, levels.length - 1)] ?? ' ',
  );
  const faultAt = Math.round(-span.from / span.stepMs);
  return { before: line.slice(0, faultAt).join(''), after: line.slice(faultAt).join('') };
}

/** Mean rate of each step. */
function rates(
  { binMs, firstBin, repliesPerSecond }: Curve,
  { from, to, stepMs }: Omit<Span, 'highest'>,
): number[] {
  const binsPerStep = Math.max(1, Math.round(stepMs / binMs));
  const steps = Math.round((to - from) / stepMs);
  return Array.from({ length: steps }, (_, step) => {
    const start = Math.round((from + step * stepMs) / binMs) - firstBin;
    let sum = 0;
    for (let bin = start; bin < start + binsPerStep; bin++) sum += repliesPerSecond[bin] ?? 0;
    return sum / binsPerStep;
  });
}

/** Only what is nothing is drawn as nothing. */
function levelOf(rate: number, highest: number, most: number): number {
  if (rate <= 0 || highest <= 0) return 0;
  return Math.max(1, Math.min(most, Math.round((rate / highest) * most)));
}
