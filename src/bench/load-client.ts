/**
 * The load client: carries out a workload's plan over real TLS connections, verifies every byte of every reply and records
 * what it saw. A connection has at most one request outstanding.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type Clock, createClock } from '../base/clock.js';
import { createPrng } from '../base/prng.js';
import { createSeededBytes } from '../base/seeded-bytes.js';
import type { LoadConfig, LoadReport, LoadRotation, Overdue } from '../contracts/load.js';
import type { PhaseAtFault } from '../contracts/results.js';
import type { Protocol, Workload } from '../contracts/workload.js';
import type { CreateAlarm } from './alarm.js';
import { checkConnections } from './closing-check.js';
import { ConnectGate } from './connect-gate.js';
import { LoadConnection, type LoadWindow } from './load-connection.js';
import type { LoadProtocolConstructor } from './load-protocol/load-protocol.js';
import { LoadRecorder } from './load-recorder.js';
import { LoadTimer } from './load-timer.js';
import { untilSettled } from './settling.js';

/** How long the end of the load is waited for, ms: what is outstanding, and then each connection in the check. */
export interface Graces {
  readonly repliesMs: number;
  readonly checkMs: number;
}

/** Silence is called a broken promise: a machine that stands still for some seconds must not make one. */
const CHECK_GRACE_MS = 5000;
const GRACES: Readonly<Record<Overdue, Graces>> = {
  // Several times a recovery, and a stuck reply must not hold a run up for long.
  sent: { repliesMs: 2000, checkMs: CHECK_GRACE_MS },
  // A reply of 16 MiB on a machine that is busy with others like it.
  dropped: { repliesMs: 10_000, checkMs: CHECK_GRACE_MS },
  unserved: { repliesMs: 0, checkMs: 0 },
};
/** As the servers of each protocol expect it: one of HTTP/1.1 or WebSocket need not be told. */
const ALPN_PROTOCOLS: Readonly<Record<Protocol, readonly string[] | undefined>> = {
  'http/1.1': undefined,
  websocket: undefined,
  h2: ['h2'],
};
/**
 * Fine against a delay that spoils a trial (1 s). Each look wakes the process: every millisecond they take as much processor time
 * as 600 requests per second, beside what is measured. The histogram counts it into every delay.
 */
const DELAY_RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;
/** A request takes some 50 us of processor time. */
const ADVANCED_PER_TURN = 100;
/**
 * All of a usual run. Some 100 ms of work for all processes together, on a busy machine a second: so that each of thousands is
 * done long before a server gives it up, and some are done in every second.
 */
const MAX_HANDSHAKES_AT_A_TIME = 256;
/** OpenSSL hands over one record at a time, of which this is the longest (RFC 8446 5.1). */
const READ_BUFFER_BYTES = 16 * 1024;

export class LoadClient {
  readonly #config: LoadConfig;
  readonly #clock: Clock;
  readonly #recorder = new LoadRecorder();
  readonly #timer: LoadTimer;
  readonly #window: LoadWindow = { startMs: Number.POSITIVE_INFINITY, cutoffMs: Number.POSITIVE_INFINITY };
  readonly #connections: readonly LoadConnection[];
  readonly #eventLoopDelay: IntervalHistogram = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });

