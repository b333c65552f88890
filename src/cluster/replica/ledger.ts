/**
 * The append-only ledger of executed requests. An entry is written before `record` returns and outlives the process:
 * what the kernel has taken survives `kill -9`.
 */
import { createReadStream, ftruncateSync, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

export class Ledger {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a', 0o600);
  }

  record(requestId: string): void {
    writeSync(this.#file, `${requestId}\n`);
  }

  /** Forgets what was recorded: the warm-up is over. */
  reset(): void {
    ftruncateSync(this.#file);
  }
}

/** How often each request was executed, over the ledgers of all replicas. */
export async function countExecutions(paths: readonly string[]): Promise<Map<string, number>> {
  const executions = new Map<string, number>();
  for (const path of paths) {
    for await (const id of createInterface({ input: createReadStream(path) })) {
      executions.set(id, (executions.get(id) ?? 0) + 1);
    }
  }
  return executions;
}
