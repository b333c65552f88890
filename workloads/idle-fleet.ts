/** Many connections, nearly all of them silent: push channels, devices, connection pools. */
import type {
  Application,
  PlannedRequest,
  Prng,
  SeededBytes,
  Workload,
  WorkloadOptions,
} from '../src/contracts/workload.js';
import { planConnections } from './shared/plan.js';
import {
  formatTarget,
  parseTarget,
  refuse,
  sendSeededReply,
  tolerateLoss,
  verifySeededReply,
} from './shared/seeded-exchange.js';

/** One in twenty is active: enough replies to measure the recovery, few enough that silence is the rule. */
const CONNECTIONS_PER_ACTIVE = 20;
/** Long against a reply, short against a recovery: the fault meets active connections between requests and in them. */
const THINK_MS = 20;
const REPLY_BYTES = 128;

export const idleFleet: Workload = {
  id: 'idle-fleet',
  title: 'Idle fleet',
  question: 'What do idle connections cost, and do the few active ones wait for them?',
  arrivals: 'closed',
  defaultConnections: 200,
  plan: (options, prng) =>
    planConnections(options, prng, (index, own) =>
      index % CONNECTIONS_PER_ACTIVE === 0 ? activeRequests(index, own) : idleRequests(index, options),
    ),
  application: createApplication,
  verify: verifySeededReply,
};

/** About one request every {@link THINK_MS}, at times drawn from the seed so that connections do not beat together. */
function* activeRequests(connection: number, prng: Prng): Generator<PlannedRequest> {
  let atMs = 0;
  for (let index = 0; ; index++) {
    atMs += THINK_MS * (0.5 + prng.uniform());
    yield get(connection, index, atMs);
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
