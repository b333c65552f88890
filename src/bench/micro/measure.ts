/**
 * Measures steps with tinybench, in rounds over all of them: what happens to the machine for a second happens to a round
 * of some steps, not to one step alone.
 */
import { Bench, type FnReturnedObject } from 'tinybench';
import { createPrng } from '../../base/prng.js';
import type { MicroStep } from '../../contracts/micro.js';
import { bootstrapMedianInterval } from '../../stats/median-interval.js';
import { ascending, quantile } from '../../stats/quantile.js';
import { thin } from '../../stats/thin.js';
import { type CallStep, type Step, Stopwatch } from './step.js';

/** As few as an interval of a median takes. */
export const ROUNDS = 6;
/** A sample is as many calls as take so long: far above the steps of the clock, and what reading it costs. */
const SAMPLE_US = 100;
/** To find out how many calls that are. */
const TRIES = 3;
/** Of the first round: the compiler has seen enough then of what takes microseconds. */
const WARMUP_SHARE = 0.5;
/** Of what takes milliseconds, so that a round has a median. */
const MIN_SAMPLES = 3;
/** Of what takes milliseconds too: the compiler has seen enough behind some hundred operations. */
const MIN_WARMUP_SAMPLES = 20;
/** Kept of a round for the interval: more do not narrow it. */
const MAX_SAMPLES = 500;
/** The interval of the same samples is the same each time. */
const BOOTSTRAP_SEED = 1;
const MS_PER_US = 1e-3;

export const METHOD =
  `tinybench, ${ROUNDS} rounds over all steps. A sample is the mean of as many operations as take ${SAMPLE_US} us, or of one batch. ` +
  'Time: the median of all samples, with the percentile bootstrap 95 % interval in which whole rounds are drawn. ' +
  'Processor time: of all threads, garbage collection included; the mean of each round, of which the median is given. Steps run in memory, without system calls of sockets.';

export interface MeasureHandler {
  /** Step `index` of `total` begins, in round `round` of {@link ROUNDS}, both from 0. */
  measuring(step: Step, at: { readonly index: number; readonly round: number }): void;
}

/** @param timeMs for all rounds of one step, > 0; what has to be made ready in between counts as well */
export async function measureSteps(
  steps: readonly Step[],
  timeMs: number,
  handler: MeasureHandler,
): Promise<MicroStep[]> {
  const measured = steps.map((step) => new Measured(step));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, each] of measured.entries()) {
      handler.measuring(each.step, { index, round });
      await each.round({ timeMs: timeMs / ROUNDS, warmupMs: round === 0 ? timeMs * WARMUP_SHARE : 0 });
    }
  }
  return measured.map((each) => each.result());
}

class Measured {
  readonly step: Step;
  /** Samples of each round, us, ascending. */
  readonly #rounds: Float64Array[] = [];
  /** Mean of each round, us. */
  readonly #cpuUs: number[] = [];
  #roundCpu = { us: 0, operations: 0 };
  /** Of a step that is one call: calls of one sample. */
  #calls = 1;

  constructor(step: Step) {
    this.step = step;
  }

  async round({ timeMs, warmupMs }: { readonly timeMs: number; readonly warmupMs: number }): Promise<void> {
    const bench = new Bench({
      time: timeMs,
      iterations: MIN_SAMPLES,
      warmup: warmupMs > 0,
      warmupTime: warmupMs,
      warmupIterations: MIN_WARMUP_SAMPLES,
      retainSamples: true,
      throws: true,
      // Once before warming up, and once before what counts.
      setup: () => {
        this.#roundCpu = { us: 0, operations: 0 };
      },
    });
    const { step } = this;
    if (step.kind === 'call') {
      this.#calls = callsOf(step);
      bench.add(step.id, () => this.#sampleCalls(step), { async: false });
    } else bench.add(step.id, () => this.#sampleTurns(step), { async: true });
    const [task] = await bench.run();
    if (task?.result.state !== 'completed')
      throw new Error(`micro: ${step.id} ended as ${task?.result.state}`);
    this.#cpuUs.push(this.#roundCpu.us / this.#roundCpu.operations);
    this.#rounds.push(Float64Array.from(task.result.latency.samples ?? [], (ms) => ms / MS_PER_US));
  }

  result(): MicroStep {
    const { id, group, title } = this.step;
    const all = ascending(this.#rounds.flatMap((round) => [...round]));
    const drawn = this.#rounds.map((round) => thin(round, MAX_SAMPLES));
    const { low, high } = bootstrapMedianInterval([drawn], createPrng(BOOTSTRAP_SEED));
    const median = quantile(all, 0.5);
    return {
      id,
      group,
      title,
      // The median of what was thinned may lie a little beside that of all.
      timeUs: { median, low: Math.min(low, median), high: Math.max(high, median) },
      cpuUs: quantile(ascending(this.#cpuUs), 0.5),
      samples: all.length,
    };
  }

  #sampleCalls(step: CallStep): FnReturnedObject {
    const stopwatch = timed(step, this.#calls);
    return this.#sample(stopwatch, this.#calls * step.operations, stopwatch.elapsedUs);
  }

  async #sampleTurns(step: Exclude<Step, CallStep>): Promise<FnReturnedObject> {
    const whole = process.hrtime.bigint();
    const stopwatch = new Stopwatch();
    await step.run(stopwatch);
    return this.#sample(stopwatch, step.operations, Number(process.hrtime.bigint() - whole) / 1000);
  }

  #sample({ elapsedUs, cpuUs }: Stopwatch, operations: number, wholeUs: number): FnReturnedObject {
    this.#roundCpu.us += cpuUs;
    this.#roundCpu.operations += operations;
    return {
      overriddenDuration: (elapsedUs / operations) * MS_PER_US,
      overriddenIterationCost: wholeUs * MS_PER_US,
    };
  }
}

/** Found by doubling. The shortest of some tries: one that was interrupted says nothing. */
function callsOf(step: CallStep): number {
  for (let calls = 1; ; calls *= 2) {
    const tries = Array.from({ length: TRIES }, () => timed(step, calls).elapsedUs);
    if (Math.min(...tries) >= SAMPLE_US) return calls;
  }
}

function timed(step: CallStep, calls: number): Stopwatch {
  const stopwatch = new Stopwatch();
  stopwatch.start();
  for (let call = 0; call < calls; call++) step.call();
  stopwatch.stop();
  return stopwatch;
}
