/**
 * Messages both ways on connections that stay: chats, dashboards, games. A client sends messages, each of which the server
 * answers at once, or with a series of messages at a pace of its own (server push).
 */
import { parseRequestMessage } from '../src/base/request-message.js';
import type {
  MessageApplication,
  MessageExchange,
  MessageHandler,
  PlannedRequest,
  Prng,
  ReplyCheck,
  SeededBytes,
  Workload,
} from '../src/contracts/workload.js';
import { nextArrivalMs } from './parts/arrivals.js';
import {
  encodePushState,
  formatMessageTarget,
  type MessageTarget,
  type PushSeries,
  type PushState,
  parseMessageTarget,
  parsePushState,
  seriesMessage,
} from './parts/messages.js';
import { planConnections } from './parts/plan.js';
import { SeededCheck, WrongStatusCheck } from './parts/seeded-check.js';
import { refuse, replyKey, requestKey, tolerateLoss } from './parts/seeded-exchange.js';

/** A series of pushes and, beside it, messages that are answered at once. */
const MESSAGES_IN_FLIGHT = 2;
/** Every so many messages of a client ask for a series: one is under way most of the time. */
const MESSAGES_PER_SERIES = 20;
const SERIES_MESSAGES = 10;
/** Short against a recovery, so that pushes are due in each; long against a message. */
const PUSH_INTERVAL_MS = 10;
/** A short JSON document, both ways. */
const REQUEST_BYTES = 64;
const REPLY_BYTES = 128;
/** Open arrivals: well below what one core serves. */
const MESSAGES_PER_SECOND_PER_CONNECTION = 20;
/** Several times as many as the plan has at a time; their state stays below the 1 KiB of a checkpoint. */
const MAX_SERIES = 10;
/** A push that could not be announced is tried again after so long: some turns, few against {@link PUSH_INTERVAL_MS}. */
const RETRY_MS = 2;
/** RFC 6455 7.4: private use. */
const CloseCode = { badMessage: 4000, messageLost: 4001, badState: 4002, tooManySeries: 4003 } as const;

export const websocket: Workload = {
  id: 'websocket',
  title: 'WebSocket',
  question:
    'Do messages and server push on long-lived connections go on, with none lost, doubled or reordered?',
  arrivals: 'closed',
  protocol: 'websocket',
  requestsInFlight: MESSAGES_IN_FLIGHT,
  defaultConnections: 50,
  plan: (options, prng) =>
    planConnections(options, prng, (index, own) => requests(index, options.arrivals === 'open', own)),
  application: () => (request, response) => {
    tolerateLoss(request, response);
    response.setHeader('Upgrade', 'websocket');
    refuse(request, response, 426, 'only WebSocket is spoken here');
  },
  messages: createMessages,
  verify: verifyMessages,
};

function* requests(connection: number, open: boolean, prng: Prng): Generator<PlannedRequest> {
  // Connections ask for their series at different times.
  const phase = prng.integer(0, MESSAGES_PER_SERIES - 1);
  let atMs = 0;
  for (let index = 0; ; index++) {
    if (open) atMs = nextArrivalMs(atMs, MESSAGES_PER_SECOND_PER_CONNECTION, prng);
    const isSeries = index % MESSAGES_PER_SERIES === phase;
    const target: MessageTarget = isSeries
      ? { messages: SERIES_MESSAGES, bytes: REPLY_BYTES, intervalMs: PUSH_INTERVAL_MS }
      : { messages: 1, bytes: REPLY_BYTES, intervalMs: 0 };
    yield {
      id: `${connection}-${index}`,
      // A message has no method; handled twice, it has the same effect.
      method: 'GET',
      target: formatMessageTarget(target),
      bodyBytes: REQUEST_BYTES,
      atMs,
    };
  }
}

function createMessages(bodies: SeededBytes): MessageApplication {
  return (exchange) => new Conversation(exchange, bodies);
}

/** The server's end of one connection. Its state says which message comes next, and what is still to be pushed. */
class Conversation implements MessageHandler {
  readonly #exchange: MessageExchange;
  readonly #bodies: SeededBytes;
  /** Number of the newest message of the client; undefined before the first. */
  #newest: number | undefined;
  #series: PushSeries[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(exchange: MessageExchange, bodies: SeededBytes) {
    this.#exchange = exchange;
    this.#bodies = bodies;
    if (exchange.resumedFrom === undefined) this.#checkpoint();
    else this.#resume(exchange.resumedFrom);
  }

  message(content: Buffer): void {
    if (this.#ended) return;
    const request = parseRequestMessage(content);
    const target = request && parseMessageTarget(request.target);
    if (request === undefined || target === undefined || !this.#isRight(request.id, request.content)) {
      this.#end(CloseCode.badMessage, 'the message is not one of the plan');
      return;
    }
    const number = Number(request.id.slice(request.id.indexOf('-') + 1));
    if (this.#newest !== undefined && number !== this.#newest + 1) {
      this.#end(CloseCode.messageLost, `message ${number} came where ${this.#newest + 1} was due`);
      return;
    }
    if (target.messages > 1 && this.#series.length >= MAX_SERIES) {
      this.#end(CloseCode.tooManySeries, `${MAX_SERIES} series are under way, no more are allowed`);
      return;
    }
    this.#newest = number;
    this.#exchange.recordExecution(request.id);
    this.#answer({ id: request.id, next: 1, ...target });
    this.#checkpoint();
  }

  closed(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #resume(bytes: Buffer): void {
    const state = parsePushState(bytes);
    if (state === undefined) {
      this.#end(CloseCode.badState, 'the state is not one of a conversation');
      return;
    }
    this.#newest = state.newest;
    this.#series = [...state.series];
    if (state.announced) this.#pushNext();
    this.#schedule();
  }

  #answer(series: PushSeries): void {
    if (series.messages === 1) this.#exchange.send(seriesMessage(series, this.#bodies));
    else {
      this.#series.push(series);
      this.#schedule();
    }
  }

  #checkpoint(announced = false): boolean {
    const state: PushState = { newest: this.#newest, announced, series: this.#series };
    return this.#exchange.checkpoint(encodePushState(state));
  }

  #schedule(delayMs = this.#series[0]?.intervalMs): void {
    if (this.#ended || this.#timer !== undefined || delayMs === undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#push();
    }, delayMs);
  }

  /** No message causes it, so that only a backup that was told of it would push the same. */
  #push(): void {
    const announced = this.#checkpoint(true);
    if (announced) this.#pushNext();
    this.#schedule(announced ? undefined : RETRY_MS);
  }

  /** The series take turns. */
  #pushNext(): void {
    const series = this.#series.shift();
    if (series === undefined) return;
    this.#exchange.send(seriesMessage(series, this.#bodies));
    if (series.next < series.messages) this.#series.push({ ...series, next: series.next + 1 });
  }

  #isRight(id: string, content: Buffer): boolean {
    const check = new SeededCheck(this.#bodies, requestKey(id), REQUEST_BYTES);
    return check.push(content) + check.end() === 0;
  }

  #end(code: number, reason: string): void {
    this.closed();
    this.#exchange.end(code, reason);
  }
}

function verifyMessages(request: PlannedRequest, status: number, bodies: SeededBytes): ReplyCheck {
  const target = parseMessageTarget(request.target);
  if (target === undefined) throw new Error(`request ${request.id} has a foreign target ${request.target}`);
  const bytes = target.messages * target.bytes;
  return status === 200 ? new SeededCheck(bodies, replyKey(request.id), bytes) : new WrongStatusCheck(bytes);
}
