/** The transport of one planned connection over its whole life: opened, lost, made again. */
import type { SecureContext } from 'node:tls';
import type { Clock } from '../base/clock.js';
import { type LoadConfig, PLANNED_END } from '../contracts/load.js';
import type { ConnectGate, Leave } from './connect-gate.js';
import type { LoadRecorder, OpenTransportRow } from './load-recorder.js';
import { LoadTransport } from './load-transport.js';

export interface LinkSettings {
  readonly config: LoadConfig;
  /** Made once from the configuration: parsing the certificate authority costs as much as a handshake. */
  readonly secureContext: SecureContext;
  /** Application protocols to offer (RFC 7301); absent: not said. */
  readonly alpnProtocols?: readonly string[] | undefined;
  /** What is received is put here, chunk by chunk, by all connections. */
  readonly readBuffer: Buffer;
  readonly clock: Clock;
  readonly recorder: LoadRecorder;
  /** Through which every handshake goes. */
  readonly gate: ConnectGate;
}

export interface LinkHandler {
  /** A new transport is secure. */
  ready(): void;
  /** @param chunk valid during the call */
  data(chunk: Buffer): void;
  /** The transport is lost; a new one is on its way. */
  lost(): void;
}

/** The first attempt after a loss is made at once; from then on as clients usually do, but short against a trial. */
const FIRST_BACKOFF_MS = 10;
const MAX_BACKOFF_MS = 200;

/** A handshake on loopback takes milliseconds, also when many are made at once on a busy machine. */
const OPEN_TIMEOUT_MS = 10_000;

interface Opening {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timeout: NodeJS.Timeout;
}

export class LoadLink {
  readonly #connection: number;
  readonly #settings: LinkSettings;
  readonly #handler: LinkHandler;
  #transport: LoadTransport | undefined;
  #ready = false;
  /** The newest session, if it is ever to be offered. */
  #session: Buffer | undefined;
  /** Whether the newest established transport was lost: those that are tried now are made for that reason. */
  #afterLoss = false;
  /**
   * Whether the present transport is established for the server too, as those are that the load begins with: in TLS 1.3 a
   * client has done its part of the handshake before the server has.
   */
  #established = true;
  /** Before the next attempt, if that is needed before the server has said anything. */
  #backoffMs = 0;
  #backoff: NodeJS.Timeout | undefined;
  #opening: Opening | undefined;
  /** Of the handshake that is under way, or to come. */
  #leaveGate: Leave = () => {};
  #closed = false;

  constructor(connection: number, settings: LinkSettings, handler: LinkHandler) {
    this.#connection = connection;
    this.#settings = settings;
    this.#handler = handler;
  }

  /**
   * Makes the first transport; resolves when it is secure and, if sessions are to be resumed, has one to resume.
   *
   * Rejects when that fails: a trial that cannot begin properly should not begin.
   */
  open(): Promise<void> {
    const timeoutMs = OPEN_TIMEOUT_MS + (this.#settings.config.patienceMs ?? 0);
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        const missing = this.#ready ? 'the server issued no session to resume' : 'the handshake is not done';
        this.#failOpening(`${missing} after ${timeoutMs} ms`);
      }, timeoutMs);
      this.#opening = { resolve, reject, timeout };
      this.#connectInTurn();
    });
  }

  /** @param written called when they have been taken by the transport that is there now */
  write(bytes: Buffer, written?: () => void): void {
    this.#transport?.write(bytes, written);
  }

  /** The present transport has done its work: makes a new one. */
  renew(): void {
    this.#transport?.drop(PLANNED_END);
  }

  /** Gives the present transport up and makes a new one. */
  drop(cause: string): void {
    this.#transport?.drop(cause);
  }

  close(): void {
    this.#closed = true;
    this.#ready = false;
    clearTimeout(this.#backoff);
    clearTimeout(this.#opening?.timeout);
    this.#leaveGate();
    this.#transport?.close();
  }

  #connectInTurn(): void {
    this.#leaveGate = this.#settings.gate.pass(() => this.#connect());
  }

  #connect(): void {
    const { config, secureContext, alpnProtocols, readBuffer, clock, recorder } = this.#settings;
    const row = recorder.transportStarted(this.#connection, clock(), this.#afterLoss);
    const target = {
      port: config.port,
      servername: config.servername,
      secureContext,
      alpnProtocols,
      session: this.#session,
      readBuffer,
    };
    this.#transport = new LoadTransport(target, row, clock, {
      secure: () => this.#onSecure(),
      session: (session) => this.#onSession(session),
      data: (chunk) => this.#onData(chunk),
      lost: () => this.#onLost(row),
    });
  }

  #onSecure(): void {
    this.#leaveGate();
    this.#ready = true;
    this.#finishOpening();
    this.#handler.ready();
  }

  #onSession(session: Buffer): void {
    if (!this.#needsSession()) return;
    this.#session = session;
    // Node tells of a session from inside OpenSSL's read: what is written before that returns can get stuck.
    setImmediate(() => this.#finishOpening());
  }

  #onData(chunk: Buffer): void {
    this.#backoffMs = 0;
    this.#established = true;
    this.#handler.data(chunk);
  }

  #onLost({ cause, secureMs }: OpenTransportRow): void {
    this.#leaveGate();
    // An attempt that fails before it is established loses nothing that was not lost before.
    if (secureMs !== null && this.#established) this.#afterLoss = cause !== PLANNED_END;
    this.#established = false;
    this.#ready = false;
    this.#transport = undefined;
    if (this.#opening !== undefined) {
      this.#failOpening(cause ?? 'no cause');
      return;
    }
    this.#handler.lost();
    this.#reconnect();
  }

  #reconnect(): void {
    if (this.#closed) return;
    const delayMs = this.#backoffMs;
    this.#backoffMs = Math.min(Math.max(FIRST_BACKOFF_MS, 2 * delayMs), MAX_BACKOFF_MS);
    if (delayMs === 0) this.#connectInTurn();
    else this.#backoff = setTimeout(() => this.#connectInTurn(), delayMs);
  }

  #needsSession(): boolean {
    return this.#settings.config.onTransportLost === 'resume-session';
  }

  #finishOpening(): void {
    if (this.#opening === undefined || !this.#ready) return;
    if (this.#needsSession() && this.#session === undefined) return;
    const { resolve, timeout } = this.#opening;
    this.#opening = undefined;
    clearTimeout(timeout);
    resolve();
  }

  #failOpening(reason: string): void {
    const opening = this.#opening;
    this.#opening = undefined;
    this.close();
    opening?.reject(new Error(`connection ${this.#connection} could not be opened: ${reason}`));
  }
}
