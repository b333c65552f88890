/**
 * Credit for what is sent to a client: the director gives it when the client has taken what came before. Both sides must
 * count the same bytes, those of TLS records: what one of them counts more is lost, and a long connection would stop.
 */
export class OutputCredit {
  #bytes: number;
  #blocked: (() => void) | undefined;

  /** @param bytes that may be sent before the director gives more */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Whether more may be made: what is made already is sent all the same. */
  get left(): boolean {
    return this.#bytes > 0;
  }

  /** A record of so many bytes was made. */
  spend(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Calls `resume` when there is credit again. */
  wait(resume: () => void): void {
    this.#blocked = resume;
  }

  /** Nobody waits any more. */
  forget(): void {
    this.#blocked = undefined;
  }

  /** @returns whether somebody had waited for it, and goes on */
  give(bytes: number): boolean {
    this.#bytes += bytes;
    const blocked = this.#blocked;
    if (blocked === undefined || !this.left) return false;
    this.#blocked = undefined;
    blocked();
    return true;
  }
}
