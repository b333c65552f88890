/** How many of the requests and connections that met a fault were served again before people would have noticed. */
import type { RequestColumns } from '../contracts/load.js';
import type { ConnectionOutcome, PerceivedCounts } from '../contracts/results.js';

/**
 * 0.1 s: feels instantaneous; 1 s: the flow of thought is not interrupted (J. Nielsen, "Usability Engineering", 1993,
 * chapter 5). 5 s and 11 s: below the one, the quality of a web server was called high, above the other low (N. Bhatti,
 * A. Bouch and A. Kuchinsky, "Integrating user-perceived quality into Web server design", 2000).
 */
const LIMITS_MS = {
  under100Ms: 100,
  under1S: 1000,
  under5S: 5000,
  under11S: 11_000,
} as const satisfies Record<Exclude<keyof PerceivedCounts, 'total'>, number>;

/** Requests that were in flight at the fault or intended after it, by their latency from the intended time. */
export function perceivedRequests(requests: RequestColumns, faultMs: number): PerceivedCounts {
  const latenciesMs: number[] = [];
  requests.outcome.forEach((outcome, row) => {
    const repliedMs = requests.repliedMs[row] ?? Number.NaN;
    if (requests.closing[row] === true || repliedMs < faultMs) return;
    // What never came, or came wrong, took for ever.
    latenciesMs.push(
      outcome === 'ok' ? repliedMs - (requests.intendedMs[row] ?? 0) : Number.POSITIVE_INFINITY,
    );
  });
  return countWithin(latenciesMs);
}

/** Connections that were to be served after the fault, by how long they were not. */
export function perceivedConnections(connections: readonly ConnectionOutcome[]): PerceivedCounts {
  return countWithin(
    connections.flatMap(({ fate, interruptionMs, recoveryTimeMs }) => {
      const servedMs = interruptionMs ?? recoveryTimeMs;
      return servedMs ?? (fate === 'lost' ? Number.POSITIVE_INFINITY : []);
    }),
  );
}

/** Adds `more` to `counts`. */
export function addPerceived(counts: PerceivedCounts, more: PerceivedCounts): PerceivedCounts {
  return {
    total: counts.total + more.total,
    under100Ms: counts.under100Ms + more.under100Ms,
    under1S: counts.under1S + more.under1S,
    under5S: counts.under5S + more.under5S,
    under11S: counts.under11S + more.under11S,
  };
}

export const NOTHING_PERCEIVED: PerceivedCounts = countWithin([]);

function countWithin(times: readonly number[]): PerceivedCounts {
  const under = (limitMs: number): number => times.filter((ms) => ms < limitMs).length;
  return {
    total: times.length,
    under100Ms: under(LIMITS_MS.under100Ms),
    under1S: under(LIMITS_MS.under1S),
    under5S: under(LIMITS_MS.under5S),
    under11S: under(LIMITS_MS.under11S),
  };
}
