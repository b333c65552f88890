/**
 * The part of a live connection that cannot be computed again, seen from the server: what a primary replicates once per
 * epoch, and all that a backup needs, together with the director's record totals, to go on.
 */
import { ByteReader, ByteWriter } from '../base/bytes.js';
import { ProtocolError } from '../base/errors.js';
import { copySecret } from '../base/secret.js';
import { Alert } from './alert.js';
import { type CipherSuite, suiteById } from './cipher-suites.js';
import { keyBlockBytes, keyBlockKeys } from './key-schedule-12.js';
import { type DirectionKeys, deriveTrafficKeys } from './key-schedule-13.js';
import { ReadState, WriteState } from './record-protection.js';

/** Application traffic secrets (RFC 8446 7.1) or the key block (RFC 5246 6.3). */
export type ConnectionSecrets =
  | { readonly kind: 'tls13'; readonly client: Buffer; readonly server: Buffer }
  | { readonly kind: 'tls12'; readonly keyBlock: Buffer };

export interface StaticState {
  readonly suite: CipherSuite;
  /** Changes so far: KeyUpdates of both directions, and regions of nonces. */
  readonly epoch: number;
  /** Director's total of client records when the current read epoch began. */
  readonly readBase: number;
  /** Director's total of server records when the current write epoch began. */
  readonly writeBase: number;
  readonly secrets: ConnectionSecrets;
  /** TLS 1.3 only; absent: none so far. */
  readonly keyUpdates?: KeyUpdateCounts;
  /** TLS 1.2 AES-GCM only; absent: region 0, from the write base on. */
  readonly nonceRegion?: NonceRegion;
}

/** KeyUpdates that ask for one in return (RFC 8446 4.6.3), modulo 256: only their difference is needed. */
export interface KeyUpdateCounts {
  /** Of the client, read so far: belongs to the read epoch. */
  readonly asked: number;
  /** Answers written so far: belongs to the write epoch. */
  readonly answered: number;
}

/** Explicit nonces of TLS 1.2 AES-GCM are unique within a region, and regions within a connection. */
export interface NonceRegion {
  /** 1 to 2^32 - 1. */
  readonly number: number;
  /** Director's total of server records when the region began. */
  readonly base: number;
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
  {
    name: 'epoch',
    bytes: () => 4,
    reason: 'tells a newer state from an older one after a KeyUpdate or a change of region',
  },
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
  {
    name: 'keyUpdates',
    bytes: (suite) => (suite.version === '1.3' ? 2 : 0),
    reason: 'tells how many KeyUpdates of the client still have to be answered',
  },
  {
    name: 'nonceRegion',
    bytes: (suite) => (suite.explicitNonceBytes > 0 ? 4 + 6 : 0),
    reason: 'a backup may have begun a region of its own, at a record that only it knows',
  },
];

/** Changes whenever the layout does. */
const LAYOUT_VERSION = 2;
/** Counts of KeyUpdates are one byte each: a client has never more than a handful unanswered. */
const KEY_UPDATE_COUNT_RANGE = 0x100;

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
  if (suite.version === '1.3') {
    writer.uint8(state.keyUpdates?.asked ?? 0).uint8(state.keyUpdates?.answered ?? 0);
  }
  if (suite.explicitNonceBytes > 0) {
    writer.uint32(state.nonceRegion?.number ?? 0).uint48(state.nonceRegion?.base ?? 0);
  }
  return writer.finish();
}

/** Where an epoch begins. */
export interface StaticStateHead extends Pick<StaticState, 'readBase' | 'writeBase'> {
  /** As {@link sealsFrom}. */
  readonly sealsFrom: number;
}

/**
 * Where the epoch of a serialized state begins, without a copy of its secrets.
 * @throws ProtocolError decode_error on anything else
 */
export function parseStaticStateHead(bytes: Buffer): StaticStateHead {
  const reader = new ByteReader(bytes, 'static state');
  const suite = parseLayoutAndSuite(reader);
  reader.uint32();
  const readBase = reader.uint48();
  const writeBase = reader.uint48();
  reader.bytes(secretsBytes(suite));
  parseKeyUpdates(reader, suite);
  const region = parseNonceRegion(reader, suite);
  reader.end();
  return { readBase, writeBase, sealsFrom: sealsFrom({ writeBase, ...region }) };
}

/**
 * Parses what {@link serializeStaticState} made. The secrets are copies.
 * @throws ProtocolError decode_error on anything else
 */
