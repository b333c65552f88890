/** Many connections, nearly all of them silent: push channels, devices, connection pools. */
import type {
  Application,
  PlannedRequest,
  Prng,
  SeededBytes,
  Workload,
  WorkloadOptions,
} from '../src/contracts/workload.js';
import { configurable, type NumberSettings } from './parts/parameters.js';
import { planConnections } from './parts/plan.js';
import {
  formatTarget,
  parseTarget,
  refuse,
  sendSeededReply,
  tolerateLoss,
  verifySeededReply,
} from './parts/seeded-exchange.js';

const REPLY_BYTES = 128;

const SETTINGS = {
  activeShare: {
    meaning: 'share of connections that are not idle',
    low: 0.0001,
    high: 1,
    whole: false,
    // One in twenty: enough replies to measure the recovery, few enough that silence is the rule.
    default: 0.05,
  },
  thinkMs: {
    meaning: 'mean pause of an active connection before its next request',
    low: 1,
    high: 60_000,
    whole: false,
    // Long against a reply, short against a recovery: the fault meets active connections between requests and in them.
    default: 20,
  },
} as const satisfies NumberSettings<string>;

export const idleFleet: Workload = configurable(SETTINGS, ({ activeShare, thinkMs }) => ({
  id: 'idle-fleet',
  title: 'Idle fleet',
  question: 'What do idle connections cost, and do the few active ones wait for them?',
  arrivals: 'closed',
  defaultConnections: 200,
  plan: (options, prng) =>
    planConnections(options, prng, (index, own) =>
      isActive(index, activeShare)
        ? activeRequests(index, thinkMs, options, own)
        : idleRequests(index, options),
    ),
  application: createApplication,
  verify: verifySeededReply,
}));

/** The first one of each 1 / `share`, so that every part of the fleet has its share of them. */
function isActive(connection: number, share: number): boolean {
  return connection === 0 || Math.ceil((connection + 1) * share) > Math.ceil(connection * share);
}

/**
 * About one request every `thinkMs`, with pauses drawn from the seed so that connections do not beat together. Closed
 * arrivals pause behind each reply: what a busy or failed server kept a client from asking is not made up for, or quiet
 * connections would ask without any pause just then.
 */
function* activeRequests(
  connection: number,
  thinkMs: number,
  { arrivals }: WorkloadOptions,
  prng: Prng,
): Generator<PlannedRequest> {
  let atMs = 0;
  for (let index = 0; ; index++) {
    const pauseMs = thinkMs * (0.5 + prng.uniform());
    if (index === 0 || arrivals === 'open') atMs += pauseMs;
    yield { ...get(connection, index, atMs), ...(arrivals === 'closed' && { thinkMs: pauseMs }) };
  }
}

/** One request to begin with, and one when the load is over, which shows whether the connection still works. */
function* idleRequests(connection: number, options: WorkloadOptions): Generator<PlannedRequest> {
  yield get(connection, 0, 0);
  yield get(connection, 1, options.durationMs);
}

function get(connection: number, index: number, atMs: number): PlannedRequest {
  const id = `${connection}-${index}`;
  return { id, method: 'GET', target: formatTarget({ id, bytes: REPLY_BYTES }), bodyBytes: 0, atMs };
}

function createApplication(bodies: SeededBytes): Application {
  return (request, response, exchange) => {
    tolerateLoss(request, response);
    const target = parseTarget(request.url);
    if (target === undefined) refuse(request, response, 404, `no such resource: ${request.url}`);
    else if (request.method !== 'GET') refuse(request, response, 405, 'only GET is allowed');
    else {
      exchange.recordExecution(target.id);
      sendSeededReply(response, target, bodies);
    }
  };
}
