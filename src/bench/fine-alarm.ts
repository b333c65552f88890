/**
 * An alarm that is late by some 0.05 ms where timers of Node, which count in milliseconds, are by 0.8: a thread sleeps until
 * shortly before the time and rings, and the little that is left is spent looking at the clock.
 */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock.js';
import type { Alarm, CreateAlarm } from './alarm.js';

/** What the thread and whoever sets the alarm share. */
export interface AlarmMemory {
  /** One number, one more each time that the alarm is set: what the thread sleeps on. */
  readonly settings: Int32Array;
  /** One number: when to ring, on the clock of the host, ms. */
  readonly dueMs: Float64Array;
}

/** Sleeps on the memory, and rings. */
export interface AlarmThread {
  /** Ends it. */
  stop(): void;
}

export type StartThread = (memory: AlarmMemory, ring: () => void) => AlarmThread;

/** Linux adds up to 0.05 ms to each sleep (prctl(2), PR_SET_TIMERSLACK), and a thread wakes another one in some 0.03 ms. */
const RINGS_EARLY_MS = 0.08;
/** A ring that is earlier than this was meant for an earlier time. */
const MAX_WAIT_MS = 2 * RINGS_EARLY_MS;

/**
 * @param thread entry of the thread, `src/main/alarm-thread.ts`
 * @param hostClock what all processes and threads of this machine share
 */
export function fineAlarm(thread: URL, hostClock: Clock): CreateAlarm {
  return (clock, ring) =>
    new FineAlarm(clock, hostClock, ring, (memory, onRing) => startThread(thread, memory, onRing));
}

function startThread(entry: URL, memory: AlarmMemory, ring: () => void): AlarmThread {
  const worker = new Worker(entry, { workerData: memory });
  worker.on('message', ring);
  // It holds up no process that is done.
  worker.unref();
  return { stop: () => void worker.terminate() };
}

export class FineAlarm implements Alarm {
  readonly #clock: Clock;
  readonly #hostClock: Clock;
  readonly #ring: () => void;
  readonly #startThread: StartThread;
  readonly #memory: AlarmMemory = {
    settings: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
    dueMs: new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT)),
  };
  #thread: AlarmThread | undefined;
  /** Infinity: it is not to ring. */
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, hostClock: Clock, ring: () => void, start: StartThread) {
    this.#clock = clock;
    this.#hostClock = hostClock;
    this.#ring = ring;
    this.#startThread = start;
    // At once: a thread takes longer to start than the first time may be away.
    this.#thread = this.#start();
  }

  set(dueMs: number): void {
    this.#thread ??= this.#start();
    this.#dueMs = dueMs;
    this.#tell(this.#hostClock() + dueMs - this.#clock() - RINGS_EARLY_MS);
  }

  clear(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#thread?.stop();
    this.#thread = undefined;
  }

  #start(): AlarmThread {
    return this.#startThread(this.#memory, () => this.#onRing());
  }

  #tell(dueOnHostMs: number): void {
    const { settings, dueMs } = this.#memory;
    dueMs[0] = dueOnHostMs;
    Atomics.add(settings, 0, 1);
    Atomics.notify(settings, 0);
  }

  #onRing(): void {
    const dueMs = this.#dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    if (dueMs - this.#clock() > MAX_WAIT_MS) {
      this.set(dueMs);
      return;
    }
    while (this.#clock() < dueMs);
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#ring();
  }
}
