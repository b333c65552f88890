/**
 * Pages of a server that is not ours: each request fetches one of them, and its reply must be what that server answered when
 * nothing had failed yet. Our own replicas answer the same bytes, so that both can be compared.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { UsageError } from '../src/base/errors.js';
import type {
  PlannedRequest,
  Prng,
  Workload,
  WorkloadFile,
  WorkloadOptions,
} from '../src/contracts/workload.js';
import { drawFirstMs, nextArrivalMs } from './shared/arrivals.js';
import { planConnections } from './shared/plan.js';
import { ExpectedContent, WrongStatusCheck } from './shared/seeded-check.js';
import { refuse, tolerateLoss } from './shared/seeded-exchange.js';

/** As `request-reply`. */
const REQUESTS_PER_SECOND_PER_CONNECTION = 20;

const fileSchema = z.object({
  replies: z
    .array(
      z.object({
        /** Origin-form request target. */
        target: z.string().regex(/^\/[!-~]*$/),
        status: z.number().int().min(200).max(299),
        contentBase64: z.string(),
      }),
    )
    .min(1),
});

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

function parseReplies({ name, text }: WorkloadFile): StoredReply[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`workload own-server: ${name} is no JSON`, { cause: error });
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`workload own-server: ${name}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return parsed.data.replies.map(({ target, status, contentBase64 }) => ({
    target,
    status,
    content: Buffer.from(contentBase64, 'base64'),
  }));
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
