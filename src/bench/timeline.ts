/**
 * One timeline per connection across processes: what the load client saw of its transports and replies, joined with
 * what the director and the surviving replicas saw of the flows. All times are ms of the shared clock.
 */
import type { DirectorReport, ReplicaReport, TakeoverRow } from '../cluster/messages.js';
import type { Fault } from '../contracts/fault.js';
import { type LoadReport, PLANNED_END, type TransportRow } from '../contracts/load.js';
import type { ConnectionOutcome, Phases } from '../contracts/results.js';
import { phasesAtFault } from './phase-at-fault.js';
import { type PlannedMove, plannedMoves } from './planned-moves.js';

export interface TimelineInput {
  readonly faultMs: number;
  readonly load: LoadReport;
  readonly director: DirectorReport;
  readonly survivors: readonly ReplicaReport[];
  /** Absent: an unplanned one. */
  readonly fault?: Pick<Fault, 'noticed'>;
}

/** Cause of a connection that was neither served nor ended. */
export const NO_REPLY = 'no reply';

/** What is known of one connection of the plan. */
interface ConnectionEvents {
  readonly transports: TransportRow[];
  /** Last verified reply before the fault. */
  lastBeforeMs: number | undefined;
  /** Verified replies after the fault that are not part of the closing check, in order of arrival. */
  readonly repliesMs: number[];
  /** Last verified reply after the fault, the closing check included. */
  lastAfterMs: number | undefined;
}

/** When the director declared a replica failed, after the fault: what it took for a failure before is none that was made. */
export function detectedAtMs({
  director,
  faultMs,
}: Pick<TimelineInput, 'director' | 'faultMs'>): number | undefined {
  return director.failures.find(({ atMs }) => atMs >= faultMs)?.atMs;
}

/** The outcomes of all connections, by index. */
export function connectionOutcomes(input: TimelineInput): ConnectionOutcome[] {
  const flows = new Map(input.director.flows.map((flow) => [flow.clientPort, flow]));
  const isOpen = (transport: TransportRow): boolean => isOpenAt(transport, input.faultMs);
  const planned = input.fault?.noticed === 'handover';
  const moves = planned ? plannedMoves(input, flows, isOpen) : new Map<number, PlannedMove>();
  const takeovers = takeoversByFlow(input.survivors);
  const struckMs = (connection: number): number => moves.get(connection)?.atMs ?? input.faultMs;
  const phases = phasesAtFault(input.load, struckMs);
  return collectEvents(input, struckMs).map((events, index) => {
    const first = events.transports.find(
      (transport) => isOpen(transport) && isEstablished(transport, events),
    );
    const flow = flows.get(first?.localPort ?? -1);
    const rows = takeovers.get(flow?.flowId ?? -1) ?? [];
    const move = moves.get(index);
    const faultMs = struckMs(index);
    const server =
      move === undefined
        ? { detectedMs: detectedAtMs(input), resumedMs: flow?.resumedMs, takeover: rows.at(-1) }
        : {
            detectedMs: faultMs,
            resumedMs: move.handover?.resumedMs,
            takeover: rows.find(({ takenMs }) => takenMs >= faultMs),
          };
    const marks = recoveryMarks(events, first, { faultMs, ...server });
    return { ...outcome(index, events, first, marks, faultMs), phaseAtFault: phases.get(index) ?? null };
  });
}

/** In the order in which they happened. */
function takeoversByFlow(survivors: readonly ReplicaReport[]): ReadonlyMap<number, readonly TakeoverRow[]> {
  const byFlow = new Map<number, TakeoverRow[]>();
  const all = survivors.flatMap(({ takeovers }) => takeovers).sort((a, b) => a.takenMs - b.takenMs);
  for (const row of all) {
    const rows = byFlow.get(row.flowId);
    if (rows === undefined) byFlow.set(row.flowId, [row]);
    else rows.push(row);
  }
  return byFlow;
}

/**
 * A transport in place of another has to have carried a reply: before, its handshake may be over for the client and not for
 * the server (TLS 1.3), and nothing was there that could be kept.
 */
function isEstablished(
  transport: TransportRow,
  { transports, lastBeforeMs = Number.NEGATIVE_INFINITY }: ConnectionEvents,
): boolean {
  return transport === transports[0] || lastBeforeMs >= (transport.secureMs ?? Number.POSITIVE_INFINITY);
}

/** A handshake that is under way at the fault has nothing yet that could be kept. */
function isOpenAt({ secureMs, endedMs }: TransportRow, atMs: number): boolean {
  return secureMs !== null && secureMs < atMs && (endedMs === null || endedMs >= atMs);
}

function collectEvents(
  { load }: TimelineInput,
  struckMs: (connection: number) => number,
): ConnectionEvents[] {
  const all: ConnectionEvents[] = [];
  const of = (connection: number): ConnectionEvents => {
    while (all.length <= connection) {
      all.push({ transports: [], lastBeforeMs: undefined, repliesMs: [], lastAfterMs: undefined });
    }
    return all[connection] as ConnectionEvents;
  };
  for (const transport of load.transports) of(transport.connection).transports.push(transport);
  const { requests } = load;
  for (let row = 0; row < requests.id.length; row++) {
    if (requests.outcome[row] !== 'ok') continue;
    const events = of(requests.connection[row] ?? 0);
    const repliedMs = requests.repliedMs[row] ?? 0;
    if (repliedMs < struckMs(requests.connection[row] ?? 0))
      events.lastBeforeMs = Math.max(events.lastBeforeMs ?? 0, repliedMs);
    else {
      events.lastAfterMs = Math.max(events.lastAfterMs ?? 0, repliedMs);
      if (requests.closing[row] !== true) events.repliesMs.push(repliedMs);
    }
  }
  return all;
}

