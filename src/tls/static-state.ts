/**
 * The part of a live connection that cannot be computed again, seen from the server: what a primary replicates once per
 * epoch, and all that a backup needs, together with the director's record totals, to go on.
 */
import { ByteReader, ByteWriter } from '../base/bytes.js';
import { ProtocolError } from '../base/errors.js';
import { copySecret } from '../base/secret.js';
import { Alert } from './alert.js';
import { type CipherSuite, suiteById } from './cipher-suites.js';
import { keyBlockBytes, splitKeyBlock } from './key-schedule-12.js';
import { type DirectionKeys, deriveTrafficKeys } from './key-schedule-13.js';
import { ReadState, WriteState } from './record-protection.js';

/** Application traffic secrets (RFC 8446 7.1) or the key block (RFC 5246 6.3). */
export type ConnectionSecrets =
  | { readonly kind: 'tls13'; readonly client: Buffer; readonly server: Buffer }
  | { readonly kind: 'tls12'; readonly keyBlock: Buffer };

export interface StaticState {
  readonly suite: CipherSuite;
  /** KeyUpdates so far, both directions together. */
  readonly epoch: number;
  /** Director's total of client records when the current read epoch began. */
  readonly readBase: number;
  /** Director's total of server records when the current write epoch began. */
  readonly writeBase: number;
  readonly secrets: ConnectionSecrets;
}

export interface StaticStateField {
  readonly name: string;
  bytes(suite: CipherSuite): number;
  /** Why it must be copied. */
  readonly reason: string;
}

/** What the serialized state consists of, in this order. The suite implies the TLS version and every length. */
export const STATIC_STATE_FIELDS: readonly StaticStateField[] = [
  {
    name: 'version',
    bytes: () => 1,
    reason: 'replicas of two releases may run side by side during a deploy',
  },
  { name: 'suite', bytes: () => 2, reason: 'was negotiated in a handshake that the backup did not see' },
  { name: 'epoch', bytes: () => 4, reason: 'tells a newer state from an older one after a KeyUpdate' },
  {
    name: 'readBase',
    bytes: () => 6,
    reason: 'the director counts all client records; only those behind the base use the current read key',
  },
  { name: 'writeBase', bytes: () => 6, reason: 'the same for server records and the current write key' },
  {
    name: 'secrets',
    bytes: secretsBytes,
    reason: 'come from an ephemeral key exchange: nothing that the backup has leads to them',
  },
];

/** Changes whenever the layout does. */
const LAYOUT_VERSION = 1;

/** Length of the serialized state of a connection with this suite: 59 to 115 bytes. */
export function staticStateBytes(suite: CipherSuite): number {
  return STATIC_STATE_FIELDS.reduce((sum, field) => sum + field.bytes(suite), 0);
}

function secretsBytes(suite: CipherSuite): number {
  return suite.version === '1.3' ? 2 * suite.hashBytes : keyBlockBytes(suite);
}

/** Serializes `state`. The result holds secrets: seal it before it leaves the process, and wipe it. */
export function serializeStaticState(state: StaticState): Buffer {
  const { suite, secrets } = state;
  checkSecrets(suite, secrets);
  const writer = new ByteWriter(staticStateBytes(suite));
  writer.uint8(LAYOUT_VERSION).uint16(suite.id).uint32(state.epoch);
  writer.uint48(state.readBase).uint48(state.writeBase);
  for (const secret of secretBuffers(secrets)) writer.bytes(secret);
  return writer.finish();
}

/**
 * Parses what {@link serializeStaticState} made. The secrets are copies.
 * @throws ProtocolError decode_error on anything else
 */
export function parseStaticState(bytes: Buffer): StaticState {
  const reader = new ByteReader(bytes, 'static state');
  const version = reader.uint8();
  if (version !== LAYOUT_VERSION) {
    throw new ProtocolError(Alert.decode_error, `static state: layout ${version}, must be ${LAYOUT_VERSION}`);
  }
  const suite = parseSuite(reader);
  const epoch = reader.uint32();
  const readBase = reader.uint48();
  const writeBase = reader.uint48();
  const secrets = parseSecrets(reader, suite);
  reader.end();
  return { suite, epoch, readBase, writeBase, secrets };
}

