/**
 * The append-only ledger of executed requests. An entry is written before `record` returns and outlives the process:
 * what the kernel has taken survives `kill -9`.
 */
import { closeSync, createReadStream, ftruncateSync, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Clock } from '../../base/clock.js';

export class Ledger {
  #file: number;
  readonly #clock: Clock;

  constructor(path: string, clock: Clock) {
    this.#clock = clock;
    this.#file = openLedger(path);
  }

  record(requestId: string): void {
    writeSync(this.#file, `${requestId} ${this.#clock()}\n`);
  }

  /** Forgets what was recorded: the warm-up is over. */
  reset(): void {
    ftruncateSync(this.#file);
  }

  /** Goes on in another file; what was recorded so far stays where it is. */
  rotate(path: string): void {
    const full = this.#file;
    this.#file = openLedger(path);
    closeSync(full);
  }
}

function openLedger(path: string): number {
  return openSync(path, 'a', 0o600);
}

/** Over the ledgers of all replicas. */
export interface ExecutionTally {
  /** How often each request was executed; none: never. */
  readonly byRequest: ReadonlyMap<string, number>;
  /** Executions by replicas that the director had declared failed before. */
  readonly byFenced: number;
}

/**
 * @param paths by index of the replica
 * @param failedAtMs when the director declared a replica failed, by index
 */
export async function countExecutions(
  paths: readonly string[],
  failedAtMs: ReadonlyMap<number, number>,
): Promise<ExecutionTally> {
  const byRequest = new Map<string, number>();
  let byFenced = 0;
  for (const [index, path] of paths.entries()) {
    const fencedMs = failedAtMs.get(index) ?? Number.POSITIVE_INFINITY;
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const [id = '', atMs] = line.split(' ');
      byRequest.set(id, (byRequest.get(id) ?? 0) + 1);
      if (Number(atMs) > fencedMs) byFenced += 1;
    }
  }
  return { byRequest, byFenced };
}