/** The instants of one recovery; undefined where there was none. */
interface Marks {
  readonly detectedMs: number;
  readonly redirectedMs: number;
  readonly stateMs: number;
  readonly cryptoMs: number;
  readonly repliedMs: number;
}

interface ServerSide {
  readonly faultMs: number;
  readonly detectedMs: number | undefined;
  /** First byte of the new owner. */
  readonly resumedMs: number | null | undefined;
  readonly takeover: TakeoverRow | undefined;
}

/**
 * Only a reply that a survivor gave ends an outage: one that the dead primary had handed to the kernel may still arrive
 * after the fault, and proves nothing.
 */
function recoveryMarks(
  events: ConnectionEvents,
  first: TransportRow | undefined,
  server: ServerSide,
): Marks | undefined {
  if (first === undefined) return undefined;
  return isLost(first) ? reconnectedMarks(events, first) : keptMarks(events, first, server);
}

/** One that ended as planned had been kept until then. */
function isLost({ endedMs, cause }: TransportRow): boolean {
  return endedMs !== null && cause !== PLANNED_END;
}

function keptMarks(
  { repliesMs }: ConnectionEvents,
  { endedMs }: TransportRow,
  server: ServerSide,
): Marks | undefined {
  const { detectedMs, takeover, resumedMs } = server;
  if (detectedMs === undefined || takeover === undefined || typeof resumedMs !== 'number') return undefined;
  const repliedMs = repliesMs.find((atMs) => atMs >= resumedMs);
  if (repliedMs === undefined || repliedMs > (endedMs ?? repliedMs)) return undefined;
  const { takenMs, stateMs, cryptoMs } = takeover;
  return { detectedMs, redirectedMs: takenMs, stateMs, cryptoMs, repliedMs };
}

function reconnectedMarks(
  { transports, repliesMs }: ConnectionEvents,
  { endedMs }: TransportRow,
): Marks | undefined {
  if (endedMs === null) return undefined;
  const next = transports.find(({ secureMs, startedMs }) => secureMs !== null && startedMs >= endedMs);
  const { connectedMs, secureMs } = next ?? {};
  if (typeof connectedMs !== 'number' || typeof secureMs !== 'number') return undefined;
  const repliedMs = repliesMs.find((atMs) => atMs >= secureMs);
  if (repliedMs === undefined) return undefined;
  return {
    detectedMs: endedMs,
    redirectedMs: connectedMs,
    stateMs: connectedMs,
    cryptoMs: secureMs,
    repliedMs,
  };
}

function outcome(
  index: number,
  events: ConnectionEvents,
  first: TransportRow | undefined,
  marks: Marks | undefined,
  faultMs: number,
): ConnectionOutcome {
  const { transports, lastBeforeMs } = events;
  const fate = fateOf(events, first, marks);
  const made = transports.filter(
    ({ secureMs, afterLoss }) => afterLoss && secureMs !== null && secureMs >= faultMs,
  );
  const recoveredMs = marks?.repliedMs;
  return {
    index,
    fate,
    cause: first?.cause ?? (fate === 'lost' ? lastCause(transports) : null),
    handshakes: {
      full: made.filter(({ resumed }) => resumed === false).length,
      resumed: made.filter(({ resumed }) => resumed === true).length,
    },
    recoveryTimeMs: recoveredMs === undefined ? null : recoveredMs - faultMs,
    interruptionMs:
      recoveredMs === undefined || lastBeforeMs === undefined ? null : recoveredMs - lastBeforeMs,
    phases: marks === undefined ? null : phases(marks, faultMs),
  };
}

function lastCause(transports: readonly TransportRow[]): string {
  return transports.findLast(({ cause }) => cause !== null && cause !== PLANNED_END)?.cause ?? NO_REPLY;
}

/** A reply that was under way when the transport ended is no sign that the client has another one. */
function fateOf(
  { transports, lastAfterMs }: ConnectionEvents,
  first: TransportRow | undefined,
  marks: Marks | undefined,
): ConnectionOutcome['fate'] {
  if (lastAfterMs === undefined) return 'lost';
  if (first === undefined) return transports.some(({ afterLoss }) => afterLoss) ? 'reconnected' : 'opened';
  if (first.endedMs === null) return 'kept';
  // It ended as planned: kept if a survivor had served it before, else with nothing left to be kept.
  if (!isLost(first)) return marks === undefined ? 'opened' : 'kept';
  const again = transports.some(
    (transport) => transport !== first && transport.secureMs !== null && transport.secureMs <= lastAfterMs,
  );
  return again ? 'reconnected' : 'lost';
}

/** Instants of different processes may be some microseconds out of order: no phase is shorter than nothing. */
function phases(marks: Marks, faultMs: number): Phases {
  let lastMs = faultMs;
  const until = (atMs: number): number => {
    const next = Math.min(Math.max(lastMs, atMs), marks.repliedMs);
    const durationMs = next - lastMs;
    lastMs = next;
    return durationMs;
  };
  return {
    detectionMs: until(marks.detectedMs),
    redirectMs: until(marks.redirectedMs),
    stateMs: until(marks.stateMs),
    cryptoMs: until(marks.cryptoMs),
    firstReplyMs: until(marks.repliedMs),
  };
}
