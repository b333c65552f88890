import { createSecureContext, type SecureContext } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HANDSHAKE_TIMEOUT_MS } from '../../src/tls/adoption.js';
import { AlertLevel } from '../../src/tls/alert.js';
import { CIPHER_SUITES, type CipherSuite, findSuite } from '../../src/tls/cipher-suites.js';
import { ContentType, recordType } from '../../src/tls/record.js';
import { RecordLayer } from '../../src/tls/record-layer.js';
import { expectLive, Handshake, type HandshakeOptions, versionOptions } from './handshake-bench.js';
import { type Certificate, selfSigned } from './openssl-connection.js';
import { cutInto, plainRecord, RecordReshaper } from './record-reshaper.js';

const TLS13 = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const TLS12 = findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' });
const certificates = new Map<'ecdsa' | 'rsa', Certificate>();
const running: Handshake[] = [];

beforeAll(() => {
  certificates.set('rsa', selfSigned('rsa'));
  certificates.set('ecdsa', selfSigned('ecdsa'));
});
afterEach(() => {
  for (const each of running.splice(0)) each.destroy();
});

function serverContext(suite: CipherSuite, changes: object = {}): SecureContext {
  const certificate = certificates.get(suite.authentication === 'rsa' ? 'rsa' : 'ecdsa');
  return createSecureContext({
    ...certificate,
    ...versionOptions(suite),
    sessionIdContext: 'test',
    ...changes,
  });
}

function handshake(suite: CipherSuite, context: SecureContext, options?: HandshakeOptions): Handshake {
  const started = new Handshake(suite, context, options);
  running.push(started);
  return started;
}

describe.each(CIPHER_SUITES)('$name', (suite) => {
  it('is adopted after a full handshake, and after a resumed one', async () => {
    const context = serverContext(suite);
    const first = handshake(suite, context);
    const sessions: Buffer[] = [];
    first.client.on('session', (session) => sessions.push(session));
    const full = await first.adopted();
    expect(full).toMatchObject({ resumed: false, recordsWritten: first.fromServer.length });
    expect(full.state.suite).toBe(suite);
    await expectLive(first, full);
    expect(first.client.isSessionReused()).toBe(false);

    const second = handshake(suite, context, { client: { session: sessions.at(-1) } });
    const resumed = await second.adopted();
    expect(resumed).toMatchObject({ resumed: true, recordsWritten: second.fromServer.length });
    await expectLive(second, resumed);
    expect(second.client.isSessionReused()).toBe(true);
  });

  it('agrees on an application protocol, and refuses a client that offers only others', async () => {
    const client = { ALPNProtocols: ['http/1.1', 'h2'] };
    const tried = handshake(suite, serverContext(suite), { client, alpnProtocols: ['h2'] });
    await expectLive(tried, await tried.adopted());
    expect(tried.client.alpnProtocol).toBe('h2');
    const other = handshake(suite, serverContext(suite), {
      client: { ALPNProtocols: ['http/1.1'] },
      alpnProtocols: ['h2'],
    });
    expect(await other.outcome).toMatch(/no application protocol/i);
    await expect.poll(() => other.clientErrors.join()).toMatch(/NO_APPLICATION_PROTOCOL/);
  });

  it('says nothing of protocols that it was not told of', async () => {
    const tried = handshake(suite, serverContext(suite), { client: { ALPNProtocols: ['h2'] } });
    await tried.adopted();
    expect(tried.client.alpnProtocol).toBe(false);
  });

  it('counts records of the application epoch apart', async () => {
    const tried = handshake(suite, serverContext(suite));
    const { state, recordsRead, recordsWritten } = await tried.adopted();
    // TLS 1.3: two tickets, nothing of the client. TLS 1.2: Finished is the first record of the epoch, both ways.
    const [read, written] = suite.version === '1.3' ? [0, 2] : [1, 1];
    expect([recordsRead - state.readBase, recordsWritten - state.writeBase]).toEqual([read, written]);
    expect(state.epoch).toBe(0);
  });
});

