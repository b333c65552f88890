/**
 * What every workload must keep to. An outside author calls {@link describeWorkload} with a workload from a vitest file
 * of their own.
 */

import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import type {
  Arrivals,
  PlannedRequest,
  SeededBytes,
  Workload,
  WorkloadOptions,
} from '../../src/contracts/workload.js';
import { describeEvents } from './event-conformance.js';
import { describeMessages } from './message-conformance.js';

const SEED = 11;
/** Enough to meet every kind of request. */
const REQUESTS_PER_CONNECTION = 200;
/** Enough to meet every kind of connection: one in twenty may be special. */
const CONNECTIONS = 21;
/** Of each workload so many exchanges really take place; long replies make more a matter of seconds. */
const EXCHANGES = 12;

export function describeWorkload(workload: Workload): void {
  describe(`workload ${workload.id}`, () => {
    describeIdentity(workload);
    for (const arrivals of ['closed', 'open'] as const) describePlan(workload, arrivals);
    describeSettings(workload);
    if (workload.protocol === 'websocket') describeMessages(workload);
    else if (workload.replies === 'events') describeEvents(workload);
    else describeExchanges(workload);
  });
}

function describeIdentity(workload: Workload): void {
  it('says what it is', () => {
    expect(workload.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*(:[a-z0-9-]+=[\w.-]+)*$/);
    expect(workload.id.length).toBeLessThanOrEqual(100);
    expect(workload.title).not.toBe('');
    expect(workload.question).toMatch(/\?$/);
    expect(['open', 'closed']).toContain(workload.arrivals);
    expect(workload.defaultConnections).toBeGreaterThanOrEqual(1);
  });
}

function describePlan(workload: Workload, arrivals: Arrivals): void {
  const draw = (seed: number) =>
    firstRequests(workload, { connections: CONNECTIONS, durationMs: 5000, arrivals }, seed);

  it(`plans the same from the same seed, ${arrivals}`, () => {
    const first = draw(SEED);
    expect(first).toHaveLength(CONNECTIONS);
    expect(draw(SEED)).toEqual(first);
    expect(draw(SEED + 1)).not.toEqual(first);
  });

  it(`plans the same when iterated twice, ${arrivals}`, () => {
    const plan = workload.plan({ connections: 2, durationMs: 5000, arrivals }, createPrng(SEED));
    for (const requests of plan.connections) expect(take(requests)).toEqual(take(requests));
  });

  it(`plans requests that can be sent, in order, ${arrivals}`, () => {
    for (const [connection, requests] of draw(SEED).entries()) {
      expect(requests.length).toBeGreaterThan(0);
      expect(wrongRequests(connection, requests)).toEqual([]);
    }
  });
}

/** Those that cannot be sent, or not in this order. An assertion for each field of thousands of requests would take seconds. */
function wrongRequests(connection: number, requests: readonly PlannedRequest[]): PlannedRequest[] {
  return requests.filter(({ id, target, method, thinkMs = 0, bodyBytes, atMs }, index) => {
    const canBeSent =
      id === `${connection}-${index}` &&
      /^\/[!-~]*$/.test(target) &&
      ['GET', 'POST', 'PUT'].includes(method) &&
      thinkMs >= 0 &&
      bodyBytes >= 0 &&
      atMs >= (requests[index - 1]?.atMs ?? 0);
    return !canBeSent;
  });
}

