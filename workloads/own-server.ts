/**
 * Pages of a server that is not ours: each request fetches one of them, and its reply must be what that server answered when
 * nothing had failed yet. Our own replicas answer the same bytes, so that both can be compared.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UsageError } from '../src/base/errors.js';
import type {
  PlannedRequest,
  Prng,
  Workload,
  WorkloadFile,
  WorkloadOptions,
} from '../src/contracts/workload.js';
import { drawFirstMs, nextArrivalMs } from './parts/arrivals.js';
import { planConnections } from './parts/plan.js';
import { ExpectedContent, WrongStatusCheck } from './parts/seeded-check.js';
import { refuse, tolerateLoss } from './parts/seeded-exchange.js';

/** As `request-reply`. */
const REQUESTS_PER_SECOND_PER_CONNECTION = 20;
/** Of a request target (RFC 9112 3.2.1): visible ASCII. */
const ORIGIN_FORM = /^\/[!-~]*$/;

/** What a server answers to a GET of `target`. */
export interface StoredReply {
  readonly target: string;
  readonly status: number;
  readonly content: Buffer;
}

/** The text of a file for the setting `replies`. */
export function formatReplies(replies: readonly StoredReply[]): string {
  return JSON.stringify({
    replies: replies.map(({ target, status, content }) => ({
      target,
      status,
      contentBase64: content.toString('base64'),
    })),
  });
}

/** Checked by hand: this module is loaded by every replica, which has no use for a library that checks. */
function parseReplies({ name, text }: WorkloadFile): StoredReply[] {
  const file = parseJson(name, text);
  const replies: unknown = isObject(file) ? file.replies : undefined;
  if (!Array.isArray(replies) || replies.length === 0) {
    throw new UsageError(`workload own-server: ${name}: replies: must be a list of one reply or more`);
  }
  return replies.map((reply: unknown, index) => parseReply(reply, `${name}: replies.${index}`));
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`workload own-server: ${name} is no JSON`, { cause: error });
  }
}

function parseReply(reply: unknown, place: string): StoredReply {
  const { target, status, contentBase64 } = isObject(reply) ? reply : {};
  const wrong = (field: string, allowed: string): UsageError =>
    new UsageError(`workload own-server: ${place}.${field}: must be ${allowed}`);
  if (typeof target !== 'string' || !ORIGIN_FORM.test(target)) throw wrong('target', 'a path without spaces');
  if (!isSuccess(status)) throw wrong('status', 'a whole number from 200 to 299');
  if (typeof contentBase64 !== 'string') throw wrong('contentBase64', 'a string');
  return { target, status, content: Buffer.from(contentBase64, 'base64') };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isSuccess(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 299;
}

/** Stands for a small site when no server was asked. */
const SAMPLE: readonly StoredReply[] = [
  { target: '/', status: 200, content: Buffer.from('<!doctype html><title>Sample</title><p>A page.\n') },
  { target: '/style.css', status: 200, content: Buffer.from('p { margin: 1em; }\n'.repeat(50)) },
  {
    target: '/data.json',
    status: 200,
    content: Buffer.from(JSON.stringify({ values: [...Array(900).keys()] })),
  },
];

function createOwnServer(replies: readonly StoredReply[]): Workload {
  const byTarget = new Map(replies.map((reply) => [reply.target, reply]));
  return {
    id: 'own-server',
    title: 'Own server',
    question: 'How soon does a server of your own (--replica-command) serve its pages again?',
    arrivals: 'closed',
    defaultConnections: 50,
    // A foreign server writes no ledger, and its requests have no ids.
    recordsExecutions: false,
    parameters: [
      {
        kind: 'file',
        name: 'replies',
        meaning:
          'what the server answered, as --replica-command stores it (JSON); a small sample when absent',
      },
    ],
    configure: ({ replies: file }) => createOwnServer(typeof file === 'object' ? parseReplies(file) : SAMPLE),
    plan: (options, prng) =>
      planConnections(options, prng, (index, own) => requests(index, options, replies, own)),
    application: () => (request, response) => answer(byTarget, request, response),
    verify(request, status) {
      const expected = byTarget.get(request.target);
      if (expected === undefined) {
        throw new Error(`request ${request.id} has a foreign target ${request.target}`);
      }
      if (status !== expected.status) return new WrongStatusCheck(expected.content.length);
      return new ExpectedContent(expected.content);
    },
  };
}

export const ownServer: Workload = createOwnServer(SAMPLE);

/** Each connection fetches all pages in turn, from a different one on. */
function* requests(
  connection: number,
  { arrivals }: WorkloadOptions,
  replies: readonly StoredReply[],
  prng: Prng,
): Generator<PlannedRequest> {
  const first = prng.integer(0, replies.length - 1);
  let atMs = drawFirstMs(arrivals, prng);
  for (let index = 0; ; index++) {
    if (arrivals === 'open') atMs = nextArrivalMs(atMs, REQUESTS_PER_SECOND_PER_CONNECTION, prng);
    const target = replies[(first + index) % replies.length]?.target ?? '/';
    yield { id: `${connection}-${index}`, method: 'GET', target, bodyBytes: 0, atMs };
  }
}

function answer(
  replies: ReadonlyMap<string, StoredReply>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  tolerateLoss(request, response);
  const reply = replies.get(request.url ?? '');
  if (reply === undefined) refuse(request, response, 404, `no such resource: ${request.url}`);
  else if (request.method !== 'GET') {
    refuse(request, response, 405, `method ${request.method} is not allowed: GET is`);
  } else {
    response.writeHead(reply.status, { 'Content-Length': reply.content.length });
    response.end(reply.content);
  }
}
