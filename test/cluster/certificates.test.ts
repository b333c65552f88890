import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { createIdentity, type Identity, type KeyType } from '../../src/cluster/certificates.js';

const SERVERNAME = 'replica.spr-bench.test';

describe.each<KeyType>(['ecdsa-p256', 'rsa-2048', 'rsa-4096'])('createIdentity, %s', (key) => {
  let identity: Identity;
  beforeAll(async () => {
    identity = await createIdentity({ key, servername: SERVERNAME });
  });

  it('makes a server certificate that its CA signed', () => {
    const ca = new X509Certificate(identity.caPem);
    const server = new X509Certificate(identity.certificatePem);

    expect(server.verify(ca.publicKey)).toBe(true);
    expect(server.checkIssued(ca)).toBe(true);
    expect(server.checkPrivateKey(createPrivateKey(identity.privateKeyPem))).toBe(true);
    expect(server.ca).toBe(false);
    expect(ca.ca).toBe(true);
  });

  it('fills in the fields', () => {
    const server = new X509Certificate(identity.certificatePem);
    const now = Date.now();

    expect(server.subjectAltName).toBe(`DNS:${SERVERNAME}, DNS:localhost, IP Address:127.0.0.1`);
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(server.subject).toBe('CN=spr-bench test server');
    expect(server.issuer).toBe('CN=spr-bench test CA');
    expect(server.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(Date.parse(server.validFrom)).toBeLessThan(now);
    expect(Date.parse(server.validTo)).toBeGreaterThan(now + 24 * 60 * 60 * 1000);
    expect(server.publicKey.asymmetricKeyType).toBe(key === 'ecdsa-p256' ? 'ec' : 'rsa');
    expect(server.publicKey.asymmetricKeyDetails).toMatchObject(
      key === 'ecdsa-p256'
        ? { namedCurve: 'prime256v1' }
        : { modulusLength: key === 'rsa-2048' ? 2048 : 4096 },
    );
  });

  it('passes the strict check of openssl', () => {
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
    try {
      writeFileSync(join(folder, 'ca.pem'), identity.caPem);
      writeFileSync(join(folder, 'server.pem'), identity.certificatePem);
      const output = execFileSync(
        'openssl',
        [
          ...['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', SERVERNAME],
          ...['-CAfile', join(folder, 'ca.pem'), join(folder, 'server.pem')],
        ],
        { encoding: 'utf8' },
      );
      expect(output).toMatch(/server\.pem: OK/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['TLSv1.3', 'TLSv1.2'] as const)('is accepted in a %s handshake', async (version) => {
    for (const servername of [SERVERNAME, 'localhost']) {
      const { protocol, authorized } = await handshake(identity, version, servername);
      expect({ protocol, authorized }).toEqual({ protocol: version, authorized: true });
    }
    await expect(handshake(identity, version, 'other.test')).rejects.toThrow(/altnames/);
  });
});

describe('createIdentity', () => {
  it('makes serial numbers and keys anew each time', async () => {
    const options = { key: 'ecdsa-p256', servername: SERVERNAME } as const;
    const [one, other] = await Promise.all([createIdentity(options), createIdentity(options)]);

    const serials = [one, other].map((each) => new X509Certificate(each.certificatePem).serialNumber);
    expect(serials[0]).not.toBe(serials[1]);
    expect(one.privateKeyPem).not.toBe(other.privateKeyPem);
    expect(new X509Certificate(one.certificatePem).verify(new X509Certificate(other.caPem).publicKey)).toBe(
      false,
    );
  });

  it('names localhost once', async () => {
    const { certificatePem } = await createIdentity({ key: 'ecdsa-p256', servername: 'localhost' });

    expect(new X509Certificate(certificatePem).subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
  });

  it.each(['', 'two words', 'a..b', '-a', `${'a'.repeat(64)}.test`])(
    "refuses '%s' as a name",
    async (servername) => {
      await expect(createIdentity({ key: 'ecdsa-p256', servername })).rejects.toThrow(
        `servername '${servername}' is not a DNS name`,
      );
    },
  );
});

async function handshake(
  identity: Identity,
  version: 'TLSv1.3' | 'TLSv1.2',
  servername: string,
): Promise<{ protocol: string | null; authorized: boolean }> {
  const server = createServer({ key: identity.privateKeyPem, cert: identity.certificatePem });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({
    ...{ port, host: '127.0.0.1', servername, ca: identity.caPem },
    ...{ minVersion: version, maxVersion: version },
  });
  try {
    await once(client, 'secureConnect');
    return { protocol: client.getProtocol(), authorized: client.authorized };
  } finally {
    client.destroy();
    server.close();
  }
}
