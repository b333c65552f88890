/**
 * Framing of a client's WebSocket messages (RFC 6455 5) without I/O: finds where the frames of a byte stream begin and end,
 * however the stream is cut. It says nothing of what they hold: the protocol library reads the same bytes.
 */

/** Bytes that break WebSocket framing. The protocol library ends such a connection. */
export class WebSocketFramingError extends Error {
  override readonly name = 'WebSocketFramingError';
}

/**
 * What a frame is to the messages of a connection. `fragment`: its message goes on in a later frame. `message`: a whole
 * message, or its last part. `control`: close, ping or pong; it may come between the fragments of a message.
 */
export type FrameKind = 'fragment' | 'message' | 'control';

export interface WebSocketFrameHandler {
  /** The next bytes of the current frame, its header included; a view of the pushed chunk. */
  bytes(part: Buffer): void;
  /** The current frame is complete. */
  end(kind: FrameKind): void;
}

/** As RFC 6455 5.2 numbers them. */
const Opcode = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

const FIN = 0x80;
/** Extensions would give them a meaning; none is offered. */
const RESERVED = 0x70;
const OPCODE = 0x0f;
const MASKED = 0x80;
const SHORT_LENGTH = 0x7f;
/** Of the second header byte: the length is in the next 2, or the next 8 bytes. */
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_8_BYTES = 127;
const MAX_CONTROL_PAYLOAD_BYTES = 125;
/** The two fixed bytes, a length of 8, and the masking key. */
const MAX_HEADER_BYTES = 14;
const MASKING_KEY_BYTES = 4;

export class WebSocketFrameReader {
  readonly #handler: WebSocketFrameHandler;
  readonly #maxPayloadBytes: number;
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  #headerBytes = 0;
  /** Payload of the current frame that is still to come; undefined in its header. */
  #remaining: number | undefined;
  /** A message has begun and its last frame has not come. */
  #fragmented = false;
  #failed = false;

  /**
   * @param handler may call anything but this reader
   * @param maxPayloadBytes of one frame
   */
  constructor(handler: WebSocketFrameHandler, maxPayloadBytes: number) {
    this.#handler = handler;
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  /**
   * Reads the next bytes of the stream.
   *
   * @throws WebSocketFramingError when they break the framing, and always after that
   */
  push(chunk: Buffer): void {
    if (this.#failed) throw new WebSocketFramingError('the stream has already failed');
    try {
      for (let at = 0; at < chunk.length; ) {
        at = this.#remaining === undefined ? this.#readHeader(chunk, at) : this.#readPayload(chunk, at);
      }
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  /** Reads at most to the end of the header, whose length its second byte tells. */
  #readHeader(chunk: Buffer, at: number): number {
    const wanted = this.#headerBytes < 2 ? 2 : headerLength(this.#header[1] ?? 0);
    const part = chunk.subarray(at, at + wanted - this.#headerBytes);
    part.copy(this.#header, this.#headerBytes);
    this.#headerBytes += part.length;
    this.#handler.bytes(part);
    if (this.#headerBytes === 2) checkFixedBytes(this.#header, this.#fragmented);
    if (this.#headerBytes > 2 && this.#headerBytes === headerLength(this.#header[1] ?? 0)) {
      this.#remaining = this.#payloadLength();
      if (this.#remaining === 0) this.#endFrame();
    }
    return at + part.length;
  }

  #payloadLength(): number {
    const short = (this.#header[1] ?? 0) & SHORT_LENGTH;
    if (short < LENGTH_IN_2_BYTES) return short;
    if (short === LENGTH_IN_2_BYTES) return this.#checkLength(BigInt(this.#header.readUInt16BE(2)));
    return this.#checkLength(this.#header.readBigUInt64BE(2));
  }

  #checkLength(bytes: bigint): number {
    if (bytes > this.#maxPayloadBytes) {
      throw new WebSocketFramingError(`frame of ${bytes} bytes, allowed are ${this.#maxPayloadBytes}`);
    }
    return Number(bytes);
  }

  #readPayload(chunk: Buffer, at: number): number {
    const part = chunk.subarray(at, at + (this.#remaining ?? 0));
    this.#remaining = (this.#remaining ?? 0) - part.length;
    this.#handler.bytes(part);
    if (this.#remaining === 0) this.#endFrame();
    return at + part.length;
  }

  #endFrame(): void {
    const first = this.#header[0] ?? 0;
    this.#headerBytes = 0;
    this.#remaining = undefined;
    if (isControl(first)) this.#handler.end('control');
    else {
      this.#fragmented = (first & FIN) === 0;
      this.#handler.end(this.#fragmented ? 'fragment' : 'message');
    }
  }
}

function headerLength(second: number): number {
  const short = second & SHORT_LENGTH;
  const lengthBytes = short === LENGTH_IN_8_BYTES ? 8 : short === LENGTH_IN_2_BYTES ? 2 : 0;
  return 2 + lengthBytes + MASKING_KEY_BYTES;
}

function isControl(first: number): boolean {
  return (first & OPCODE) >= Opcode.close;
}

/** RFC 6455 5.2, 5.4 and 5.5. */
function checkFixedBytes(header: Buffer, fragmented: boolean): void {
  const [first = 0, second = 0] = header;
  const opcode = first & OPCODE;
  if ((first & RESERVED) !== 0)
    throw new WebSocketFramingError('a reserved bit is set, and no extension is in use');
  if ((second & MASKED) === 0) throw new WebSocketFramingError('a frame of a client is not masked');
  if (!Object.values<number>(Opcode).includes(opcode)) {
    throw new WebSocketFramingError(`opcode ${opcode} is reserved`);
  }
  if (isControl(first)) {
    const whole = (first & FIN) !== 0 && (second & SHORT_LENGTH) <= MAX_CONTROL_PAYLOAD_BYTES;
    if (!whole) throw new WebSocketFramingError('a control frame is fragmented or longer than 125 bytes');
  } else if ((opcode === Opcode.continuation) !== fragmented) {
    throw new WebSocketFramingError(
      fragmented ? 'a message begins inside of another one' : 'a message goes on that has not begun',
    );
  }
}
