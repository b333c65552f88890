/**
 * An event stream (WHATWG HTML 9.2) as the load client reads it: one request opens it, and the planned requests stand for its
 * events. After a loss it is opened again at once behind the last event that came, with `Last-Event-ID`, as browsers do: an
 * event that was missed comes late, and is not lost.
 */
import { createClock } from '../../base/clock.js';
import type { PlannedRequest } from '../../contracts/workload.js';
import {
  HttpFramingError,
  type HttpMessageHandler,
  HttpMessageReader,
  type ResponseHead,
} from '../../http/message-reader.js';
import type { RequestRow } from '../load-recorder.js';
import { encodeRequest } from '../load-request.js';
import { AwaitedReply } from './awaited-reply.js';
import type { LoadProtocol, LoadProtocolHost, ProtocolSettings } from './load-protocol.js';

const END_OF_EVENT = Buffer.from('\n\n');
const OK = 200;
/** Events that nobody waits for any more pile up until the connection is closed; more than that is an event without end. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const NOTHING = Buffer.alloc(0);
/** What all processes of this machine share: the server is told a time on it. */
const hostClock = createClock(0n);

interface AwaitedEvent {
  readonly request: PlannedRequest;
  readonly row: RequestRow;
}

export class EventStreamProtocol implements LoadProtocol, HttpMessageHandler<'response'> {
  readonly #settings: ProtocolSettings;
  readonly #host: LoadProtocolHost;
  #reader = new HttpMessageReader('response', this);
  #awaited: AwaitedEvent | undefined;
  /** What has come of events that are not complete, or that nobody has asked for yet. */
  #unread: Buffer = NOTHING;
  /** Whether the stream has been asked for on the present transport. */
  #open = false;
  /** Whether the server has begun to answer on the present transport. */
  #answering = false;
  #status = OK;
  #ended = false;
  /** Of the stream, on the clock of the host: that of its first request. */
  #startMs: number | undefined;
  /** Of the last event that was asked for. */
  #lastId: string | undefined;
  /** With what the stream is opened again after a loss; undefined when it waits until an event is asked for. */
  #reopening: PlannedRequest | undefined;
  #reading = false;

  constructor(settings: ProtocolSettings, host: LoadProtocolHost) {
    this.#settings = settings;
    this.#host = host;
  }

  get pending(): number {
    return this.#awaited === undefined ? 0 : 1;
  }

  /** After a loss the stream is opened again at once, whether its next event is due or not. */
  begin(): void {
    if (this.#reopening !== undefined) this.#openStream(this.#reopening);
    this.#host.ready();
  }

  accepts(): boolean {
    return this.#awaited === undefined;
  }

  send(request: PlannedRequest, row: RequestRow): void {
    this.#awaited = { request, row };
    this.#startMs ??= this.#startOnHost() + row.intendedMs - request.atMs;
    if (this.#answering) this.#begun(row);
    this.#readEvents();
  }

  receive(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof HttpFramingError)) throw error;
      // At least one byte is not what the server meant to send.
      this.#settings.recorder.corrupted(1);
      this.#host.failed(`invalid reply: ${error.message}`);
      return;
    }
    // The next event may be due by now, and nobody have asked for it yet.
    if (this.#awaited === undefined) this.#host.ready();
    this.#readEvents();
    if (this.#unread.length > MAX_UNREAD_BYTES) this.#onTooLong();
    else if (this.#ended) this.#onEnded();
  }

  giveUp(): void {
    if (this.#awaited !== undefined) this.#settings.recorder.gaveUp(this.#awaited.row);
    this.#awaited = undefined;
    this.#reopening = undefined;
  }

  transportLost(): void {
    this.#closeStream();
    this.#reader = new HttpMessageReader('response', this);
  }

  head({ status }: ResponseHead): void {
    this.#status = status;
    this.#answering = true;
    if (this.#awaited !== undefined) this.#begun(this.#awaited.row);
  }

  content(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
  }

  end(): void {
    this.#ended = true;
  }

  /** An event is a part of a reply that lasts. */
  #begun(row: RequestRow): void {
    const { recorder, clock } = this.#settings;
    recorder.begun(row, clock());
  }

  /** 0 of the shared clock. What passes between the two looks makes it late, never early: no event comes before its time. */
  #startOnHost(): number {
    const nowMs = this.#settings.clock();
    return hostClock() - nowMs;
  }

  #openStream(request: PlannedRequest): void {
    const { servername, bodies } = this.#settings;
    this.#open = true;
    this.#reopening = request;
    const lastId = idOfLastEvent(this.#unread) ?? this.#lastId;
    const events = { lastId, startMs: this.#startMs ?? Number.NaN };
    this.#host.write(encodeRequest(request, { host: servername, events }, bodies));
  }

  /** Events that are there as a whole are there, asked for or not. What has come of another one is worth nothing: it comes again. */
  #closeStream(): void {
    this.#open = false;
    this.#answering = false;
    this.#ended = false;
    this.#status = OK;
    const end = this.#unread.lastIndexOf(END_OF_EVENT);
    this.#unread = end < 0 ? NOTHING : this.#unread.subarray(0, end + END_OF_EVENT.length);
  }

  #readEvents(): void {
    // Whoever is told of an event asks for the next one at once.
    if (this.#reading || this.#status !== OK) return;
    this.#reading = true;
    while (this.#awaited !== undefined) {
      const end = this.#unread.indexOf(END_OF_EVENT);
      if (end < 0) break;
      const event = this.#unread.subarray(0, end + END_OF_EVENT.length);
      this.#unread = this.#unread.subarray(event.length);
      this.#lastId = idOfLastEvent(event) ?? this.#lastId;
      this.#complete(this.#awaited, OK, event);
    }
    this.#reading = false;
    if (this.#awaited !== undefined && !this.#open) this.#openStream(this.#awaited.request);
  }

  #complete({ request, row }: AwaitedEvent, status: number, content: Buffer): void {
    const reply = new AwaitedReply(this.#settings, request, row);
    reply.head(status);
    reply.content(content);
    reply.end();
    this.#awaited = undefined;
    this.#host.replied(row);
    this.#host.ready();
  }

  /** Nothing of it is kept, and the stream is not opened again for its own sake: it would come to this once more. */
  #onTooLong(): void {
    this.#unread = NOTHING;
    this.#reopening = undefined;
    this.#host.failed('an event without end');
  }

  /** The server has ended the stream, or refused it: it is opened again for the next event. */
  #onEnded(): void {
    const status = this.#status;
    const content = this.#unread;
    if (status !== OK) this.#unread = NOTHING;
    this.#closeStream();
    this.#reopening = undefined;
    if (this.#awaited === undefined) return;
    if (status === OK) this.#openStream(this.#awaited.request);
    else this.#complete(this.#awaited, status, content);
  }
}

function idOfLastEvent(events: Buffer): string | undefined {
  return [...events.toString('latin1').matchAll(/^id: (.*)$/gm)].at(-1)?.[1];
}