export function parseStaticState(bytes: Buffer): StaticState {
  const reader = new ByteReader(bytes, 'static state');
  const suite = parseLayoutAndSuite(reader);
  const epoch = reader.uint32();
  const readBase = reader.uint48();
  const writeBase = reader.uint48();
  const secrets = parseSecrets(reader, suite);
  const keyUpdates = parseKeyUpdates(reader, suite);
  const nonceRegion = parseNonceRegion(reader, suite);
  reader.end();
  return { suite, epoch, readBase, writeBase, secrets, ...keyUpdates, ...nonceRegion };
}

function parseKeyUpdates(reader: ByteReader, suite: CipherSuite): Pick<StaticState, 'keyUpdates'> {
  if (suite.version !== '1.3') return {};
  const keyUpdates = { asked: reader.uint8(), answered: reader.uint8() };
  return keyUpdates.asked === 0 && keyUpdates.answered === 0 ? {} : { keyUpdates };
}

function parseNonceRegion(reader: ByteReader, suite: CipherSuite): Pick<StaticState, 'nonceRegion'> {
  if (suite.explicitNonceBytes === 0) return {};
  const nonceRegion = { number: reader.uint32(), base: reader.uint48() };
  return nonceRegion.number === 0 ? {} : { nonceRegion };
}

function parseLayoutAndSuite(reader: ByteReader): CipherSuite {
  const version = reader.uint8();
  if (version !== LAYOUT_VERSION) {
    throw new ProtocolError(Alert.decode_error, `static state: layout ${version}, must be ${LAYOUT_VERSION}`);
  }
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
  const { writeBase } = write;
  const epoch = Math.max(read.epoch, write.epoch);
  if (read.secrets.kind === 'tls12' || write.secrets.kind === 'tls12') {
    const region = write.nonceRegion === undefined ? {} : { nonceRegion: write.nonceRegion };
    return { suite, epoch, readBase, writeBase, secrets: copySecrets(read.secrets), ...region };
  }
  return {
    suite,
    epoch,
    readBase,
    writeBase,
    secrets: {
      kind: 'tls13',
      client: copySecret(read.secrets.client),
      server: copySecret(write.secrets.server),
    },
    keyUpdates: { asked: read.keyUpdates?.asked ?? 0, answered: write.keyUpdates?.answered ?? 0 },
  };
}

/**
 * KeyUpdates of the client that are still to be answered; less than 0 when answers were made again before what they
 * answer was read again.
 */
export function owedKeyUpdates({ keyUpdates }: StaticState): number {
  const difference = keyUpdateCount((keyUpdates?.asked ?? 0) - (keyUpdates?.answered ?? 0));
  return difference < KEY_UPDATE_COUNT_RANGE / 2 ? difference : difference - KEY_UPDATE_COUNT_RANGE;
}

/** A count of KeyUpdates as the state has it. */
export function keyUpdateCount(count: number): number {
  return (count + KEY_UPDATE_COUNT_RANGE) % KEY_UPDATE_COUNT_RANGE;
}

/** Director's total of server records from which on records are sealed as this state says. */
export function sealsFrom({
  writeBase,
  nonceRegion,
}: Pick<StaticState, 'writeBase' | 'nonceRegion'>): number {
  return nonceRegion?.base ?? writeBase;
}

/** The same secrets in memory of their own. */
export function copySecrets(secrets: ConnectionSecrets): ConnectionSecrets {
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
  return new WriteState(state.suite, serverKeys(state), sequenceNumber, {
    keyBase: state.writeBase,
    nonceRegion: state.nonceRegion?.number ?? 0,
  });
}

/**
 * Whether a connection can go on there in the current epoch.
 * @throws RangeError when one of the totals lies before it
 */
export function checkPosition(
  { readBase, writeBase }: StaticState,
  { recordsRead, recordsWritten }: { readonly recordsRead: number; readonly recordsWritten: number },
): void {
  sequenceNumberSince(readBase, recordsRead, 'client');
  sequenceNumberSince(writeBase, recordsWritten, 'server');
}

function sequenceNumberSince(base: number, total: number, side: 'client' | 'server'): number {
  if (total >= base) return total - base;
  throw new RangeError(`${total} ${side} records in total, but the current epoch begins at ${base}`);
}

function clientKeys({ suite, secrets }: StaticState): DirectionKeys {
  return secrets.kind === 'tls13'
    ? deriveTrafficKeys(suite, secrets.client)
    : keyBlockKeys(suite, secrets.keyBlock, 'client');
}

function serverKeys({ suite, secrets }: StaticState): DirectionKeys {
  return secrets.kind === 'tls13'
    ? deriveTrafficKeys(suite, secrets.server)
    : keyBlockKeys(suite, secrets.keyBlock, 'server');
}
