/** The record layer against OpenSSL: records of either must be understood by the other, for every suite. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CIPHER_SUITES, type CipherSuite } from '../../src/tls/cipher-suites.js';
import { keyBlockKeys } from '../../src/tls/key-schedule-12.js';
import { deriveTrafficKeys } from '../../src/tls/key-schedule-13.js';
import { ContentType } from '../../src/tls/record.js';
import type { OpenedRecord } from '../../src/tls/record-format.js';
import { ReadState } from '../../src/tls/record-protection.js';
import { advanceRead, advanceWrite, encodeKeyUpdate, parseKeyUpdate } from '../../src/tls/rekey.js';
import {
  createReadState,
  createWriteState,
  parseStaticState,
  type StaticState,
  serializeStaticState,
} from '../../src/tls/static-state.js';
import { type Certificate, OpensslConnection, selfSigned } from './openssl-connection.js';

const FROM_CLIENT = 'GET / HTTP/1.1\r\n\r\n';
const FROM_SERVER = 'HTTP/1.1 200 OK\r\n\r\n';

const certificates = new Map<'ecdsa' | 'rsa', Certificate>();
const open: OpensslConnection[] = [];

beforeAll(() => {
  certificates.set('rsa', selfSigned('rsa'));
  certificates.set('ecdsa', selfSigned('ecdsa'));
});

afterEach(() => {
  for (const connection of open.splice(0)) connection.destroy();
});

async function connect(suite: CipherSuite): Promise<OpensslConnection> {
  const certificate = certificates.get(suite.authentication === 'rsa' ? 'rsa' : 'ecdsa');
  if (certificate === undefined) throw new Error('no certificate');
  const connection = new OpensslConnection(suite, certificate);
  open.push(connection);
  await connection.exchange(FROM_CLIENT, FROM_SERVER);
  return connection;
}

/** Opens what the server sent since its application epoch began, as a client would. */
function openServerRecords(connection: OpensslConnection, state: StaticState): OpenedRecord[] {
  const { suite, secrets } = state;
  const keys =
    secrets.kind === 'tls13'
      ? deriveTrafficKeys(suite, secrets.server)
      : keyBlockKeys(suite, secrets.keyBlock, 'server');
  const read = new ReadState(suite, keys);
  return connection.serverRecords.slice(state.writeBase).map((record) => read.open(record));
}

function applicationText(opened: readonly OpenedRecord[]): string {
  const application = opened.filter((record) => record.type === ContentType.application_data);
  return Buffer.concat(application.map((record) => record.content)).toString();
}

describe.each(CIPHER_SUITES)('OpenSSL with $name', (suite) => {
  it('makes records that a read state opens', async () => {
    const connection = await connect(suite);
    const state = connection.staticState();
    const read = createReadState(state, state.readBase);
    const fromClient = connection.clientRecords.slice(state.readBase).map((record) => read.open(record));
    expect(applicationText(fromClient)).toBe(FROM_CLIENT);
    expect(applicationText(openServerRecords(connection, state))).toBe(FROM_SERVER);
  });

  it('reads on when another server goes on with the serialized state', async () => {
    const connection = await connect(suite);
    const state = parseStaticState(serializeStaticState(connection.staticState()));
    connection.detachServer();
    const write = createWriteState(state, connection.serverRecords.length);
    for (const length of [1, 2048, 2049, 16_384]) {
      const content = Buffer.alloc(length, length);
      const record = Buffer.concat(write.seal(ContentType.application_data, content));
      expect((await connection.deliver(record, length)).equals(content)).toBe(true);
    }
    const read = createReadState(state, connection.clientRecords.length);
    const records = await connection.clientSends('go on');
    expect(applicationText(records.map((record) => read.open(record)))).toBe('go on');
  });
});

/** In TLS 1.2 GCM the explicit nonce of OpenSSL is random. */
const SUITES_WITH_IMPLICIT_NONCE = CIPHER_SUITES.filter((suite) => suite.explicitNonceBytes === 0);

describe.each(SUITES_WITH_IMPLICIT_NONCE)('A write state with $name', (suite) => {
  it('makes the very records that OpenSSL made', async () => {
    const connection = await connect(suite);
    const state = connection.staticState();
    const write = createWriteState(state, state.writeBase);
    const opened = openServerRecords(connection, state);
    const sealed = opened.map(({ type, content }) => Buffer.concat(write.seal(type, content)));
    expect(sealed).toEqual(connection.serverRecords.slice(state.writeBase));
  });
});

const SUITES_13 = CIPHER_SUITES.filter((suite) => suite.version === '1.3');

describe.each(SUITES_13)('KeyUpdate with $name', (suite) => {
  it('of the server is followed by OpenSSL, and the one of OpenSSL by the static state', async () => {
    const connection = await connect(suite);
    const established = connection.staticState();
    connection.detachServer();

    const keyUpdate = createWriteState(established, connection.serverRecords.length).seal(
      ContentType.handshake,
      encodeKeyUpdate(true),
    );
    const written = connection.serverRecords.length + 1;
    const rekeyed = advanceWrite(established, written, false);
    const answer = createWriteState(rekeyed, written).seal(
      ContentType.application_data,
      Buffer.from('after'),
    );
    const delivered = await connection.deliver(Buffer.concat([...keyUpdate, ...answer]), 5);
    expect(delivered.toString()).toBe('after');

    const total = connection.clientRecords.length;
    const [update, data] = await connection.clientSends('reply');
    if (update === undefined || data === undefined)
      throw new Error('the client did not answer the KeyUpdate');
    const opened = createReadState(rekeyed, total).open(update);
    expect(opened.type).toBe(ContentType.handshake);
    expect(parseKeyUpdate(opened.content)).toEqual({ requestUpdate: false });
    const next = advanceRead(rekeyed, total + 1, false);
    expect(
      createReadState(next, total + 1)
        .open(data)
        .content.toString(),
    ).toBe('reply');
    expect(next.secrets).toEqual({
      kind: 'tls13',
      client: connection.secret('CLIENT_TRAFFIC_SECRET_N'),
      server: connection.secret('SERVER_TRAFFIC_SECRET_N'),
    });
  });
});
