/** One line of an NSS key log, as the `keylog` event of a TLSSocket gives it. */
import { allocateSecret } from '../base/secret.js';

export interface KeyLogLine {
  /** `CLIENT_RANDOM`, `SERVER_TRAFFIC_SECRET_0`, ... */
  readonly label: string;
  readonly clientRandom: Buffer;
  readonly secret: Buffer;
}

/** RFC 8446 4.1.2. */
const CLIENT_RANDOM_BYTES = 32;

/** The longest label in use is CLIENT_HANDSHAKE_TRAFFIC_SECRET, 31 characters. */
const MAX_LABEL_BYTES = 64;

/** No hash of TLS is longer than 64 bytes, and the TLS 1.2 master secret has 48. */
const MAX_SECRET_BYTES = 64;

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Parses `LABEL <client random, hex> <secret, hex>` and wipes `line`, whatever it was. The secret never becomes a string,
 * which could not be wiped. Returns undefined for anything else, comments included.
 */
export function parseKeyLogLine(line: Buffer): KeyLogLine | undefined {
  try {
    return parse(line.subarray(0, contentEnd(line)));
  } finally {
    line.fill(0);
  }
}

function parse(line: Buffer): KeyLogLine | undefined {
  const labelEnd = line.indexOf(SPACE);
  const randomEnd = line.indexOf(SPACE, labelEnd + 1);
  if (labelEnd <= 0 || labelEnd > MAX_LABEL_BYTES || randomEnd < 0) return undefined;
  const label = line.toString('latin1', 0, labelEnd);
  if (!/^[A-Z0-9_]+$/.test(label)) return undefined;
  const clientRandom = decodeHex(line.subarray(labelEnd + 1, randomEnd), Buffer.alloc);
  if (clientRandom?.length !== CLIENT_RANDOM_BYTES) return undefined;
  const secret = decodeHex(line.subarray(randomEnd + 1), allocateSecret);
  if (secret === undefined || secret.length === 0 || secret.length > MAX_SECRET_BYTES) return undefined;
  return { label, clientRandom, secret };
}

/** Length without the line end. */
function contentEnd(line: Buffer): number {
  let end = line.length;
  while (end > 0 && (line[end - 1] === LINE_FEED || line[end - 1] === CARRIAGE_RETURN)) end -= 1;
  return end;
}

function decodeHex(hex: Buffer, allocate: (bytes: number) => Buffer): Buffer | undefined {
  if (hex.length % 2 !== 0) return undefined;
  const bytes = allocate(hex.length / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    const high = hexDigit(hex[2 * i]);
    const low = hexDigit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return undefined;
    bytes[i] = high * 16 + low;
  }
  return bytes;
}

/** Value of an ASCII hex digit, -1 for anything else. */
function hexDigit(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x61 + 10;
  if (code >= 0x41 && code <= 0x46) return code - 0x41 + 10;
  return -1;
}
