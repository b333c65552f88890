/** One connection of the plan: which request is next, when it is due, and what becomes of it. */
import type { LoadConfig } from '../contracts/load.js';
import type { PlannedRequest } from '../contracts/workload.js';
import { type LinkSettings, LoadLink } from './load-link.js';
import type {
  LoadProtocol,
  LoadProtocolConstructor,
  ProtocolSettings,
} from './load-protocol/load-protocol.js';
import type { RequestRow } from './load-recorder.js';
import type { LoadTimer } from './load-timer.js';

/** The time of the load; one object that all connections share. Both are Infinity until they are known. */
export interface LoadWindow {
  startMs: number;
  /** Requests intended at or after it do not belong to the load. */
  cutoffMs: number;
}

export interface ConnectionSettings extends LinkSettings, ProtocolSettings {
  readonly config: LoadConfig;
  readonly window: Readonly<LoadWindow>;
  readonly timer: LoadTimer;
  readonly Protocol: LoadProtocolConstructor;
}

/** A start that is later than this is the generator's fault: a timer of Node alone is late by 1 to 2 ms. */
const LATE_START_MS = 5;

export class LoadConnection {
  readonly #index: number;
  readonly #settings: ConnectionSettings;
  readonly #requests: Iterator<PlannedRequest>;
  readonly #link: LoadLink;
  readonly #protocol: LoadProtocol;
  /** Whether the protocol has begun on the present transport: requests can be sent. */
  #begun = false;
  /** When it has. */
  #begunMs = Number.NaN;
  #onBegun: (() => void) | undefined;
  /** The request that is sent next, once it has been asked for. */
  #next: PlannedRequest | undefined;
  /** When the request before it ended; it never is earlier than the start of the load. */
  #freeSinceMs = Number.NEGATIVE_INFINITY;
  /** When the server last said something, or the request was sent that it is to answer. */
  #heardMs = Number.NaN;
  /** When the newest request with a right reply was sent. */
  #verifiedSentMs = Number.NEGATIVE_INFINITY;
  /** A reply was awaited in vain: this transport can carry no other. */
  #stuck = false;
  /** When the closing check began, until its request is sent. */
  #closingSinceMs: number | undefined;

