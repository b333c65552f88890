/**
 * The proof of invariant 1, that no key seals two different records with one nonce: rows of what left towards clients,
 * as the director notes them, and their check. The director sees no key: replicas tell, before each record, what they
 * sealed it with.
 */

import { RECORD_HEADER_BYTES } from '../tls/record.js';
import type { SealedWith } from '../tls/record-protection.js';

/** Bytes of a row: flow (4), replica (1), noted (1), key base (6), sequence number (8), explicit nonce (8), tag (16). */
export const NONCE_ROW_BYTES = 4 + 1 + 1 + 6 + 8 + 8 + 16;
const TAG_BYTES = 16;
const EXPLICIT_NONCE_BYTES = 8;
const NOTED_AT = 5;
const KEY_AT = 6;
const SEQUENCE_AT = 12;
const EXPLICIT_AT = 20;
const TAG_AT = 28;
/** As many as a message can name; the count is of all. */
const MAX_OFFENDERS = 10;

/**
 * Writes the row of `record` (header, ciphertext, tag) at `offset` of `target`.
 * @param sealedWith undefined for what no record layer of ours sealed, such as the records of a handshake
 */
export function writeNonceRow(
  target: Buffer,
  offset: number,
  flowId: number,
  replica: number,
  sealedWith: SealedWith | undefined,
  record: Buffer,
): void {
  target.fill(0, offset, offset + NONCE_ROW_BYTES);
  target.writeUInt32BE(flowId, offset);
  target.writeUInt8(replica, offset + 4);
  record.copy(target, offset + TAG_AT, Math.max(0, record.length - TAG_BYTES));
  if (sealedWith === undefined) return;
  target.writeUInt8(1, offset + NOTED_AT);
  target.writeUIntBE(sealedWith.keyBase, offset + KEY_AT, 6);
  target.writeBigUInt64BE(BigInt(sealedWith.sequenceNumber), offset + SEQUENCE_AT);
  const explicitEnd = RECORD_HEADER_BYTES + Math.min(sealedWith.explicitNonceBytes, EXPLICIT_NONCE_BYTES);
  record.copy(target, offset + EXPLICIT_AT, RECORD_HEADER_BYTES, explicitEnd);
}

/** A nonce that sealed two different records of one flow with one key. */
export interface ReusedNonce {
  readonly flowId: number;
  /** Server records in total when the key began. */
  readonly keyBase: number;
  readonly sequenceNumber: bigint;
  /** In hex; zeros where the sequence number is the nonce. */
  readonly explicitNonce: string;
  /** Who sealed the first and who the later one. */
  readonly replicas: readonly [number, number];
}

export interface NonceAudit {
  /** Records that left towards clients and that a record layer of ours sealed. */
  readonly records: number;
  /** Keys that they were sealed with. */
  readonly keys: number;
  readonly reusedNonces: number;
  /** The first of them. */
  readonly reused: readonly ReusedNonce[];
  /** Records of which nobody told what they were sealed with, although earlier ones of their flow were told of. */
  readonly unnotedRecords: number;
}

/** Checks all rows of `log`; what follows the last whole one is left alone. */
export function auditNonces(log: Buffer): NonceAudit {
  const keys = new Map<string, Map<string, number>>();
  const notedFlows = new Set<number>();
  const reused: ReusedNonce[] = [];
  let [records, reusedNonces, unnotedRecords] = [0, 0, 0];
  for (let at = 0; at + NONCE_ROW_BYTES <= log.length; at += NONCE_ROW_BYTES) {
    const flowId = log.readUInt32BE(at);
    if (log[at + NOTED_AT] === 0) {
      if (notedFlows.has(flowId)) unnotedRecords += 1;
      continue;
    }
    notedFlows.add(flowId);
    records += 1;
    const first = firstUse(keys, log, at);
    if (tagOf(log, first).equals(tagOf(log, at))) continue;
    reusedNonces += 1;
    if (reused.length < MAX_OFFENDERS) reused.push(describeReuse(log, first, at));
  }
  return { records, keys: keys.size, reusedNonces, reused, unnotedRecords };
}

/** The row that used the key and the nonce of the row at `at` first. */
function firstUse(keys: Map<string, Map<string, number>>, log: Buffer, at: number): number {
  const key = `${log.readUInt32BE(at)} ${log.readUIntBE(at + KEY_AT, 6)}`;
  let nonces = keys.get(key);
  if (nonces === undefined) {
    nonces = new Map();
    keys.set(key, nonces);
  }
  // An explicit nonce is the whole variable part of the nonce (RFC 5288 3): the sequence number has no part in it.
  const explicit = log.toString('latin1', at + EXPLICIT_AT, TAG_AT + at);
  const isImplicit = /^\0*$/.test(explicit);
  const nonce = isImplicit ? log.toString('latin1', at + SEQUENCE_AT, at + EXPLICIT_AT) : explicit;
  const first = nonces.get(nonce) ?? at;
  nonces.set(nonce, first);
  return first;
}

function tagOf(log: Buffer, at: number): Buffer {
  return log.subarray(at + TAG_AT, at + TAG_AT + TAG_BYTES);
}

function describeReuse(log: Buffer, first: number, at: number): ReusedNonce {
  return {
    flowId: log.readUInt32BE(at),
    keyBase: log.readUIntBE(at + KEY_AT, 6),
    sequenceNumber: log.readBigUInt64BE(at + SEQUENCE_AT),
    explicitNonce: log.toString('hex', at + EXPLICIT_AT, at + TAG_AT),
    replicas: [log.readUInt8(first + 4), log.readUInt8(at + 4)],
  };
}
