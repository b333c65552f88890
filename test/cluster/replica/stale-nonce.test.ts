/**
 * The control experiment of invariant 1: a director that understates what was delivered makes a backup seal with a number
 * that was used before. If that went unseen, the audit of all other tests would prove nothing.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import { evaluateTrial } from '../../../src/bench/evaluate.js';
import { type CipherSuite, findSuite } from '../../../src/tls/cipher-suites.js';
import { spr } from '../../../strategies/spr.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { KEPT, lostStory, observe } from '../../bench/observations.js';
import { TestCluster, until } from './harness.js';
import { understate } from './stale-evidence.js';
import { get, TestClient } from './test-client.js';

const BODIES = createSeededBytes(3);
const SUITES = [
  findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' }),
  findSuite({ version: '1.3', name: 'chacha20-poly1305', authentication: 'ecdsa' }),
  findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' }),
];

/** What OpenSSL says when a tag does not fit; the second with explicit nonces. */
const BAD_RECORD_MAC = ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'ERR_SSL_CIPHER_OPERATION_FAILED'];

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

/** Lets a backup answer with the number of the primary's last record. Resolves with the error that the client ended with. */
async function reuse(suite: CipherSuite, rekey: boolean): Promise<{ cluster: TestCluster; code: string }> {
  const application = requestReply.application(BODIES);
  const options = { strategy: spr, suite, application, reusesNonces: true, sealing: { rekey } };
  const cluster = await TestCluster.start({ ...options, tamper: understate });
  running.push(cluster);
  const client = await TestClient.open(cluster.port, suite);
  const errors: string[] = [];
  client.socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message));
  await client.exchange(get('0-1', 100));
  cluster.kill(0);
  await until(() => cluster.failed.length === 1);
  expect(await client.exchange(get('0-2', 100))).toBe('lost');
  return { cluster, code: errors.join() };
}

describe.each(SUITES)('a number that is used twice, $name', (suite) => {
  it('is refused by the client, and named by the audit', async () => {
    const { cluster, code } = await reuse(suite, false);
    expect(BAD_RECORD_MAC).toContain(code);
    const audit = cluster.auditNonces();
    expect(audit).toMatchObject({ reusedNonces: 1, reused: [{ flowId: 1, replicas: [0, 1] }] });
  });

  it('makes a trial a violation', async () => {
    const { cluster } = await reuse(suite, false);
    const audit = cluster.auditNonces();
    const { violations } = evaluateTrial(
      observe([lostStory(0, 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC')], KEPT, { audit }),
    );
    expect(violations[0]).toMatch(
      /^1 nonces were used twice: flow 1, key from record \d+, sequence number \d+/,
    );
    expect(violations[0]).toContain('sealed by replica 0, then by replica 1');
    expect(violations.at(-1)).toContain('connections were not kept');
  });
});

describe('with a key or nonces of its own', () => {
  it('a backup uses no explicit nonce twice, whatever the director says (TLS 1.2 AES-GCM)', async () => {
    const [, , suite] = SUITES;
    if (suite === undefined) throw new Error('there are no suites');
    const { cluster } = await reuse(suite, true);
    expect(cluster.auditNonces()).toMatchObject({ reusedNonces: 0 });
  });

  it('a backup uses the number of one record twice at most, for a KeyUpdate (TLS 1.3)', async () => {
    const [suite] = SUITES;
    if (suite === undefined) throw new Error('there are no suites');
    const { cluster } = await reuse(suite, true);
    const { reused, keys } = cluster.auditNonces();
    expect(reused).toHaveLength(1);
    expect(keys).toBe(2);
  });
});
