/** The processor time of this process, sampled while it runs: the director and each replica keep it until they are asked. */
import type { Clock } from '../base/clock.js';
import type { CpuSample } from './messages.js';

/** Fine enough to tell the CPU time of a recovery of some tens of ms; one sample costs about 20 us. */
const INTERVAL_MS = 10;
/** Ten minutes, longer than a trial: nobody asks the processes of `serve` for them, and they may run for days. */
const MAX_SAMPLES = 60_000;
const US_PER_MS = 1000;

export class CpuSamples {
  readonly #clock: Clock;
  #samples: CpuSample[] = [];

  /** Begins at once, and goes on as long as the process lives. */
  constructor(clock: Clock) {
    this.#clock = clock;
    setInterval(() => this.#sample(), INTERVAL_MS);
  }

  /** What there is since the last `forget`, up to now. */
  upToNow(): readonly CpuSample[] {
    this.#sample();
    return this.#samples;
  }

  forget(): void {
    this.#samples = [];
    this.#sample();
  }

  #sample(): void {
    const { user, system } = process.cpuUsage();
    this.#samples.push({ atMs: this.#clock(), cpuMs: (user + system) / US_PER_MS });
    // By halves: to drop the oldest each time would move all the others.
    if (this.#samples.length > MAX_SAMPLES) this.#samples = this.#samples.slice(MAX_SAMPLES / 2);
  }
}