function parseSuite(reader: ByteReader): CipherSuite {
  const id = reader.uint16();
  const suite = suiteById(id);
  if (suite !== undefined) return suite;
  throw new ProtocolError(
    Alert.decode_error,
    `static state: unknown cipher suite 0x${id.toString(16).padStart(4, '0')}`,
  );
}

function parseSecrets(reader: ByteReader, suite: CipherSuite): ConnectionSecrets {
  if (secretsKind(suite) === 'tls12') {
    return { kind: 'tls12', keyBlock: copySecret(reader.bytes(keyBlockBytes(suite))) };
  }
  const client = copySecret(reader.bytes(suite.hashBytes));
  const server = copySecret(reader.bytes(suite.hashBytes));
  return { kind: 'tls13', client, server };
}

function checkSecrets(suite: CipherSuite, secrets: ConnectionSecrets): void {
  const parts = secretBuffers(secrets);
  const partBytes = secretsBytes(suite) / parts.length;
  if (secretsKind(suite) === secrets.kind && parts.every((part) => part.length === partBytes)) return;
  const lengths = parts.map((part) => part.length).join(' and ');
  throw new RangeError(`static state: ${secrets.kind} secrets of ${lengths} bytes do not fit ${suite.name}`);
}

function secretsKind(suite: CipherSuite): ConnectionSecrets['kind'] {
  return suite.version === '1.3' ? 'tls13' : 'tls12';
}

function secretBuffers(secrets: ConnectionSecrets): Buffer[] {
  return secrets.kind === 'tls13' ? [secrets.client, secrets.server] : [secrets.keyBlock];
}


/**
 * The state of a connection whose directions are in different epochs: the read half of one, the write half of another.
 * It shares no memory with them.
 */
export function combineStates(read: StaticState, write: StaticState): StaticState {
  const { suite, readBase } = read;
  const epoch = Math.max(read.epoch, write.epoch);
  const secrets: ConnectionSecrets =
    read.secrets.kind === 'tls13' && write.secrets.kind === 'tls13'
      ? { kind: 'tls13', client: copySecret(read.secrets.client), server: copySecret(write.secrets.server) }
      : copySecrets(read.secrets);
  return { suite, epoch, readBase, writeBase: write.writeBase, secrets };
}

function copySecrets(secrets: ConnectionSecrets): ConnectionSecrets {
  if (secrets.kind === 'tls12') return { kind: 'tls12', keyBlock: copySecret(secrets.keyBlock) };
  return { kind: 'tls13', client: copySecret(secrets.client), server: copySecret(secrets.server) };
}

/** Fills the secrets with zeros: the connection ended, or a new epoch replaced them. */
export function wipeStaticState(state: StaticState): void {
  for (const secret of secretBuffers(state.secrets)) secret.fill(0);
}

/**
 * The read state of the current epoch.
 * @param recordsRead director's total of client records that have been read
 * @throws RangeError when that total lies before the epoch
 */
export function createReadState(state: StaticState, recordsRead: number): ReadState {
  const sequenceNumber = sequenceNumberSince(state.readBase, recordsRead, 'client');
  return new ReadState(state.suite, clientKeys(state), sequenceNumber);
}

/**
 * The write state of the current epoch.
 * @param recordsWritten director's total of server records that reached the client
 * @throws RangeError when that total lies before the epoch
 */
export function createWriteState(state: StaticState, recordsWritten: number): WriteState {
  const sequenceNumber = sequenceNumberSince(state.writeBase, recordsWritten, 'server');
  return new WriteState(state.suite, serverKeys(state), sequenceNumber);
}

function sequenceNumberSince(base: number, total: number, side: 'client' | 'server'): number {
  if (total >= base) return total - base;
  throw new RangeError(`${total} ${side} records in total, but the current epoch begins at ${base}`);
}

function clientKeys({ suite, secrets }: StaticState): DirectionKeys {
  return secrets.kind === 'tls13'
    ? deriveTrafficKeys(suite, secrets.client)
    : splitKeyBlock(suite, secrets.keyBlock).client;
}

function serverKeys({ suite, secrets }: StaticState): DirectionKeys {
  return secrets.kind === 'tls13'
    ? deriveTrafficKeys(suite, secrets.server)
    : splitKeyBlock(suite, secrets.keyBlock).server;
}
