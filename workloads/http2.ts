/** Requests side by side on each connection, as browsers and gRPC clients send them. */
import type {
  Application,
  PlannedRequest,
  Prng,
  SeededBytes,
  Workload,
  WorkloadOptions,
} from '../src/contracts/workload.js';
import { nextArrivalMs } from './parts/arrivals.js';
import { planConnections } from './parts/plan.js';
import {
  formatTarget,
  parseTarget,
  refuse,
  sendSeededReply,
  tolerateLoss,
  verifySeededReply,
} from './parts/seeded-exchange.js';

/** As a page with some resources asks for. */
const STREAMS = 8;
/** From an API's answer to a picture: streams of a connection end at different times. */
const MIN_REPLY_BYTES = 128;
const MAX_REPLY_BYTES = 32 * 1024;
/** Open arrivals: well below what one core serves. */
const REQUESTS_PER_SECOND_PER_CONNECTION = 20;

export const http2: Workload = {
  id: 'http2',
  title: 'HTTP/2',
  question: 'What does a reset cost when many requests share a connection?',
  arrivals: 'closed',
  protocol: 'h2',
  requestsInFlight: STREAMS,
  defaultConnections: 20,
  plan: (options, prng) => planConnections(options, prng, (index, own) => requests(index, options, own)),
  application: createApplication,
  verify: verifySeededReply,
};

function* requests(connection: number, options: WorkloadOptions, prng: Prng): Generator<PlannedRequest> {
  let atMs = 0;
  for (let index = 0; ; index++) {
    if (options.arrivals === 'open') atMs = nextArrivalMs(atMs, REQUESTS_PER_SECOND_PER_CONNECTION, prng);
    const id = `${connection}-${index}`;
    yield {
      id,
      method: 'GET',
      target: formatTarget({ id, bytes: drawReplyBytes(prng) }),
      bodyBytes: 0,
      atMs,
    };
  }
}

/** Log-uniform: each doubling of the length is equally likely. */
function drawReplyBytes(prng: Prng): number {
  return Math.round(MIN_REPLY_BYTES * (MAX_REPLY_BYTES / MIN_REPLY_BYTES) ** prng.uniform());
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