describe.each([TLS13, TLS12])('a handshake of TLS $version', (suite) => {
  it('is adopted among 200 others that happen at the same time', async () => {
    const context = serverContext(suite);
    // A machine with other things to do takes longer for all of them than anybody would wait for one.
    const timeoutMs = 10 * HANDSHAKE_TIMEOUT_MS;
    const handshakes = Array.from({ length: 200 }, (_, index) =>
      handshake(suite, context, { interleaved: index % 2 === 0, early: 'early', timeoutMs }),
    );
    const all = await Promise.all(handshakes.map((each) => each.adopted()));
    const written = new Set(all.map(({ recordsWritten, state }) => recordsWritten - state.writeBase));
    expect(written).toEqual(new Set([suite.version === '1.3' ? 2 : 1]));
    for (const [index, { recordsWritten }] of all.entries()) {
      expect(recordsWritten).toBe(handshakes[index]?.fromServer.length);
    }
  });

  it('keeps application data that came with Finished for the adopted connection', async () => {
    const tried = handshake(suite, serverContext(suite), { early: 'GET / HTTP/1.1\r\n\r\n' });
    const { state, recordsRead, recordsWritten } = await tried.adopted();
    await new Promise((resolve) => setImmediate(resolve));
    const records = new RecordLayer({ state, recordsRead, recordsWritten, prefix: Buffer.alloc(0) });
    const held = tried.server.takeHeldRecords();
    const early = [...held, ...tried.fromClient.slice(recordsRead + held.length)];
    expect(records.open(early[0] ?? Buffer.alloc(0)).content.toString()).toBe('GET / HTTP/1.1\r\n\r\n');
    expect(tried.server.takeHeldRecords()).toEqual([]);
  });

  it('may begin with a ClientHello in pieces', async () => {
    const tried = handshake(suite, serverContext(suite), {
      reshaper: new RecordReshaper({ plain: (type, content) => cutInto(60, type, content) }),
    });
    const adopted = await tried.adopted();
    expect(adopted.recordsRead).toBeGreaterThan(4);
    await expectLive(tried, adopted);
  });

  it('fails with an alert when the client sends garbage', async () => {
    const garbage = plainRecord({ type: ContentType.handshake, content: Buffer.alloc(64, 0xee) });
    const tried = handshake(suite, serverContext(suite), { change: () => [garbage] });
    expect(typeof (await tried.outcome)).toBe('string');
    const alert = tried.fromServer.at(-1) ?? Buffer.alloc(0);
    expect([recordType(alert), alert[5]]).toEqual([ContentType.alert, AlertLevel.fatal]);
  });

  it('fails when Finished was changed on the way', async () => {
    const tried = handshake(suite, serverContext(suite), {
      change: (record, index) => {
        const isFinished = suite.version === '1.3' ? recordType(record) === 23 : index === 3;
        if (isFinished) record[record.length - 1] = (record.at(-1) ?? 0) ^ 1;
        return [record];
      },
    });
    expect(typeof (await tried.outcome)).toBe('string');
  });

  it('fails, and nothing else, when it leads to a suite that the record layer does not speak', async () => {
    const ciphers = suite.version === '1.3' ? 'TLS_AES_128_CCM_SHA256' : 'ECDHE-ECDSA-AES128-SHA256';
    const tried = handshake(suite, serverContext(suite, { ciphers }), { client: { ciphers } });
    expect(await tried.outcome).toMatch(/^cipher suite 0x\w+ is not supported$/);
  });

  it('says nothing any more when it was given up', async () => {
    const tried = handshake(suite, serverContext(suite), {
      change: (record, index) => {
        if (index === 1) tried.server.destroy();
        return [record];
      },
    });
    const outcomes: unknown[] = [];
    void tried.outcome.then((outcome) => outcomes.push(outcome));
    while (tried.fromClient.length < 2) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(outcomes).toEqual([]);
  });
});

it('TLS 1.3 survives a HelloRetryRequest', async () => {
  const context = serverContext(TLS13, { ecdhCurve: 'P-384' });
  const tried = handshake(TLS13, context, { client: { ecdhCurve: 'P-256:P-384' } });
  const adopted = await tried.adopted();
  expect(tried.fromClient.filter((record) => recordType(record) === ContentType.handshake)).toHaveLength(2);
  await expectLive(tried, adopted);
});
