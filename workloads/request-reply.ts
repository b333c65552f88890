/** Small requests and replies, one after the other on each connection: the traffic of an API. */
import type {
  Application,
  PlannedRequest,
  Prng,
  SeededBytes,
  Workload,
  WorkloadOptions,
} from '../src/contracts/workload.js';
import { drawFirstMs, drawThinkMs, nextArrivalMs } from './parts/arrivals.js';
import { configurable, type NumberSettings } from './parts/parameters.js';
import { planConnections } from './parts/plan.js';
import { drawParetoBytes } from './parts/reply-sizes.js';
import {
  executeContent,
  formatTarget,
  parseTarget,
  refuse,
  sendSeededReply,
  tolerateLoss,
  verifySeededReply,
} from './parts/seeded-exchange.js';

/** A short form or JSON document. */
const POST_BODY_BYTES = 64;
/** Small, so that the cost per request and per connection shows and not that of the bytes. */
const REPLY_BYTES = 128;
/** Above it a reply is a download: `bulk-download` has those. */
const MAX_REPLY_BYTES = 16 * 1024 * 1024;
/** Open arrivals: 50 connections make 1,000 requests per second, well below what one core serves. */
const REQUESTS_PER_SECOND_PER_CONNECTION = 20;

const SETTINGS = {
  thinkMs: {
    meaning: 'mean time between a reply and the next request (closed arrivals), exponentially distributed',
    low: 0,
    high: 60_000,
    whole: false,
    default: 0,
  },
  postShare: {
    meaning: 'share of requests that are not idempotent',
    low: 0,
    high: 1,
    whole: false,
    // Often enough that faults hit requests that must not run twice, rare enough that reads dominate, as on the web.
    default: 0.1,
  },
  payloadBytes: {
    meaning: 'length of each reply; with max-reply-bytes of the shortest',
    low: 1,
    high: MAX_REPLY_BYTES,
    whole: true,
    default: REPLY_BYTES,
  },
  bytesBeforeFault: {
    meaning: 'length of the reply that each connection begins with; 0: none',
    low: 0,
    high: MAX_REPLY_BYTES,
    whole: true,
    default: 0,
  },
  maxReplyBytes: {
    meaning: 'replies of payload-bytes to so many, heavy-tailed: bounded Pareto; 0: all of payload-bytes',
    low: 0,
    high: MAX_REPLY_BYTES,
    whole: true,
    default: 0,
  },
  pipeline: {
    meaning: 'idempotent requests that a connection may have outstanding',
    low: 1,
    high: 64,
    whole: true,
    default: 1,
  },
  requestsPerConnection: {
    meaning: 'mean number of requests after which a connection is closed and made anew; 0: never',
    low: 0,
    high: 100_000,
    whole: false,
    default: 0,
  },
} as const satisfies NumberSettings<string>;
type Settings = Readonly<Record<keyof typeof SETTINGS, number>>;

export const requestReply: Workload = configurable(SETTINGS, (settings) => ({
  id: 'request-reply',
  title: 'Request and reply',
  question: 'How soon do connections that are all busy with small requests go on?',
  arrivals: 'closed',
  defaultConnections: 50,
  requestsInFlight: settings.pipeline,
  plan: (options, prng) =>
    planConnections(options, prng, (index, own) => requests(index, options, settings, own)),
  application: createApplication,
  verify: verifySeededReply,
}));

function* requests(
  connection: number,
  options: WorkloadOptions,
  settings: Settings,
  prng: Prng,
): Generator<PlannedRequest> {
  // Draws of their own: what one setting draws must not change what the others do.
  const extras = { think: prng.fork('think'), bytes: prng.fork('bytes'), close: prng.fork('close') };
  let atMs = drawFirstMs(options.arrivals, prng);
  for (let index = 0; ; index++) {
    if (options.arrivals === 'open') atMs = nextArrivalMs(atMs, REQUESTS_PER_SECOND_PER_CONNECTION, prng);
    const id = `${connection}-${index}`;
    const begins = index === 0 && settings.bytesBeforeFault > 0;
    const post = prng.uniform() < settings.postShare && !begins;
    const bytes = begins ? settings.bytesBeforeFault : drawBytes(settings, extras.bytes);
    // Geometric: connections neither close in step nor tell from their age when they will.
    const close = extras.close.uniform() * settings.requestsPerConnection < 1;
    yield {
      id,
      method: post ? 'POST' : 'GET',
      target: formatTarget({ id, bytes }),
      bodyBytes: post ? POST_BODY_BYTES : 0,
      atMs,
      ...(settings.thinkMs > 0 && { thinkMs: drawThinkMs(settings.thinkMs, extras.think) }),
      ...(settings.requestsPerConnection > 0 && close && { close }),
    };
  }
}

function drawBytes({ payloadBytes, maxReplyBytes }: Settings, prng: Prng): number {
  return drawParetoBytes(payloadBytes, Math.max(payloadBytes, maxReplyBytes), prng);
}

function createApplication(bodies: SeededBytes): Application {
  return (request, response, exchange) => {
    tolerateLoss(request, response);
    const target = parseTarget(request.url);
    if (target === undefined) refuse(request, response, 404, `no such resource: ${request.url}`);
    else if (request.method === 'GET') {
      exchange.recordExecution(target.id);
      sendSeededReply(response, target, bodies);
    } else if (request.method === 'POST')
      executeContent(target, POST_BODY_BYTES, { request, response, exchange, bodies });
    else refuse(request, response, 405, `method ${request.method} is not allowed: GET and POST are`);
  };
}
