/**
 * What a client has sent on a WebSocket and the application has not been given yet. A checkpoint covers the rest: a backup
 * has to see only this again.
 */
import { type FrameKind, WebSocketFrameReader } from '../../http/websocket-frame-reader.js';

/** A journal of the director holds no more by default: behind that the connection is not recoverable anyway. */
const MAX_UNHANDLED_BYTES = 1024 * 1024;

interface Frame {
  /** Undefined while it is not complete. */
  kind: FrameKind | undefined;
  readonly parts: Buffer[];
}

export class WebSocketInput {
  readonly #reader: WebSocketFrameReader;
  #frames: Frame[] = [];
  #bytes = 0;

  constructor() {
    this.#reader = new WebSocketFrameReader(
      {
        bytes: (part) => this.#last.parts.push(part),
        end: (kind) => {
          this.#last.kind = kind;
        },
      },
      MAX_UNHANDLED_BYTES,
    );
  }

  /**
   * @param bytes nobody may change them: the protocol library unmasks in place what it is given
   * @throws WebSocketFramingError
   * @throws RangeError when more is waiting than can be recovered
   */
  push(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_UNHANDLED_BYTES) {
      throw new RangeError(`${this.#bytes} bytes are not handled, allowed are ${MAX_UNHANDLED_BYTES}`);
    }
    this.#reader.push(bytes);
  }

  /** The oldest whole message, or control frame, is the application's now. */
  given(kind: 'message' | 'control'): void {
    const last = this.#frames.findIndex((frame) => frame.kind === kind);
    const isPart = (frame: Frame, index: number): boolean =>
      kind === 'control' ? index === last : index <= last && frame.kind !== 'control';
    for (const frame of this.#frames.filter(isPart)) this.#bytes -= lengthOf(frame);
    this.#frames = this.#frames.filter((frame, index) => !isPart(frame, index));
  }

  /** Bytes that the application has not been given: whole messages that wait, and what there is of the next one. */
  get unhandled(): readonly Buffer[] {
    return this.#frames.flatMap(({ parts }) => parts);
  }

  /** Whether a whole message, or control frame, waits. */
  get waiting(): boolean {
    return this.#frames.some(({ kind }) => kind === 'message' || kind === 'control');
  }

  get #last(): Frame {
    const last = this.#frames.at(-1);
    if (last !== undefined && last.kind === undefined) return last;
    const next: Frame = { kind: undefined, parts: [] };
    this.#frames.push(next);
    return next;
  }
}

function lengthOf({ parts }: Frame): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
