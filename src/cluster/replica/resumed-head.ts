/** The header section of a resumed reply: its handler writes it again, and the client has it. */

/** End of the header section of a reply (RFC 9112 2.1). */
const END_OF_HEAD = Buffer.from('\r\n\r\n');

export class ResumedHead {
  #head: Buffer = Buffer.alloc(0);
  #dropped = false;

  /** Whether all of it has been dropped: what follows is new to the client. */
  get dropped(): boolean {
    return this.#dropped;
  }

  /** @returns what of `chunks` is behind the header section. */
  drop(chunks: readonly Buffer[]): readonly Buffer[] {
    if (this.#dropped) return chunks;
    this.#head = Buffer.concat([this.#head, ...chunks]);
    const end = this.#head.indexOf(END_OF_HEAD);
    if (end < 0) return [];
    this.#dropped = true;
    return [this.#head.subarray(end + END_OF_HEAD.length)];
  }
}
