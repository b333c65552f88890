/** Small requests and replies, one after the other on each connection: the traffic of an API. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  Application,
  Exchange,
  PlannedRequest,
  Prng,
  SeededBytes,
  Workload,
  WorkloadOptions,
} from '../src/contracts/workload.js';
import { drawFirstMs, nextArrivalMs } from './shared/arrivals.js';
import { planConnections } from './shared/plan.js';
import { SeededCheck } from './shared/seeded-check.js';
import {
  formatTarget,
  parseTarget,
  refuse,
  requestKey,
  type SeededTarget,
  sendSeededReply,
  tolerateLoss,
  verifySeededReply,
} from './shared/seeded-exchange.js';

/** Often enough that faults hit requests that must not run twice, rare enough that reads dominate, as on the web. */
const POST_SHARE = 0.1;
/** A short form or JSON document. */
const POST_BODY_BYTES = 64;
/** Small, so that the cost per request and per connection shows and not that of the bytes. */
const REPLY_BYTES = 128;
/** Open arrivals: 50 connections make 1,000 requests per second, well below what one core serves. */
const REQUESTS_PER_SECOND_PER_CONNECTION = 20;

export const requestReply: Workload = {
  id: 'request-reply',
  title: 'Request and reply',
  question: 'How soon do connections that are all busy with small requests go on?',
  arrivals: 'closed',
  defaultConnections: 50,
  plan: (options, prng) => planConnections(options, prng, (index, own) => requests(index, options, own)),
  application: createApplication,
  verify: verifySeededReply,
};

function* requests(connection: number, options: WorkloadOptions, prng: Prng): Generator<PlannedRequest> {
  let atMs = drawFirstMs(options.arrivals, prng);
  for (let index = 0; ; index++) {
    if (options.arrivals === 'open') atMs = nextArrivalMs(atMs, REQUESTS_PER_SECOND_PER_CONNECTION, prng);
    const id = `${connection}-${index}`;
    const post = prng.uniform() < POST_SHARE;
    yield {
      id,
      method: post ? 'POST' : 'GET',
      target: formatTarget({ id, bytes: REPLY_BYTES }),
      bodyBytes: post ? POST_BODY_BYTES : 0,
      atMs,
    };
  }
}

function createApplication(bodies: SeededBytes): Application {
  return (request, response, exchange) => {
    tolerateLoss(request, response);
    const target = parseTarget(request.url);
    if (target === undefined) refuse(request, response, 404, `no such resource: ${request.url}`);
    else if (request.method === 'GET') {
      exchange.recordExecution(target.id);
      sendSeededReply(response, target, bodies);
    } else if (request.method === 'POST') executePost(target, request, response, exchange, bodies);
    else refuse(request, response, 405, `method ${request.method} is not allowed: GET and POST are`);
  };
}

/** Executes a POST when its whole body is there and right: half a request must have no effect. */
function executePost(
  target: SeededTarget,
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
  bodies: SeededBytes,
): void {
  const check = new SeededCheck(bodies, requestKey(target.id), POST_BODY_BYTES);
  let wrongBytes = 0;
  request.on('data', (content: Buffer) => {
    wrongBytes += check.push(content);
  });
  request.on('end', () => {
    wrongBytes += check.end();
    if (wrongBytes > 0) {
      refuse(request, response, 400, `${wrongBytes} bytes of the content are wrong or missing`);
      return;
    }
    exchange.recordExecution(target.id);
    sendSeededReply(response, target, bodies);
  });
}
