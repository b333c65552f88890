/**
 * What makes an epoch: KeyUpdate in TLS 1.3 (RFC 8446 4.6.3), its message and what it does to the static state, and the
 * change to another region of nonces in TLS 1.2.
 */
import { ProtocolError } from '../base/errors.js';
import { copySecret } from '../base/secret.js';
import { Alert } from './alert.js';
import { nextTrafficSecret } from './key-schedule-13.js';
import {
  type ConnectionSecrets,
  copySecrets,
  type KeyUpdateCounts,
  keyUpdateCount,
  type StaticState,
} from './static-state.js';

/** Handshake type key_update (RFC 8446 4). */
export const KEY_UPDATE_TYPE = 24;

/** Handshake type (1), length (3) and request_update (1). */
export const KEY_UPDATE_BYTES = 1 + 3 + 1;

/** Length of the body of the message. */
const KEY_UPDATE_BODY_BYTES = 1;

export interface KeyUpdate {
  /** Whether the peer asks for a KeyUpdate in return. */
  readonly requestUpdate: boolean;
}

/** Content of the handshake record; the next record of its sender uses the next epoch. */
export function encodeKeyUpdate(requestUpdate: boolean): Buffer {
  return Buffer.of(KEY_UPDATE_TYPE, 0, 0, KEY_UPDATE_BODY_BYTES, requestUpdate ? 1 : 0);
}

/**
 * Parses the content of a handshake record that must be one whole KeyUpdate. Other messages beside it in the record are
 * refused: after the handshake a client has no others to send, and a key change must end a record (RFC 8446 5.1).
 * @throws ProtocolError unexpected_message, decode_error, illegal_parameter
 */
export function parseKeyUpdate(content: Buffer): KeyUpdate {
  const type = content[0];
  if (type !== KEY_UPDATE_TYPE) {
    throw new ProtocolError(
      Alert.unexpected_message,
      `handshake message of type ${type} after the handshake`,
    );
  }
  if (content.length > KEY_UPDATE_BYTES) {
    throw new ProtocolError(
      Alert.unexpected_message,
      `KeyUpdate does not end its record of ${content.length} bytes`,
    );
  }
  if (content.length < KEY_UPDATE_BYTES || content.readUIntBE(1, 3) !== KEY_UPDATE_BODY_BYTES) {
    throw new ProtocolError(Alert.decode_error, 'KeyUpdate of a wrong length');
  }
  const requestUpdate = content.readUInt8(KEY_UPDATE_BYTES - 1);
  if (requestUpdate > 1) {
    throw new ProtocolError(
      Alert.illegal_parameter,
      `KeyUpdate with request_update ${requestUpdate}, must be 0 or 1`,
    );
  }
  return { requestUpdate: requestUpdate === 1 };
}

/**
 * The state after the client's KeyUpdate. It shares no memory with `state`, which is left for the caller to wipe.
 * @param recordsRead director's total of client records, the one with the KeyUpdate included
 * @param asks whether the KeyUpdate asks for one in return
 */
export function advanceRead(state: StaticState, recordsRead: number, asks: boolean): StaticState {
  const { client, server } = trafficSecrets(state);
  return {
    suite: state.suite,
    epoch: state.epoch + 1,
    readBase: laterBase(state.readBase, recordsRead),
    writeBase: state.writeBase,
    secrets: { kind: 'tls13', client: nextTrafficSecret(state.suite, client), server: copySecret(server) },
    keyUpdates: counts(state, asks ? 1 : 0, 0),
  };
}

/**
 * The state after the server's own KeyUpdate. It shares no memory with `state`, which is left for the caller to wipe.
 * @param recordsWritten director's total of server records, the one with the KeyUpdate included
 * @param answers whether the KeyUpdate answers one of the client
 */
export function advanceWrite(state: StaticState, recordsWritten: number, answers: boolean): StaticState {
  const { client, server } = trafficSecrets(state);
  return {
    suite: state.suite,
    epoch: state.epoch + 1,
    readBase: state.readBase,
    writeBase: laterBase(state.writeBase, recordsWritten),
    secrets: { kind: 'tls13', client: copySecret(client), server: nextTrafficSecret(state.suite, server) },
    keyUpdates: counts(state, 0, answers ? 1 : 0),
  };
}

/**
 * The state after a change to another region of explicit nonces: key and sequence numbers go on. It shares no memory with
 * `state`, which is left for the caller to wipe. TLS 1.2 AES-GCM only.
 * @param recordsWritten director's total of server records so far
 * @param region 1 to 2^32 - 1
 */
export function enterNonceRegion(state: StaticState, recordsWritten: number, region: number): StaticState {
  if (state.suite.explicitNonceBytes === 0) {
    throw new RangeError(`region of nonces for ${state.suite.name}, whose nonces are implicit`);
  }
  return {
    suite: state.suite,
    epoch: state.epoch + 1,
    readBase: state.readBase,
    writeBase: state.writeBase,
    secrets: copySecrets(state.secrets),
    nonceRegion: { number: region, base: recordsWritten },
  };
}

function counts({ keyUpdates }: StaticState, asked: number, answered: number): KeyUpdateCounts {
  return {
    asked: keyUpdateCount((keyUpdates?.asked ?? 0) + asked),
    answered: keyUpdateCount((keyUpdates?.answered ?? 0) + answered),
  };
}

function trafficSecrets(state: StaticState): Extract<ConnectionSecrets, { kind: 'tls13' }> {
  if (state.secrets.kind === 'tls13') return state.secrets;
  throw new ProtocolError(Alert.unexpected_message, 'KeyUpdate on a TLS 1.2 connection');
}

/** The record with the KeyUpdate belongs to the old epoch, so that a base always grows. */
function laterBase(base: number, total: number): number {
  if (total > base) return total;
  throw new RangeError(`KeyUpdate at ${total} records in total, but the epoch before it began at ${base}`);
}
