/** Enough for the stack of an error and what led to it. */
const TAIL_BYTES = 8192;

/** Keeps the last 8 KiB of what a process writes. */
export class OutputTail {
  #bytes: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    const joined = Buffer.concat([this.#bytes, chunk]);
    this.#bytes = joined.subarray(Math.max(0, joined.length - TAIL_BYTES));
  }

  text(): string {
    return this.#bytes.toString('utf8');
  }
}
