import { createSecureContext, type SecureContext } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CipherSuite, findSuite } from '../../src/tls/cipher-suites.js';
import { ContentType } from '../../src/tls/record.js';
import { expectLive, Handshake, type HandshakeOptions, versionOptions } from './handshake-bench.js';
import { type Certificate, selfSigned } from './openssl-connection.js';
import { cutInto, RecordReshaper, type Shape } from './record-reshaper.js';

const SUITES = (['1.3', '1.2'] as const).map((version) =>
  findSuite({ version, name: 'aes-128-gcm', authentication: 'ecdsa' }),
);
const HANDSHAKE = ContentType.handshake;

let server: Certificate;
/** Of the client that the server knows, and of one that it does not. */
let known: Certificate;
let stranger: Certificate;
const running: Handshake[] = [];

beforeAll(() => {
  server = selfSigned('ecdsa');
  known = selfSigned('ecdsa');
  stranger = selfSigned('ecdsa');
});
afterEach(() => {
  for (const each of running.splice(0)) each.destroy();
});

/** Trusts the one certificate of the known client. */
function context(suite: CipherSuite): SecureContext {
  const options = { ...versionOptions(suite), sessionIdContext: 'test' };
  return createSecureContext({ ...server, ...options, ca: known.cert });
}

function start(suite: CipherSuite, secureContext: SecureContext, options: HandshakeOptions): Handshake {
  const started = new Handshake(suite, secureContext, { clientCertificate: 'required', ...options });
  running.push(started);
  return started;
}

describe.each(SUITES)('a client certificate in TLS $version', (suite) => {
  it('makes a longer flight, behind which the connection is adopted', async () => {
    const without = start(suite, context(suite), { clientCertificate: 'none' });
    const { recordsRead } = await without.adopted();
    const shown = start(suite, context(suite), { client: known });
    const adopted = await shown.adopted();
    expect(adopted.recordsRead).toBeGreaterThan(recordsRead);
    await expectLive(shown, adopted);
  });

  it.each<[string, Shape]>([
    ['all in one record', { plain: (type, content) => [{ type, content }] }],
    ['one byte each', { flight: (content) => cutInto(1, HANDSHAKE, content) }],
    [
      'with padding',
      {
        flight: (content) =>
          cutInto(300, HANDSHAKE, content).map((piece) => ({ ...piece, paddingBytes: 1000 })),
      },
    ],
    ['in plaintext records of 100 bytes', { plain: (type, content) => cutInto(100, type, content) }],
  ])('may come in records of any cut: %s', async (_cut, shape) => {
    const shown = start(suite, context(suite), { client: known, reshaper: new RecordReshaper(shape) });
    const adopted = await shown.adopted();
    expect(adopted.recordsRead).toBe(shown.fromClient.length);
    expect(adopted.bytesRead).toBe(Buffer.concat(shown.fromClient).length);
    await expectLive(shown, adopted);
  });

  it('is not sent again with a resumed session', async () => {
    const secureContext = context(suite);
    const first = start(suite, secureContext, { client: known });
    const sessions: Buffer[] = [];
    first.client.on('session', (session) => sessions.push(session));
    await expectLive(first, await first.adopted());
    const second = start(suite, secureContext, { client: { ...known, session: sessions.at(-1) } });
    const adopted = await second.adopted();
    expect(adopted.resumed).toBe(true);
    await expectLive(second, adopted);
  });

  it('that is missing is answered with an alert', async () => {
    const refused = start(suite, context(suite), {});
    expect(await refused.outcome).toMatch(/peer did not return a certificate/);
    await refused.untilClientFails();
    // OpenSSL 3.0 and 3.5 name alerts of TLS 1.2 differently.
    const alert =
      suite.version === '1.3'
        ? /^ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED$/
        : /^ERR_SSL_SSL(V3|\/TLS)_ALERT_HANDSHAKE_FAILURE$/;
    expect(refused.clientErrors).toEqual([expect.stringMatching(alert)]);
  });

  it('that nobody known has issued is answered with an alert, with a session of it too', async () => {
    const secureContext = context(suite);
    const refused = start(suite, secureContext, { client: stranger });
    const sessions: Buffer[] = [];
    refused.client.on('session', (session) => sessions.push(session));
    expect(await refused.outcome).toMatch(/^the client's certificate is not accepted: /);
    await refused.untilClientFails();
    expect(refused.clientErrors).toEqual(['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA']);
    expect(sessions.length).toBeGreaterThan(0);
    const again = start(suite, secureContext, { client: { ...stranger, session: sessions.at(-1) } });
    expect(await again.outcome).toMatch(/^the client's certificate is not accepted: /);
  });
});