  /**
   * @param Protocol that of the workload, see `loadProtocolOf`
   * @param createAlarm what wakes it at the times of requests; how late it does is part of their latency
   * @throws Error when the TLS settings are not possible
   */
  constructor(
    config: LoadConfig,
    workload: Workload,
    Protocol: LoadProtocolConstructor,
    createAlarm?: CreateAlarm,
  ) {
    this.#config = config;
    this.#clock = createClock(BigInt(config.clockStartNs));
    this.#timer = new LoadTimer(this.#clock, (index) => this.#connections[index]?.advance(), createAlarm);
    const settings = {
      config,
      workload,
      clock: this.#clock,
      recorder: this.#recorder,
      timer: this.#timer,
      Protocol,
      window: this.#window,
      gate: new ConnectGate(MAX_HANDSHAKES_AT_A_TIME),
      bodies: createSeededBytes(config.seed),
      servername: config.servername,
      secureContext: createClientContext(config),
      // Not from the pool, which others would write to.
      readBuffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
      alpnProtocols: ALPN_PROTOCOLS[workload.protocol ?? 'http/1.1'],
    };
    const plan = workload.plan(config.options, createPrng(config.seed));
    this.#connections = plan.connections.map(
      (requests, index) => new LoadConnection(index, requests, settings),
    );
  }

  /** Opens all connections, `connectConcurrency` at a time. Rejects with the first that cannot be opened. */
  async open(): Promise<void> {
    const waiting = this.#connections.values();
    // All workers draw from one iterator, so that each connection is opened once.
    const openWaiting = async (): Promise<void> => {
      for (const connection of waiting) await connection.open();
    };
    await Promise.all(Array.from({ length: Math.max(1, this.#config.connectConcurrency) }, openWaiting));
  }

  /** Starts the load at `startMs` of the clock. */
  run(startMs: number): void {
    this.#window.startMs = startMs;
    this.#eventLoopDelay.enable();
    void this.#advanceAll();
  }

  /**
   * Ends the load: no request intended later than now is sent, replies are awaited for 2 s, and then the connections
   * without a right reply to a request sent since `faultMs` are checked with one more request, for 5 s at most. A slow path
   * is given its `patienceMs` on top, each time. Of very many connections only some are checked at a time, and those that are
   * about to connect again are waited for as long as some of them come through.
   *
   * @param overdue `dropped`: no further request is sent, whenever it was intended, and those that were are given 10 s;
   *   `unserved`: nothing is waited for
   * @param graces in the place of these times
   */
  async stop(faultMs: number, overdue: Overdue = 'sent', graces: Graces = GRACES[overdue]): Promise<void> {
    this.#window.cutoffMs = overdue === 'dropped' ? Number.NEGATIVE_INFINITY : this.#clock();
    this.#eventLoopDelay.disable();
    const patienceMs = overdue === 'unserved' ? 0 : (this.#config.patienceMs ?? 0);
    const waiting = { clock: this.#clock, sleep };
    await untilSettled(this.#connections, { graceMs: graces.repliesMs + patienceMs, ...waiting });
    for (const connection of this.#connections) connection.abandonLoad();
    await checkConnections(this.#connections, { faultMs, graceMs: graces.checkMs + patienceMs, ...waiting });
  }

  /** Resolves when a connection next enters `phase`. */
  untilEntered(phase: PhaseAtFault): Promise<void> {
    return this.#recorder.untilEntered(phase);
  }

  report(): LoadReport {
    return this.#recorder.report(this.#delayMaxMs);
  }

  /** What has come to its end since the last call, or the start; it is forgotten, while the load goes on. */
  rotate(): LoadRotation {
    for (const connection of this.#connections) connection.noteSilence();
    const rotation = this.#recorder.rotate(this.#delayMaxMs);
    this.#eventLoopDelay.reset();
    return rotation;
  }

  /** Ends all connections. They count as having lived to the end. */
  close(): void {
    this.#eventLoopDelay.disable();
    this.#timer.clear();
    for (const connection of this.#connections) connection.close();
  }

  /** Some in a turn: of thousands that begin at one moment the first ones have their replies before the last ones ask. */
  async #advanceAll(): Promise<void> {
    for (const [index, connection] of this.#connections.entries()) {
      if (index > 0 && index % ADVANCED_PER_TURN === 0) await nextTurn();
      connection.advance();
    }
  }

  get #delayMaxMs(): number {
    return Math.max(0, this.#eventLoopDelay.max / NS_PER_MS - DELAY_RESOLUTION_MS);
  }
}

function createClientContext({ ca, tls }: LoadConfig): SecureContext {
  const version = tls.version === '1.3' ? 'TLSv1.3' : 'TLSv1.2';
  return createSecureContext({
    ca,
    minVersion: version,
    maxVersion: version,
    ...(tls.ciphers === undefined ? {} : { ciphers: tls.ciphers }),
  });
}
