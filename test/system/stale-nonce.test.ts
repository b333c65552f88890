/** The control experiment of `test/cluster/replica/stale-nonce.test.ts`, seen by a client that shares no code with Node. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import { findSuite, type TlsVersion } from '../../src/tls/cipher-suites.js';
import { spr } from '../../strategies/spr.js';
import { requestReply } from '../../workloads/request-reply.js';
import { IDENTITY, TestCluster, until } from '../cluster/replica/harness.js';
import { understate } from '../cluster/replica/stale-evidence.js';
import { temporaryFolder } from './support/folder.js';
import { isMissing } from './support/program.js';
import { OpensslSession } from './support/s-client.js';

const CASES: readonly { readonly version: TlsVersion; readonly name: string }[] = [
  { version: '1.3', name: 'aes-128-gcm' },
  { version: '1.3', name: 'chacha20-poly1305' },
  { version: '1.2', name: 'chacha20-poly1305' },
];
const BODIES = createSeededBytes(3);
/** What OpenSSL calls a tag that does not fit, in all of its versions that have TLS 1.3. */
const BAD_RECORD_MAC = /decryption failed or bad record mac/i;

describe.skipIf(isMissing('openssl'))('openssl s_client', () => {
  async function open(
    version: TlsVersion,
    name: string,
    lies: boolean,
  ): Promise<{ cluster: TestCluster; session: OpensslSession }> {
    const suite = findSuite({ version, name, authentication: 'ecdsa' });
    const application = requestReply.application(BODIES);
    const options = { strategy: spr, suite, application, reusesNonces: lies };
    const cluster = await TestCluster.start(lies ? { ...options, tamper: understate } : options);
    onTestFinished(() => cluster.stop());
    const caPath = join(temporaryFolder(), 'ca.pem');
    writeFileSync(caPath, (await IDENTITY).caPem);
    const session = new OpensslSession({ port: cluster.port, caPath, servername: 'localhost' }, version);
    onTestFinished(() => session.destroy());
    await session.untilReady();
    await session.get('/reply/0-1?bytes=100');
    cluster.kill(0);
    await until(() => cluster.failed.length === 1);
    return { cluster, session };
  }

  it.each(CASES)('refuses a number that is used twice: TLS $version, $name', async ({ version, name }) => {
    const { cluster, session } = await open(version, name, true);
    expect(await session.getAndFail('/reply/0-2?bytes=100')).toMatch(BAD_RECORD_MAC);
    expect(cluster.auditNonces()).toMatchObject({ reusedNonces: 1 });
  });

  it.each(CASES)(
    'goes on when the director tells the truth: TLS $version, $name',
    async ({ version, name }) => {
      const { session } = await open(version, name, false);
      expect(await session.get('/reply/0-2?bytes=100')).toEqual(BODIES.slice('reply:0-2', 0, 100));
    },
  );
});
