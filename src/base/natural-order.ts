/**
 * Compares text by code unit, numbers in it by their value: `connections=20` comes before `connections=100`. The same on
 * every machine, unlike `localeCompare`.
 */
export function compareNaturally(a: string, b: string): number {
  const left = a.split(DIGITS);
  const right = b.split(DIGITS);
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const order = compareParts(left[at] ?? '', right[at] ?? '', at % 2 === 1);
    if (order !== 0) return order;
  }
  // The parts may be equal as numbers and differ as text: 1 and 01.
  return left.length - right.length || compareText(a, b);
}

/** With the group, `split` keeps them: every second part is one. */
const DIGITS = /(\d+)/;

function compareParts(a: string, b: string, areNumbers: boolean): number {
  return areNumbers ? Number(a) - Number(b) : compareText(a, b);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
