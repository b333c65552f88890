/** What every workload that speaks WebSocket must keep to; part of {@link describeWorkload}. */
import { expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import {
  encodeRequestMessage,
  parseReplyMessage,
  type ReplyMessage,
} from '../../src/base/request-message.js';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import { seededContent } from '../../src/bench/load-protocol/seeded-content.js';
import type {
  MessageExchange,
  MessageHandler,
  PlannedRequest,
  Workload,
} from '../../src/contracts/workload.js';

const SEED = 11;
const BODIES = createSeededBytes(SEED);
/** Enough to meet every kind of message. */
const MESSAGES = 45;
const MAX_CHECKPOINT_BYTES = 1024;

export function describeMessages(workload: Workload): void {
  it('has an application for WebSockets', () => expect(workload.messages).toBeTypeOf('function'));

  it('accepts what its application answers, which executes each message once', async () => {
    const server = new Server(workload);
    for (const request of plan(workload)) {
      expect(countFaults(workload, request, await server.exchange(request))).toBe(0);
    }
    expect(server.executions).toEqual(plan(workload).map(({ id }) => id));
    server.handler.closed();
  });

  it('refuses a reply with a byte flipped, missing or added, and that to another message', async () => {
    const server = new Server(workload);
    const [first, second] = plan(workload);
    if (first === undefined || second === undefined) throw new Error('two messages are needed');
    const content = Buffer.concat((await server.exchange(first)).map((message) => message.content));
    const reply = (bytes: Buffer): ReplyMessage[] => [{ id: first.id, part: 1, parts: 1, content: bytes }];
    const flipped = Buffer.from(content);
    flipped[1] = (flipped[1] ?? 0) ^ 1;
    expect(countFaults(workload, first, reply(content))).toBe(0);
    for (const wrong of [flipped, content.subarray(1), Buffer.concat([content, Buffer.alloc(1)])]) {
      expect(countFaults(workload, first, reply(wrong))).toBeGreaterThan(0);
    }
    expect(countFaults(workload, second, reply(content))).toBeGreaterThan(0);
    server.handler.closed();
  });

  it('goes on from every checkpoint as if nothing had happened', async () => {
    const requests = plan(workload);
    const whole = new Server(workload);
    for (const request of requests) await whole.exchange(request);
    const resume = async ({ state, received, sent }: SeenCheckpoint): Promise<void> => {
      expect(state.length).toBeLessThanOrEqual(MAX_CHECKPOINT_BYTES);
      const server = new Server(workload, state);
      const missing = whole.sent.slice(sent);
      for (const request of requests.slice(received)) server.receive(request);
      await server.until(() => server.sent.length >= missing.length);
      // Messages of their own time may come in between: the order is that of each reply.
      for (const { id } of requests) expect(labelsOf(server.sent, id)).toEqual(labelsOf(missing, id));
      expect(server.executions).toEqual(requests.slice(received).map(({ id }) => id));
      server.handler.closed();
    };
    await Promise.all(whole.checkpoints.map(resume));
    expect(whole.checkpoints.length).toBeGreaterThan(requests.length);
    whole.handler.closed();
  });

  it('says nothing of its own accord that it could not announce', async () => {
    const server = new Server(workload);
    const series = plan(workload).find((request) => isSeries(workload, request));
    server.announces = false;
    for (const request of plan(workload)) {
      server.receive(request);
      if (request === series) break;
    }
    const answered = server.sent.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.sent).toHaveLength(answered);
    server.announces = true;
    if (series !== undefined) await server.until(() => isComplete(server.sent, series.id));
    server.handler.closed();
  });

  it.each(['', 'nothing', '1 0\nfar from it', '- 2'])('does not go on from the state "%s"', (state) => {
    const server = new Server(workload, Buffer.from(state));
    expect(server.ended).toBe(true);
    server.handler.closed();
  });

  it('ends a connection on which a message is wrong, comes twice, or is missing', () => {
    const [first, second, third] = plan(workload);
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('three are needed');
    for (const requests of [[first, first], [first, third], [{ ...first, bodyBytes: first.bodyBytes + 1 }]]) {
      const server = new Server(workload);
      for (const request of requests) server.receive(request);
      expect(server.ended).toBe(true);
      expect(server.executions).toEqual(requests.slice(0, -1).map(({ id }) => id));
      server.handler.closed();
    }
  });
}

interface SeenCheckpoint {
  readonly state: Buffer;
  /** Messages that came, and were sent, before it. */
  readonly received: number;
  readonly sent: number;
}

/** One end of a connection, without one. */
class Server implements MessageExchange {
  readonly resumedFrom: Buffer | undefined;
  readonly executions: string[] = [];
  readonly checkpoints: SeenCheckpoint[] = [];
  readonly sent: ReplyMessage[] = [];
  readonly handler: MessageHandler;
  announces = true;
  ended = false;
  #received = 0;

  constructor(workload: Workload, resumedFrom?: Buffer) {
    if (workload.messages === undefined) throw new Error(`${workload.id} has no application for WebSockets`);
    this.resumedFrom = resumedFrom;
    this.handler = workload.messages(BODIES)(this);
  }

  recordExecution(id: string): void {
    this.executions.push(id);
  }

  send(message: Buffer): void {
    const reply = parseReplyMessage(Buffer.from(message));
    if (reply === undefined) throw new Error('the application sent what is no reply');
    this.sent.push(reply);
  }

  end(): void {
    this.ended = true;
  }

  checkpoint(state: Buffer): boolean {
    if (!this.announces) return false;
    this.checkpoints.push({ state, received: this.#received, sent: this.sent.length });
    return true;
  }

  receive({ id, target, bodyBytes }: PlannedRequest): void {
    const content = seededContent(`request:${id}`, bodyBytes, BODIES);
    this.#received += 1;
    this.handler.message(encodeRequestMessage({ id, target, content }));
  }

  async exchange(request: PlannedRequest): Promise<ReplyMessage[]> {
    this.receive(request);
    await this.until(() => isComplete(this.sent, request.id));
    return this.sent.filter(({ id }) => id === request.id);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function plan(workload: Workload): PlannedRequest[] {
  const options = { connections: 1, durationMs: 5000, arrivals: workload.arrivals };
  const requests: PlannedRequest[] = [];
  for (const request of workload.plan(options, createPrng(SEED)).connections[0] ?? []) {
    if (requests.push(request) === MESSAGES) break;
  }
  return requests;
}

/** Whether a message is not answered when it has been handled. */
function isSeries(workload: Workload, request: PlannedRequest): boolean {
  const server = new Server(workload);
  server.receive(request);
  server.handler.closed();
  return server.sent.length === 0;
}

function isComplete(messages: readonly ReplyMessage[], id: string): boolean {
  return messages.some((message) => message.id === id && message.part === message.parts);
}

function labelsOf(messages: readonly ReplyMessage[], id: string): string[] {
  return messages.filter((message) => message.id === id).map(({ part, parts }) => `${part}/${parts}`);
}

function countFaults(workload: Workload, request: PlannedRequest, messages: readonly ReplyMessage[]): number {
  const check = workload.verify(request, 200, BODIES);
  let faults = 0;
  for (const { content } of messages) faults += check.push(content);
  return faults + check.end();
}
