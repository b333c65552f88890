import type { ReplyCheck, SeededBytes } from '../../src/contracts/workload.js';

/** Compares content, while it arrives, with the bytes of the sequence `key` from `from` to `length`. Copies nothing. */
export class SeededCheck implements ReplyCheck {
  readonly #bodies: SeededBytes;
  readonly #key: string;
  readonly #length: number;
  #position: number;

  constructor(bodies: SeededBytes, key: string, length: number, from = 0) {
    this.#bodies = bodies;
    this.#key = key;
    this.#length = length;
    this.#position = from;
  }

  push(content: Buffer): number {
    let wrong = 0;
    let at = 0;
    while (at < content.length) {
      const left = this.#length - this.#position;
      if (left === 0) return wrong + content.length - at;
      const expected = this.#bodies.slice(this.#key, this.#position, Math.min(left, content.length - at));
      wrong += countDifferences(content, at, expected);
      at += expected.length;
      this.#position += expected.length;
    }
    return wrong;
  }

  end(): number {
    return this.#length - this.#position;
  }
}

/** Compares content, while it arrives, with content that is known as a whole. */
export class ExpectedContent implements ReplyCheck {
  readonly #expected: Buffer;
  #position = 0;

  constructor(expected: Buffer) {
    this.#expected = expected;
  }

  push(content: Buffer): number {
    const expected = this.#expected.subarray(this.#position, this.#position + content.length);
    this.#position += expected.length;
    return countDifferences(content, 0, expected) + content.length - expected.length;
  }

  end(): number {
    return this.#expected.length - this.#position;
  }
}

/** A server that refuses content which was sent right has received other bytes: as bad as wrong bytes in a reply. */
export class RefusedContentCheck implements ReplyCheck {
  push(content: Buffer): number {
    return content.length;
  }

  end(): number {
    // Without a message the status alone says it.
    return 1;
  }
}

/** The check of a reply with a wrong status: its content is a message for people, so that all that was asked for is missing. */
export class WrongStatusCheck implements ReplyCheck {
  readonly #missing: number;

  constructor(length: number) {
    // An empty reply with a wrong status is wrong too.
    this.#missing = Math.max(1, length);
  }

  push(): number {
    return 0;
  }

  end(): number {
    return this.#missing;
  }
}

/** How many bytes of `content` from `at` on differ from `expected`; all is equal nearly always. */
function countDifferences(content: Buffer, at: number, expected: Buffer): number {
  if (content.compare(expected, 0, expected.length, at, at + expected.length) === 0) return 0;
  let differences = 0;
  for (let i = 0; i < expected.length; i++) if (content[at + i] !== expected[i]) differences++;
  return differences;
}
