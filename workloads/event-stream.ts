/** Server push over HTTP: event streams (WHATWG HTML 9.2), as feeds and progress displays use them. */
import type { ServerResponse } from 'node:http';
import type {
  Application,
  Exchange,
  PlannedRequest,
  Prng,
  ReplyCheck,
  SeededBytes,
  Workload,
  WorkloadOptions,
} from '../src/contracts/workload.js';
import {
  type EventTarget,
  eventAtMs,
  eventBlock,
  eventId,
  formatEventTarget,
  MAX_EVENT_BYTES,
  parseEventTarget,
} from './parts/events.js';
import { configurable, type NumberSettings } from './parts/parameters.js';
import { planConnections } from './parts/plan.js';
import { ExpectedContent, WrongStatusCheck } from './parts/seeded-check.js';
import { refuse, tolerateLoss } from './parts/seeded-exchange.js';

/** Streams go on for so long after the load: replies are awaited, and then the connections are checked. */
const AFTER_LOAD_MS = 30_000;
/** Number of the next event, unsigned, big endian. */
const STATE_BYTES = 4;

const SETTINGS = {
  everyMs: {
    meaning: 'mean time between two events of a stream',
    low: 1,
    high: 60_000,
    whole: false,
    // 50 connections make 1,000 events per second, well below what one core serves; each recovery has some.
    default: 50,
  },
  eventBytes: {
    meaning: 'data of an event, before its Base64',
    low: 1,
    high: MAX_EVENT_BYTES,
    whole: true,
    // A short JSON document.
    default: 128,
  },
} as const satisfies NumberSettings<string>;
type Settings = Readonly<Record<keyof typeof SETTINGS, number>>;

export const eventStream: Workload = configurable(SETTINGS, (settings) => ({
  id: 'event-stream',
  title: 'Event stream',
  question: 'Does server push go on by itself, in time, with no event lost, doubled or reordered?',
  arrivals: 'open',
  replies: 'events',
  defaultConnections: 50,
  plan: (options, prng) =>
    planConnections(options, prng, (connection, own) => events(connection, options, settings, own)),
  application: createApplication,
  verify: verifyEvent,
}));

/** All events of one stream: each is planned as a request, at the time at which the server should send it. */
function* events(
  connection: number,
  { durationMs }: WorkloadOptions,
  { everyMs, eventBytes }: Settings,
  prng: Prng,
): Generator<PlannedRequest> {
  const count = Math.ceil((durationMs + AFTER_LOAD_MS) / everyMs);
  const target = {
    connection,
    seed: prng.integer(0, 2 ** 31 - 1),
    everyMs,
    bytes: eventBytes,
    events: count,
  };
  for (let index = 0; index < count; index++) {
    yield {
      id: eventId(target, index),
      method: 'GET',
      target: formatEventTarget(target),
      bodyBytes: 0,
      atMs: eventAtMs(target, index),
    };
  }
}

function createApplication(bodies: SeededBytes, nowMs: () => number = missingClock): Application {
  return (request, response, exchange) => {
    tolerateLoss(request, response);
    const target = parseEventTarget(request.url);
    const startMs = Number(request.headers['events-start']);
    if (target === undefined) refuse(request, response, 404, `no such resource: ${request.url}`);
    else if (request.method !== 'GET') refuse(request, response, 405, 'only GET is allowed');
    else if (!Number.isFinite(startMs)) refuse(request, response, 400, 'Events-Start must be a time in ms');
    else {
      const next = nextEvent(exchange.resumedFrom, request.headers['last-event-id'], target);
      // A state or an id that is not of this stream: going on would send wrong events.
      if (next === undefined) refuse(request, response, 400, 'the last event is not one of this stream');
      else new EventStream(target, { startMs, next }, { response, exchange, bodies, nowMs }).begin();
    }
  };
}

function missingClock(): never {
  throw new Error('event streams need a clock');
}

/** Where to go on: behind the last checkpoint, behind the last event that the client has, or from the first. */
function nextEvent(
  state: Buffer | undefined,
  lastId: string | string[] | undefined,
  target: EventTarget,
): number | undefined {
  let next = 0;
  if (state !== undefined) next = state.length === STATE_BYTES ? state.readUInt32BE() : Number.NaN;
  else if (lastId !== undefined) {
    const [, connection, index] = /^(\d+)-(\d+)$/.exec(String(lastId)) ?? [];
    next = Number(connection) === target.connection ? Number(index) + 1 : Number.NaN;
  }
  return next <= target.events ? next : undefined;
}

interface Surroundings {
  readonly response: ServerResponse;
  readonly exchange: Exchange;
  readonly bodies: SeededBytes;
  readonly nowMs: () => number;
}

/** Sends each event when its time has come; those whose time is over at once. */
class EventStream {
  readonly #target: EventTarget;
  readonly #startMs: number;
  readonly #with: Surroundings;
  #next: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(target: EventTarget, at: { startMs: number; next: number }, surroundings: Surroundings) {
    this.#target = target;
    this.#startMs = at.startMs;
    this.#next = at.next;
    this.#with = surroundings;
  }

  begin(): void {
    const { response } = this.#with;
    response.on('close', () => clearTimeout(this.#timer));
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    // The client learns that the stream is open before its first event.
    response.flushHeaders();
    this.#sendWhenDue();
  }

  #sendWhenDue(): void {
    const { response, nowMs } = this.#with;
    if (this.#next === this.#target.events) {
      response.end();
      return;
    }
    const dueMs = this.#startMs + eventAtMs(this.#target, this.#next) - nowMs();
    if (dueMs <= 0) this.#send();
    else this.#timer = setTimeout(() => this.#sendWhenDue(), Math.ceil(dueMs));
  }

  #send(): void {
    const { response, exchange, bodies } = this.#with;
    exchange.recordExecution(eventId(this.#target, this.#next));
    const block = eventBlock(this.#target, this.#next, bodies);
    this.#next += 1;
    response.write(block, this.#onWritten);
  }

  readonly #onWritten = (error: Error | null | undefined): void => {
    // The client is gone, or a backup has the flow: what is left concerns nobody here.
    if (error != null || this.#with.response.destroyed) return;
    const state = Buffer.alloc(STATE_BYTES);
    state.writeUInt32BE(this.#next);
    this.#with.exchange.checkpoint(state);
    this.#sendWhenDue();
  };
}

/** Every byte of an event counts: its id, its data, its end. */
function verifyEvent(request: PlannedRequest, status: number, bodies: SeededBytes): ReplyCheck {
  const target = parseEventTarget(request.target);
  const index = Number(request.id.slice(request.id.indexOf('-') + 1));
  if (target === undefined || eventId(target, index) !== request.id) {
    throw new Error(`request ${request.id} has a foreign target ${request.target}`);
  }
  const block = eventBlock(target, index, bodies);
  return status === 200 ? new ExpectedContent(block) : new WrongStatusCheck(block.length);
}