/** What `spr-bench list` shows, and that its defaults are the defaults. */
function describeSettings(workload: Workload): void {
  const { parameters, configure } = workload;
  it('has settings exactly when it can be configured, each within its own bounds', () => {
    expect(parameters === undefined).toBe(configure === undefined);
    for (const parameter of parameters ?? []) {
      expect(parameter.name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
      expect(parameter.meaning).not.toBe('');
      if (parameter.kind !== 'number') continue;
      expect(parameter.default).toBeGreaterThanOrEqual(parameter.low);
      expect(parameter.default).toBeLessThanOrEqual(parameter.high);
    }
  });

  it('plans the same with the defaults as without settings', () => {
    const options = { connections: 3, durationMs: 5000, arrivals: workload.arrivals };
    const defaults = (parameters ?? []).flatMap((each) =>
      each.kind === 'number' ? [[each.name, each.default] as const] : [],
    );
    const configured = configure?.(Object.fromEntries(defaults)) ?? workload;
    expect(firstRequests(configured, options, SEED)).toEqual(firstRequests(workload, options, SEED));
  });
}

function describeExchanges(workload: Workload): void {
  const bodies = createSeededBytes(SEED);
  const sample = sampleRequests(workload);

  it('accepts what its application answers, which executes each request once', async () => {
    await withReplica(workload, async (replica) => {
      for (const request of sample) {
        const reply = await replica.exchange(request);
        expect(countFaults(workload, request, reply.status, [reply.content], bodies)).toBe(0);
        expect(replica.executions.filter((id) => id === request.id)).toHaveLength(executionsOf(workload));
      }
    });
  });

  it('accepts a reply however it is cut, and refuses one with a byte flipped, missing or added', async () => {
    await withReplica(workload, async (replica) => {
      const request = await firstWithContent(sample, replica);
      const { status, content } = await replica.exchange(request);
      const check = (...pieces: Buffer[]) => countFaults(workload, request, status, pieces, bodies);
      const [middle, end] = [content.length >> 1, content.length];
      const flipped = Buffer.from(content);
      flipped[middle] = (flipped[middle] ?? 0) ^ 1;

      expect(check(content.subarray(0, 1), content.subarray(1, middle), content.subarray(middle))).toBe(0);
      expect(check(flipped)).toBe(1);
      expect(check(content.subarray(0, end - 1))).toBeGreaterThan(0);
      expect(check(content.subarray(1))).toBeGreaterThan(0);
      expect(check(content, Buffer.alloc(1))).toBeGreaterThan(0);
      expect(check()).toBeGreaterThan(0);
      expect(countFaults(workload, request, 500, [content], bodies)).toBeGreaterThan(0);
    });
  });

  it('does not accept the reply to another request', async () => {
    await withReplica(workload, async (replica) => {
      const [first, second] = sample;
      if (first === undefined || second === undefined) throw new Error('two requests are needed');
      const { status, content } = await replica.exchange(first);
      expect(countFaults(workload, second, status, [content], bodies)).toBeGreaterThan(0);
    });
  });

  it('answers the same again', async () => {
    await withReplica(workload, async (replica) => {
      const request = shortest(sample);
      const [first, second] = [await replica.exchange(request), await replica.exchange(request)];
      expect(second.head).toEqual(first.head);
      expect(second.content.equals(first.content)).toBe(true);
    });
  });

  it('goes on from each checkpoint with the same head and the rest, and executes once in all', async () => {
    await withReplica(workload, async (replica) => {
      const request = shortest(sample);
      const whole = await replica.exchange(request);
      const checkpoints = [...replica.checkpoints];
      const progress: number[] = [];
      for (const checkpoint of checkpoints) {
        expect(checkpoint.state.length).toBeLessThanOrEqual(1024);
        const before = replica.executions.length;
        const rest = await replica.resume(request, checkpoint);
        expect(rest.head).toEqual(whole.head);
        const end = whole.content.subarray(whole.content.length - rest.content.length);
        expect(end.equals(rest.content)).toBe(true);
        expect(checkpoint.executions + replica.executions.length - before).toBe(executionsOf(workload));
        progress.push(checkpoint.contentBytes + whole.content.length - rest.content.length);
      }
      // Each checkpoint is further on than the one before it, and none at the very start.
      expect(progress).toEqual([...new Set(progress)].sort((a, b) => a - b));
      expect(progress.every((bytes) => bytes > 0)).toBe(true);
    });
  });

  it('survives nonsense and clients that go away', async () => {
    await withReplica(workload, async (replica) => {
      const request = shortest(sample);
      for (const target of ['/', '/nothing/here', `${request.target}x`, '/reply/%00?bytes=-1', '/?', '*']) {
        const { status } = await replica.exchange({ ...request, method: 'GET', bodyBytes: 0, target });
        expect(status).toBeGreaterThanOrEqual(200);
      }
      for (const each of sample) await replica.abandon(each);
      const { status } = await replica.exchange(request);
      expect(status).toBe(200);
    });
  });

  it('does not execute a request whose body is wrong or incomplete', async () => {
    const withBody = sample.find(({ bodyBytes }) => bodyBytes > 0);
    if (withBody === undefined) return;
    await withReplica(workload, async (replica) => {
      const right = replica.bodyOf(withBody);
      const flipped = Buffer.from(right);
      flipped[0] = (flipped[0] ?? 0) ^ 1;
      for (const body of [flipped, right.subarray(1), Buffer.concat([right, right])]) {
        expect((await replica.exchange(withBody, body)).status).toBe(400);
      }
      await replica.abandon(withBody);
      expect(replica.executions).toEqual([]);
    });
  });
}

/** Of each request, in the ledger. */
function executionsOf({ recordsExecutions = true }: Workload): number {
  return recordsExecutions ? 1 : 0;
}

function firstRequests(workload: Workload, options: WorkloadOptions, seed: number): PlannedRequest[][] {
  return workload.plan(options, createPrng(seed)).connections.map((requests) => take(requests));
}

function take(requests: Iterable<PlannedRequest>): PlannedRequest[] {
  const taken: PlannedRequest[] = [];
  for (const request of requests) {
    if (taken.push(request) === REQUESTS_PER_CONNECTION) break;
  }
  return taken;
}

/** Short ones first, and the first with a body among them. */
function sampleRequests(workload: Workload): PlannedRequest[] {
  const options = { connections: 2, durationMs: 5000, arrivals: workload.arrivals };
  const requests = firstRequests(workload, options, SEED).flat();
  const withBody = requests.find(({ bodyBytes }) => bodyBytes > 0);
  const sample = requests.slice(0, EXCHANGES);
  return withBody === undefined || sample.includes(withBody) ? sample : [...sample, withBody];
}

/** Of an empty reply no byte can be flipped. */
async function firstWithContent(
  requests: readonly PlannedRequest[],
  replica: Replica,
): Promise<PlannedRequest> {
  for (const request of requests) {
    if ((await replica.exchange(request)).content.length > 1) return request;
  }
  throw new Error('all replies are empty');
}

function shortest(requests: readonly PlannedRequest[]): PlannedRequest {
  const [first] = requests;
  if (first === undefined) throw new Error('the plan has no request');
  return first;
}

/** Wrong and missing bytes. */
function countFaults(
  workload: Workload,
  request: PlannedRequest,
  status: number,
  pieces: readonly Buffer[],
  bodies: SeededBytes,
): number {
  const check = workload.verify(request, status, bodies);
  const wrong = pieces.reduce((sum, piece) => sum + check.push(piece), 0);
  return wrong + check.end();
}

async function withReplica(workload: Workload, use: (replica: Replica) => Promise<void>): Promise<void> {
  const replica = new Replica(workload);
  await replica.listen();
  try {
    await use(replica);
  } finally {
    await replica.close();
  }
}

interface Reply {
  readonly status: number;
  /** Names and values of the header section, as on the wire. */
  readonly head: readonly string[];
  /** All content that came, also if it is less than the header section says. */
  readonly content: Buffer;
}

/** What an application said at a checkpoint, and how often it had executed its request by then. */
interface Checkpoint {
  readonly state: Buffer;
  readonly contentBytes: number;
  readonly executions: number;
}

/** The application on a real HTTP server over loopback, with an exchange that only takes notes. */
class Replica {
  readonly executions: string[] = [];
  readonly checkpoints: Checkpoint[] = [];
  readonly #bodies = createSeededBytes(SEED);
  readonly #server: Server;
  #resumedFrom: Buffer | undefined;

  constructor(workload: Workload) {
    const application = workload.application(this.#bodies);
    this.#server = createServer((request, response) => {
      response.sendDate = false;
      application(request, response, {
        resumedFrom: this.#resumedFrom,
        recordExecution: (id) => this.executions.push(id),
        checkpoint: (state, contentBytes = 0) =>
          this.checkpoints.push({
            state: Buffer.from(state),
            contentBytes,
            executions: this.executions.length,
          }),
      });
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  exchange(request: PlannedRequest, body = this.bodyOf(request)): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const sending = this.#request(request, body.length);
      sending.on('error', reject);
      sending.on('response', (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', () => {});
        response.on('close', () =>
          resolve({
            status: response.statusCode ?? 0,
            head: response.rawHeaders,
            content: Buffer.concat(pieces),
          }),
        );
      });
      sending.end(body);
    });
  }

  /**
   * As on a backup: the content is what follows the checkpoint, and the reply is shorter than its header section says,
   * because the client has the rest.
   */
  async resume(request: PlannedRequest, { state, contentBytes }: Checkpoint): Promise<Reply> {
    this.#resumedFrom = state;
    const finished = new Promise<void>((resolve) => {
      this.#server.once('request', (_, response) =>
        response.on('finish', () => {
          response.socket?.end();
          resolve();
        }),
      );
    });
    const rest = this.bodyOf(request).subarray(contentBytes);
    const [reply] = await Promise.all([this.exchange(request, rest), finished]);
    this.#resumedFrom = undefined;
    return reply;
  }

  /** Goes away as soon as the application has the request, half of its body included. */
  abandon(request: PlannedRequest): Promise<void> {
    return new Promise((resolve) => {
      const sending = this.#request(request, request.bodyBytes);
      sending.on('error', () => {});
      sending.on('close', resolve);
      this.#server.once('request', () => setImmediate(() => sending.destroy()));
      const body = this.bodyOf(request);
      if (body.length === 0) sending.end();
      else sending.write(body.subarray(0, body.length >> 1));
    });
  }

  bodyOf({ id, bodyBytes }: PlannedRequest): Buffer {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bodyBytes; ) {
      const piece = this.#bodies.slice(`request:${id}`, at, bodyBytes - at);
      pieces.push(piece);
      at += piece.length;
    }
    return Buffer.concat(pieces);
  }

  #request({ method, target }: PlannedRequest, bodyBytes: number) {
    const { port } = this.#server.address() as AddressInfo;
    const headers = bodyBytes > 0 ? { 'Content-Length': bodyBytes } : {};
    return httpRequest({ host: '127.0.0.1', port, method, path: target, headers, agent: false });
  }
}
