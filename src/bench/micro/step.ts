/** What is measured: one step, with the work that proves that it does what its name says. */

interface StepName {
  /** Unique, lower case: words with `-`, parts with `.`. */
  readonly id: string;
  readonly group: string;
  readonly title: string;
}

/** Measured as a whole, many times in a row: no more than a function call. */
export interface CallStep extends StepName {
  readonly kind: 'call';
  /** Operations of one call; the result is that of one. */
  readonly operations: number;
  call(): void;
  /** Does the step once. @throws Error when its result is wrong */
  verify(): void;
}

/** Measured in parts, because something has to be made ready, or because others take their turns in between. */
export interface TurnsStep extends StepName {
  readonly kind: 'turns';
  /** Operations of one call; the result is that of one. */
  readonly operations: number;
  /** What counts happens between `start` and `stop` of the stopwatch. */
  run(stopwatch: Stopwatch): Promise<void>;
  /** Does the step once. Rejects when its result is wrong. */
  verify(): Promise<void>;
  /** Ends what was made for the step. */
  close?(): void;
}

export type Step = CallStep | TurnsStep;

/** Adds up the time between its starts and stops. */
export class Stopwatch {
  #elapsedNs = 0n;
  #cpuUs = 0;
  #startedNs = 0n;
  #startedCpu: NodeJS.CpuUsage | undefined;

  start(): void {
    this.#startedCpu = process.cpuUsage();
    this.#startedNs = process.hrtime.bigint();
  }

  stop(): void {
    this.#elapsedNs += process.hrtime.bigint() - this.#startedNs;
    const { user, system } = process.cpuUsage(this.#startedCpu);
    this.#cpuUs += user + system;
  }

  get elapsedUs(): number {
    return Number(this.#elapsedNs) / 1000;
  }

  /** Of all threads of the process. */
  get cpuUs(): number {
    return this.#cpuUs;
  }
}

/** @throws Error saying which step does not do what it should */
export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`micro: ${what}`);
}

/** One turn of the event loop: what was written leaves in it. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
