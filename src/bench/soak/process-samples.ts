/** Memory and open descriptors of the processes of a soak, sampled while it runs. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from '../../base/clock.js';
import type { ProcessTrend } from '../../contracts/soak.js';
import { type Sample, trendOf } from '../../stats/trend.js';

/** Fine enough for the quarters of a minute; one sample costs less than 1 ms. */
const MIN_INTERVAL_MS = 500;
/** However long it runs: the sampler must not be what grows. */
const MAX_SAMPLES = 2000;
const KIB_PER_MIB = 1024;

/** A process that lives the whole time, or one of several of which the largest counts. */
export interface SampledProcesses {
  readonly name: string;
  readonly pids: () => readonly number[];
}

export class ProcessSamples {
  readonly #clock: Clock;
  readonly #series: readonly {
    readonly processes: SampledProcesses;
    readonly memoryMiB: Sample[];
    readonly openDescriptors: Sample[];
  }[];
  readonly #timer: NodeJS.Timeout;

  /** Begins at once. @param durationMs how long it will go on, about */
  constructor(processes: readonly SampledProcesses[], durationMs: number, clock: Clock) {
    this.#clock = clock;
    this.#series = processes.map((each) => ({ processes: each, memoryMiB: [], openDescriptors: [] }));
    const intervalMs = Math.max(MIN_INTERVAL_MS, durationMs / MAX_SAMPLES);
    this.#timer = setInterval(() => this.#sample(), intervalMs);
    this.#sample();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  trends(): ProcessTrend[] {
    return this.#series.map(({ processes, memoryMiB, openDescriptors }) => ({
      name: processes.name,
      memoryMiB: trendOf(memoryMiB),
      openDescriptors: trendOf(openDescriptors),
    }));
  }

  #sample(): void {
    const atMs = this.#clock();
    for (const { processes, memoryMiB, openDescriptors } of this.#series) {
      const pids = processes.pids();
      add(memoryMiB, atMs, pids.map(residentMiB));
      add(openDescriptors, atMs, pids.map(countDescriptors));
    }
  }
}

/** A process may be gone by now: those that can be read count. */
function add(samples: Sample[], atMs: number, values: readonly (number | undefined)[]): void {
  const known = values.filter((value) => value !== undefined);
  if (known.length > 0) samples.push({ atMs, value: Math.max(...known) });
}

/** Resident memory; undefined when the process is gone. */
export function residentMiB(pid: number): number | undefined {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readStatus(pid))?.[1] ?? (hasProc() ? undefined : residentByPs(pid));
  return kib === undefined ? undefined : Number(kib) / KIB_PER_MIB;
}

/** Undefined when the process is gone, and on a system without `/proc`. */
export function countDescriptors(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}

function hasProc(): boolean {
  return process.platform === 'linux';
}

function residentByPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
