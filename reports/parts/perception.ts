/** Which share of connections and requests was served again before people notice, or give up. */
import type { Cell, PerceivedCounts } from '../../src/contracts/results.js';
import { NONE } from './format.js';

type Limit = Exclude<keyof PerceivedCounts, 'total'>;

/** From what feels instantaneous to what is borne at all. */
export const LIMITS: readonly { readonly key: Limit; readonly label: string }[] = [
  { key: 'under100Ms', label: '0.1 s' },
  { key: 'under1S', label: '1 s' },
  { key: 'under5S', label: '5 s' },
  { key: 'under11S', label: '11 s' },
];

export const PERCEPTION_NOTE =
  'Connections: last verified reply before the fault to the first after it. Requests: in flight at the fault or intended after ' +
  'it, from the intended time. Up to 0.1 s feels instant, up to 1 s keeps the flow of thought (Nielsen 1993); quality of web ' +
  'servers was called high below 5 s, and low above 11 s (Bhatti, Bouch and Kuchinsky 2000).';

export interface PerceivedRow {
  readonly of: 'connections' | 'requests';
  readonly total: number;
  /** One per limit, in their order: whole per cent, `100` only for all. */
  readonly shares: readonly string[];
}

/** Nothing where nothing is known. */
export function perceivedRows({ perceived }: Cell): PerceivedRow[] {
  const { connections, requests } = perceived ?? {};
  return [
    ...(connections ? [rowOf('connections', connections)] : []),
    ...(requests ? [rowOf('requests', requests)] : []),
  ];
}

/** Cut off and not rounded: 99.9 % is not all. */
function rowOf(of: PerceivedRow['of'], counts: PerceivedCounts): PerceivedRow {
  const { total } = counts;
  const shares = LIMITS.map(({ key }) =>
    total === 0 ? NONE : String(Math.floor((counts[key] * 100) / total)),
  );
  return { of, total, shares };
}
