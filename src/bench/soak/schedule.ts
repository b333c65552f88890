/** Which fault comes next, when, and whom it strikes: all drawn from one seed. Pure. */
import type { ReplicaStatus } from '../../cluster/director/replica-status.js';
import type { Fault, FaultRoles } from '../../contracts/fault.js';
import type { Prng } from '../../contracts/workload.js';

/** Long enough for some exchanges on every connection; drawn, so that faults do not beat time with the load. */
const MIN_PAUSE_MS = 300;
const PAUSE_SPAN_MS = 1200;
/** The rest of the replicas serves alone for so long. */
const MIN_ALONE_MS = 100;
const ALONE_SPAN_MS = 400;
/** Of a fixed interval: most of it is left for the cluster to be made whole in. */
const MAX_ALONE_SHARE = 0.1;
/**
 * Faults that end connections come after so many that do not: what a soak is for are the second, third and tenth takeover
 * of one connection.
 */
const KEEPING_ROUNDS = 8;
/** Mostly the replica with most flows is struck; else any: one that serves few is the backup of many. */
const BUSIEST_SHARE = 0.7;

export interface SoakRound {
  readonly index: number;
  readonly fault: Fault;
  /** Between the end of the round before and the fault, where faults do not come at a fixed interval. */
  readonly pauseMs: number;
  /** Between the end of the fault's script and the restart of its victims. */
  readonly aloneMs: number;
  /** What the script of the fault draws from. */
  readonly prng: Prng;
  /** @param replicas all of them alive */
  roles(replicas: readonly ReplicaStatus[]): FaultRoles;
}

/**
 * Endless: the faults in their order, again and again, those after which no connection can be kept more rarely.
 *
 * @param faults at least one
 */
export function* soakSchedule(
  faults: readonly Fault[],
  replicas: number,
  prng: Prng,
): Generator<SoakRound, never> {
  const order = faultOrder(faults, replicas);
  for (let index = 0; ; index++) {
    const own = prng.fork(`round ${index}`);
    const pauseMs = MIN_PAUSE_MS + PAUSE_SPAN_MS * own.uniform();
    const aloneMs = MIN_ALONE_MS + ALONE_SPAN_MS * own.uniform();
    const busiest = own.uniform() < BUSIEST_SHARE;
    const any = own.uniform();
    yield {
      index,
      fault: order[index % order.length] as Fault,
      pauseMs,
      aloneMs,
      prng: own.fork('script'),
      roles(replicas) {
        const drawn = replicas[Math.floor(any * replicas.length)]?.index ?? 0;
        const primary = busiest ? indexOfMost(replicas, 'serves') : drawn;
        const others = replicas.filter(({ index: other }) => other !== primary);
        return { primary, backup: indexOfMost(others, 'keeps'), replicas: replicas.length };
      },
    };
  }
}

/** Times of one soak, ms of one clock. */
export interface FaultTimes {
  /** Between two faults. */
  readonly everyMs: number;
  readonly firstMs: number;
  /** Undefined before the first fault. */
  readonly lastMs: number | undefined;
}

/** When the next fault is due: the interval after the one before, however long that took. Pure. */
export function nextFaultMs({ everyMs, firstMs, lastMs }: FaultTimes): number {
  return lastMs === undefined ? firstMs : lastMs + everyMs;
}

/**
 * How long to wait for a fault, ms; undefined when the load ends before it. To wait for the end and to look at the clock then
 * would not do: a timer may be early, and the fault with it. Pure.
 *
 * @param dueInMs below 0 where it is overdue
 */
export function pauseBeforeFault(dueInMs: number, remainingMs: number): number | undefined {
  const pauseMs = Math.max(0, dueInMs);
  return pauseMs < remainingMs ? pauseMs : undefined;
}

/** For how long the rest of the replicas serves alone. @param everyMs undefined: no fixed interval */
export function aloneTimeMs({ aloneMs }: SoakRound, everyMs: number | undefined): number {
  return everyMs === undefined ? aloneMs : Math.min(aloneMs, everyMs * MAX_ALONE_SHARE);
}

/** One period of the order. */
function faultOrder(faults: readonly Fault[], replicas: number): Fault[] {
  const keeping = faults.filter((fault) => fault.outcome(replicas).connections !== 'reset');
  const ending = faults.filter((fault) => !keeping.includes(fault));
  if (keeping.length === 0 || ending.length === 0) return [...faults];
  const turns = Math.ceil(KEEPING_ROUNDS / keeping.length);
  return ending.flatMap((fault) => [...new Array<readonly Fault[]>(turns).fill(keeping).flat(), fault]);
}

function indexOfMost(replicas: readonly ReplicaStatus[], what: 'serves' | 'keeps'): number {
  let most = replicas[0];
  for (const replica of replicas) {
    if (most !== undefined && replica[what] > most[what]) most = replica;
  }
  return most?.index ?? 0;
}
