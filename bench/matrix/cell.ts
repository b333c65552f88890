/** One cell: one client, one connection, one kill, and every byte checked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import type { Identity } from '../../src/cluster/certificates.js';
import { formatTarget, replyKey } from '../../workloads/parts/seeded-exchange.js';
import { requestReply } from '../../workloads/request-reply.js';
import { type Case, type Scenario, updatesKeys } from './cases.js';
import type { Client, Session } from './client.js';
import { KillableCluster } from './killable-cluster.js';

export type Outcome =
  | { readonly kind: 'ok' }
  | { readonly kind: 'not-applicable'; readonly reason: string }
  | { readonly kind: 'failed'; readonly what: string };

/** Of the reply bytes; any will do. */
export const SEED = 1;
const MIB = 1024 * 1024;
/** In the middle of a response is when the client has this much of it. */
const BYTES_BEFORE_KILL = MIB;
/** Several times what kernel, director and client hold between the primary and a reader that has stopped. */
const LONG_REPLY_BYTES = 32 * MIB;
/** One record, several records, the shortest content. */
const SHORT_REPLY_BYTES = [500, 40_000, 1] as const;
/** A cell takes 1 to 5 s; one that hangs must not stop the rest. */
const CELL_TIMEOUT_MS = 60_000;

/** One request, and what happens while its reply is read. */
export interface Step {
  /** Of the request. */
  readonly id: string;
  readonly target: string;
  readonly bytes: number;
  /** When the client has this many bytes of the reply, `then` follows, and after it the rest of the reply. */
  readonly pauseAt: number;
  readonly then: readonly ('update-keys' | 'kill')[];
}

type StepPlan = Omit<Step, 'id' | 'target'>;

/** Tries one cell. Never throws for what the client or the cluster does, and tries nothing twice. */
export async function tryCell(client: Client, of: Case, identity: Identity): Promise<Outcome> {
  if (updatesKeys(of.scenario) && client.noKeyUpdate !== undefined)
    return { kind: 'not-applicable', reason: client.noKeyUpdate };
  const steps = stepsOf(of.scenario, client.longReplyBytes);
  const workload = steps.some(({ bytes, pauseAt }) => pauseAt < bytes) ? 'bulk-download' : 'request-reply';
  const cluster = await KillableCluster.start({ of, workload, seed: SEED, identity });
  try {
    await withTimeout(runClient(client, cluster, steps));
    return { kind: 'ok' };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', what: `${what} (${await cluster.explainEnds()})` };
  } finally {
    await cluster.end();
  }
}

/** The requests of a scenario, in order. */
export function stepsOf(scenario: Scenario, longReplyBytes = LONG_REPLY_BYTES): readonly Step[] {
  const [one, several, least] = SHORT_REPLY_BYTES;
  const plans: Readonly<Record<Scenario, readonly StepPlan[]>> = {
    'between-requests': [pauseAfter(one, ['kill']), pauseAfter(several, []), pauseAfter(least, [])],
    'mid-response': [pauseIn(longReplyBytes, ['kill']), pauseAfter(one, [])],
    'key-update': [
      pauseAfter(one, ['update-keys']),
      pauseAfter(one, ['kill']),
      pauseAfter(several, ['update-keys']),
      pauseAfter(least, []),
    ],
    'key-update-mid-response': [
      pauseAfter(one, ['update-keys']),
      pauseIn(longReplyBytes, ['update-keys', 'kill', 'update-keys']),
      pauseAfter(one, []),
    ],
  };
  return plans[scenario].map((step, index) => {
    const id = `0-${index}`;
    return { ...step, id, target: formatTarget({ id, bytes: step.bytes }) };
  });
}

function pauseAfter(bytes: number, then: Step['then']): StepPlan {
  return { bytes, pauseAt: bytes, then };
}

function pauseIn(bytes: number, then: Step['then']): StepPlan {
  return { bytes, pauseAt: BYTES_BEFORE_KILL, then };
}

async function runClient(client: Client, cluster: KillableCluster, steps: readonly Step[]): Promise<void> {
  const session = await client.open(
    cluster.endpoint,
    steps.map(({ target }) => target),
  );
  try {
    await runSteps(session, cluster, steps);
    await session.finish?.();
    await cluster.verifyTakeover();
  } finally {
    session.destroy();
  }
}

/** @throws Error when a byte of a reply is wrong or missing */
export async function runSteps(
  session: Session,
  cluster: KillableCluster,
  steps: readonly Step[],
): Promise<void> {
  for (const step of steps) await runStep(session, cluster, step);
}

async function runStep(session: Session, cluster: KillableCluster, step: Step): Promise<void> {
  const request = { id: step.id, method: 'GET', target: step.target, bodyBytes: 0, atMs: 0 } as const;
  const check = requestReply.verify(request, 200, createSeededBytes(SEED));
  let received = 0;
  let isPaused = false;
  let wrong = 0;
  for await (const content of session.get(step.target)) {
    wrong += check.push(content);
    received += content.length;
    if (received < step.pauseAt || isPaused) continue;
    isPaused = true;
    await act(session, cluster, step.then);
  }
  const missing = check.end();
  if (wrong + missing > 0)
    throw new Error(`${step.target}: ${wrong} bytes are wrong, ${missing} are missing`);
}

/** The content that the reply to request `id` must have. */
export function bytesOfReply(id: string, bytes: number): Buffer {
  const seeded = createSeededBytes(SEED);
  const content = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; ) at += seeded.slice(replyKey(id), at, bytes - at).copy(content, at);
  return content;
}

async function act(session: Session, cluster: KillableCluster, actions: Step['then']): Promise<void> {
  for (const action of actions) {
    if (action === 'kill') await cluster.killPrimary();
    else await session.updateKeys?.();
  }
}

async function withTimeout(work: Promise<void>): Promise<void> {
  const timer = new AbortController();
  const expired = sleep(CELL_TIMEOUT_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`it was not done within ${CELL_TIMEOUT_MS} ms`);
  });
  // Once the race is decided, nobody listens to the loser.
  for (const each of [work, expired]) each.catch(() => {});
  try {
    await Promise.race([work, expired]);
  } finally {
    timer.abort();
  }
}
