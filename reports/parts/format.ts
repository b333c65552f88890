/** Numbers as text, with the digits that a reader can use. English separators on every machine. */

/** What stands for a number that there is none of. */
export const NONE = '–';

/** Milliseconds without a unit: `0.08`, `3.4`, `27.1`, `183`, `2,410`. */
export function formatMs(ms: number | null | undefined): string {
  if (ms == null) return NONE;
  if (ms < 1) return ms.toFixed(2);
  return ms < 100 ? ms.toFixed(1) : formatCount(ms);
}

/** A whole number with separators. */
export function formatCount(count: number | null | undefined): string {
  return count == null ? NONE : Math.round(count).toLocaleString('en-US');
}

/** Bytes as KiB without a unit; below 0 where memory was given back. */
export function formatKiB(bytes: number | null | undefined): string {
  if (bytes == null) return NONE;
  const kib = bytes / 1024;
  // Not -0.0.
  return Math.abs(kib) < 0.05 ? '0.0' : kib.toFixed(1);
}

/** Bytes without a unit, whole but for means below 10: `0`, `1.3`, `168`, `61,000`. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes == null) return NONE;
  return bytes > 0 && bytes < 10 ? bytes.toFixed(1) : formatCount(bytes);
}

/** A factor: `0.07`, `1.02`, `14.3`; two significant digits below 0.1. */
export function formatRatio(ratio: number): string {
  if (ratio < 0.1) return ratio.toPrecision(2).replace(/e.*$/, (exponent) => `e${Number(exponent.slice(1))}`);
  return ratio < 10 ? ratio.toFixed(2) : formatMs(ratio);
}

/** How many times as much, for sentences: two significant digits below 100: `1.2`, `14`, `120`. */
export function formatFactor(factor: number): string {
  if (factor >= 100) return formatCount(factor);
  return factor < 10 ? factor.toFixed(1) : factor.toFixed(0);
}

/** A share of 1 in per cent. */
export function formatPercent(share: number | null | undefined): string {
  return share == null ? NONE : `${Math.round(share * 100)} %`;
}

/** `1 trial`, `6 trials`. */
export function formatNumberOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function formatList(items: readonly string[]): string {
  const last = items[items.length - 1];
  if (last === undefined) return '';
  return items.length === 1 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}