  constructor(index: number, requests: Iterable<PlannedRequest>, settings: ConnectionSettings) {
    this.#index = index;
    this.#settings = settings;
    this.#requests = requests[Symbol.iterator]();
    this.#protocol = new settings.Protocol(settings, {
      write: (bytes, written) => this.#link.write(bytes, written),
      ready: () => this.#onReady(),
      replied: (row) => this.#onReply(row),
      failed: (problem) => this.#link.drop(problem),
      finished: () => this.#link.renew(),
    });
    this.#link = new LoadLink(index, settings, {
      ready: () => this.#protocol.begin(),
      data: (chunk) => this.#onData(chunk),
      lost: () => this.#onLost(),
    });
  }

  /** See {@link LoadLink.open}. The protocol has begun as well then. */
  async open(): Promise<void> {
    await this.#link.open();
    if (!this.#begun) await new Promise<void>((resolve) => (this.#onBegun = resolve));
  }

  /** Sends the requests that are due and that the connection has room for, or sees to it that this happens in time. */
  advance(): void {
    while (this.#begun && !this.#stuck) {
      const next = this.#peek();
      if (next === undefined || !this.#protocol.accepts(next)) return;
      if (this.#closingSinceMs !== undefined) {
        if (this.#protocol.pending === 0) this.#sendClosing(this.#closingSinceMs);
        return;
      }
      const intendedMs = this.#intendedMs(next);
      if (!this.#belongsToLoad(next, intendedMs)) return;
      const nowMs = this.#settings.clock();
      if (nowMs < intendedMs) {
        this.#settings.timer.schedule(this.#index, intendedMs);
        return;
      }
      this.#send(next, intendedMs, nowMs, false);
    }
  }

  /** Whether requests can be sent: it is not about to connect again. */
  get connected(): boolean {
    return this.#begun;
  }

  /** Whether nothing of the load, or of the closing check, is outstanding. */
  get settled(): boolean {
    if (this.#protocol.pending > 0 || this.#closingSinceMs !== undefined) return false;
    const next = this.#peek();
    return next === undefined || !this.#belongsToLoad(next, this.#intendedMs(next));
  }

  /** Ends the load here: what is outstanding has no reply, and what should have been sent was not. */
  abandonLoad(): void {
    this.#abandonPending();
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      const intendedMs = this.#intendedMs(next);
      if (!this.#belongsToLoad(next, intendedMs)) return;
      this.#settings.recorder.neverSent(this.#index, next, intendedMs, false);
      this.#next = undefined;
      this.#freeSinceMs = this.#settings.clock();
    }
  }

  /**
   * Sends the next planned request now, whatever its time, unless a request sent since `faultMs` was answered right: a
   * connection that only looks alive is found out. A plan that has come to its end has nothing to check with.
   */
  beginClosingCheck(faultMs: number): void {
    if (this.#verifiedSentMs >= faultMs || this.#peek() === undefined) return;
    this.#closingSinceMs = this.#settings.clock();
    this.advance();
  }

  abandonClosingCheck(): void {
    this.#abandonPending();
    const next = this.#peek();
    if (this.#closingSinceMs === undefined || next === undefined) return;
    this.#settings.recorder.neverSent(this.#index, next, this.#closingSinceMs, true);
    this.#closingSinceMs = undefined;
  }

  close(): void {
    this.#begun = false;
    this.#link.close();
  }

  /** Tells the recorder for how long the server has been silent, if something is expected of it. */
  noteSilence(): void {
    if (this.#protocol.pending > 0) this.#settings.recorder.silent(this.#settings.clock() - this.#heardMs);
  }

  #peek(): PlannedRequest | undefined {
    if (this.#next === undefined) {
      const result = this.#requests.next();
      if (!result.done) this.#next = result.value;
    }
    return this.#next;
  }

  #intendedMs(request: PlannedRequest): number {
    const { config, window } = this.#settings;
    const plannedMs = window.startMs + request.atMs;
    if (config.options.arrivals === 'open') return plannedMs;
    return Math.max(plannedMs, this.#freeSinceMs + (request.thinkMs ?? 0));
  }

  /** Requests that the plan has at its end or later are left for the closing check, however late the load is stopped. */
  #belongsToLoad(request: PlannedRequest, intendedMs: number): boolean {
    const { config, window } = this.#settings;
    return intendedMs < window.cutoffMs && request.atMs < config.options.durationMs;
  }

  #sendClosing(sinceMs: number): void {
    const next = this.#peek();
    this.#closingSinceMs = undefined;
    if (next !== undefined) this.#send(next, sinceMs, this.#settings.clock(), true);
  }

  #send(request: PlannedRequest, intendedMs: number, sentMs: number, closing: boolean): void {
    const { recorder } = this.#settings;
    const timed = request.atMs > 0 || request.thinkMs !== undefined;
    if (timed && !closing && this.#isLate(intendedMs, sentMs)) recorder.startedLate();
    this.#next = undefined;
    this.#heardMs = sentMs;
    this.#protocol.send(request, recorder.sent(this.#index, request, intendedMs, sentMs, closing));
  }

  /** Later than it should be although the connection was free and its transport there. */
  #isLate(intendedMs: number, sentMs: number): boolean {
    return sentMs - Math.max(intendedMs, this.#freeSinceMs, this.#begunMs) > LATE_START_MS;
  }

  #onData(chunk: Buffer): void {
    if (this.#stuck) return;
    this.noteSilence();
    this.#heardMs = this.#settings.clock();
    this.#protocol.receive(chunk);
  }

  #onReady(): void {
    if (!this.#begun) {
      this.#begun = true;
      this.#begunMs = this.#settings.clock();
      this.#onBegun?.();
      this.#onBegun = undefined;
    }
    this.advance();
  }

  #onReply({ repliedMs, sentMs, outcome }: RequestRow): void {
    this.#freeSinceMs = repliedMs;
    if (outcome === 'ok') this.#verifiedSentMs = sentMs;
  }

  /**
   * Requests in flight are not sent again: the plan goes on with the next one. A client that heals what it lost would
   * hide the gap that is to be measured.
   */
  #onLost(): void {
    if (this.#protocol.transportLost === undefined) this.#giveUpPending();
    else this.#protocol.transportLost();
    this.#begun = false;
    this.#stuck = false;
  }

  #abandonPending(): void {
    if (this.#protocol.pending === 0) return;
    this.#stuck = true;
    this.#giveUpPending();
  }

  #giveUpPending(): void {
    if (this.#protocol.pending > 0) this.#freeSinceMs = this.#settings.clock();
    this.#protocol.giveUp();
  }
}
