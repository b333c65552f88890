/**
 * Where the secrets of a run are, and where they are not: takes those of real connections, keys and plaintext, and looks
 * for them in the memory of all processes and in all that a run writes.
 */
import { createPrivateKey, hkdfSync, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import { createIdentity, type Identity } from '../../src/cluster/certificates.js';
import type * as ClusterModule from '../../src/cluster/cluster.js';
import { loadStrategy } from '../../strategies/index.js';
import { SecretSearch } from '../fixtures/secret-search.js';
import { connectionSecrets } from './support/connection-secrets.js';
import { suiteFolder, temporaryFolder } from './support/folder.js';
import { canReadMemory, readMemory } from './support/process-memory.js';
import { descendantsOf, listeningPorts } from './support/processes.js';
import { isMissing, Program, ROOT, startCli } from './support/program.js';
import { replyContent, replyTarget } from './support/replies.js';
import { OpensslSession } from './support/s-client.js';
import { SERVERNAME } from './support/server.js';
import { Tap } from './support/tap.js';
import { TappedClient } from './support/tapped-client.js';
import { until } from './support/until.js';

const { Cluster } = (await import(join(ROOT, 'dist/src/cluster/cluster.js'))) as typeof ClusterModule;
type Cluster = ClusterModule.Cluster;

type Tls = '1.3' | '1.2';
type Secrets = Record<string, Buffer>;

/** Failures are those that the tests make: a process that is stopped has not failed. */
const NEVER_MISSED = { intervalMs: 100, missedLimit: 10_000 };
const CIPHERS = { '1.3': 'TLS_AES_128_GCM_SHA256', '1.2': 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const;
const STEP_TIMEOUT_MS = 20_000;
/** Shorter than what a strategy would cut into several records, long enough to be told from all else. */
const REPLY_BYTES = 500;
const BODIES = createSeededBytes(1);
const CASES = (['spr', 'full-state-copy'] as const).flatMap((strategy) =>
  (['1.3', '1.2'] as const).map((tls) => ({ strategy, tls })),
);

// Memory of malloc is told by the name of its mapping, which arenas of other threads have not: their chunks come to the first
// thread when it frees them.
vi.stubEnv('MALLOC_ARENA_MAX', '1');

const cannotRead = !canReadMemory(process.pid) || !canReadMemoryOfChildren();
if (cannotRead)
  process.stderr.write('tests that read the memory of processes are skipped: not permitted here\n');

function canReadMemoryOfChildren(): boolean {
  const child = new Program(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  try {
    return canReadMemory(child.pid);
  } finally {
    child.kill('SIGKILL');
  }
}

/** Names of the secrets in the memory of a process. */
function inMemory(pid: number, secrets: Secrets): string[] {
  const search = new SecretSearch(secrets);
  const found = new Set<string>();
  readMemory(pid, 'all', search.overlapBytes, (chunk) => search.search(chunk, found));
  return [...found].sort();
}

/** The same for memory that is not malloc's, with the name of the mapping: that of the heap of V8 is empty. */
function outsideOfMalloc(pid: number, secrets: Secrets): string[] {
  const search = new SecretSearch(secrets);
  const found = new Set<string>();
  readMemory(pid, 'not-malloc', search.overlapBytes, (chunk, mapping) => {
    const names = new Set<string>();
    search.search(chunk, names);
    for (const name of names) found.add(`${name} in [${mapping}]`);
  });
  return [...found].sort();
}

/** What everybody may read who may list processes; nothing of one that is gone. */
function startedWith(pid: number): Buffer {
  try {
    return Buffer.concat([readFileSync(`/proc/${pid}/cmdline`), readFileSync(`/proc/${pid}/environ`)]);
  } catch {
    return Buffer.alloc(0);
  }
}

function filesIn(folder: string): Buffer {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Buffer.concat(files.map(({ parentPath, name }) => readFileSync(join(parentPath, name))));
}

/** A cluster whose own secrets are known. */
interface Known {
  readonly cluster: Cluster;
  readonly identity: Identity;
  /** Of the run: the cluster key and what follows from it, and the private key of the server. */
  readonly secrets: Secrets;
  readonly failed: number[];
}

async function startCluster(strategy: string, tls: Tls, folder: string): Promise<Known> {
  const identity = await createIdentity({ key: 'ecdsa-p256', servername: SERVERNAME });
  const failed: number[] = [];
  const keys: Buffer[] = [];
  const cluster = await Cluster.start({
    clockStartNs: process.hrtime.bigint(),
    replicas: 2,
    strategy: await loadStrategy(strategy),
    strategySpecifier: strategy,
    workloadSpecifier: 'request-reply',
    seed: 1,
    engine: 'adopted',
    tls: { version: tls, ciphers: CIPHERS[tls] },
    identity,
    rttMs: 0,
    folder,
    port: 0,
    detector: NEVER_MISSED,
    randomBytes: (size) => {
      const bytes = randomBytes(size);
      keys.push(bytes);
      return bytes;
    },
    onReplicaFailed: (replica) => failed.push(replica),
  });
  return { cluster, identity, failed, secrets: { ...runKeys(keys), ...privateKey(identity.privateKeyPem) } };
}

function runKeys(keys: readonly Buffer[]): Secrets {
  const secrets: Secrets = {};
  keys.forEach((key, index) => {
    secrets[`run key ${index}`] = key;
    secrets[`committed-state key ${index}`] = Buffer.from(
      hkdfSync('sha256', key, '', 'spr-bench committed state', 32),
    );
  });
  return secrets;
}

function privateKey(pem: string): Secrets {
  const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' });
  return {
    'private key': Buffer.from(d, 'base64url'),
    'private key in PEM': Buffer.from(pem.split('\n')[2] ?? '', 'latin1'),
  };
}

/** What was found at each step of a run through a fault. */
interface Observed {
  /** Names of the plaintext before the fault. */
  plaintext: string[];
  primary: string[];
  director: Record<'before' | 'during' | 'after' | 'at the end', string[]>;
  /** Secrets of ended connections in the heap of V8 of the replica that served them last. */
  survivorHeap: string[];
  written: string[];
  started: string[];
}

async function exchange(client: TappedClient, id: string, method: 'GET' | 'POST' = 'GET'): Promise<void> {
  const target = replyTarget(id, REPLY_BYTES);
  client.send(method, target, method === 'POST' ? BODIES.slice(`request:${id}`, 0, 64) : undefined);
  expect(await client.reply()).toEqual(replyContent(id, REPLY_BYTES));
}

/** A connection with requests of both kinds, before and after its primary is killed. */
async function observe(strategy: string, tls: Tls, folder: string): Promise<Observed> {
  const { cluster, secrets: ownSecrets, failed } = await startCluster(strategy, tls, folder);
  try {
    const [primaryPid = 0, backupPid = 0] = cluster.replicaPids;
    const { directorPid } = cluster;
    const client = await TappedClient.open({ port: cluster.port, tls });
    await exchange(client, '1-0');
    await exchange(client, '1-1', 'POST');
    const all = (): Secrets => ({ ...ownSecrets, ...client.secrets, ciphertext: client.ciphertext });
    const before = inMemory(directorPid, all());
    const primary = inMemory(primaryPid, all());
    const plaintext = Object.keys(client.plaintext);
    const children = [directorPid, primaryPid, backupPid].map(startedWith);
    const started = new SecretSearch(all()).find(Buffer.concat(children));

    // The takeover does not get on while the backup is stopped.
    process.kill(backupPid, 'SIGSTOP');
    process.kill(primaryPid, 'SIGKILL');
    await until(
      () => failed.length === 1,
      () => 'the failure was not detected',
      STEP_TIMEOUT_MS,
    );
    client.send('GET', replyTarget('1-2', REPLY_BYTES));
    await untilInMemory(directorPid, { ciphertext: client.ciphertext });
    const during = inMemory(directorPid, all());
    process.kill(backupPid, 'SIGCONT');
    expect(await client.reply()).toEqual(replyContent('1-2', REPLY_BYTES));
    await exchange(client, '1-3', 'POST');
    const after = inMemory(directorPid, all());

    const other = await TappedClient.open({ port: cluster.port, tls });
    await exchange(other, '2-0');
    for (const each of [client, other]) each.close();
    await untilAllFlowsEnded(cluster);
    const atTheEnd = inMemory(directorPid, { ...all(), ...other.secrets });
    const survivorHeap = outsideOfMalloc(backupPid, { ...client.keys, ...other.keys });
    const reports = JSON.stringify([await cluster.collectDirector(), await cluster.collectReplica(1)]);
    const written = new SecretSearch({ ...all(), ...other.secrets }).find(
      Buffer.concat([Buffer.from(reports), filesIn(folder)]),
    );
    return {
      plaintext,
      primary,
      director: { before, during, after, 'at the end': atTheEnd },
      survivorHeap,
      written,
      started,
    };
  } finally {
    await cluster.end();
  }
}

async function untilInMemory(pid: number, secrets: Secrets): Promise<void> {
  await until(
    () => inMemory(pid, secrets).length > 0,
    () => `${Object.keys(secrets)} did not come to process ${pid}`,
    STEP_TIMEOUT_MS,
  );
}

async function untilAllFlowsEnded(cluster: Cluster): Promise<void> {
  const open = async (): Promise<number> =>
    (await cluster.collectDirector()).flows.filter(({ endedMs }) => endedMs === null).length;
  while ((await open()) > 0);
}

describe.skipIf(cannotRead).each(CASES)('$strategy, TLS $tls: secrets and plaintext', ({ strategy, tls }) => {
  const folder = suiteFolder();
  let observed: Observed;

  beforeAll(async () => {
    observed = await observe(strategy, tls, folder);
  });

  it('are found in the primary, which proves that the search finds them', () => {
    const found = new Set(observed.primary.map((name) => name.replace(/ raw.*/, '')));
    const keys = tls === '1.3' ? ['CLIENT_TRAFFIC_SECRET_0', 'SERVER_TRAFFIC_SECRET_0 key'] : ['SERVER key'];
    expect(observed.plaintext).toHaveLength(5);
    const expected = [...keys, ...observed.plaintext, 'run key 0', 'private key in PEM'];
    expect([...found]).toEqual(expect.arrayContaining(expected));
  });

  it.each(['before', 'during', 'after', 'at the end'] as const)(
    'are never in the director, which has the ciphertext: %s',
    (when) => {
      expect(observed.director[when]).toEqual(['ciphertext raw']);
    },
  );

  it('leave nothing of ended connections in the heap of V8', () => {
    expect(observed.survivorHeap).toEqual([]);
  });

  it('are in no file, in no report and in no argument or environment', () => {
    expect({ written: observed.written, started: observed.started }).toEqual({ written: [], started: [] });
  });
});

describe.skipIf(cannotRead || isMissing('openssl'))('a connection that replaced its keys', () => {
  it('leaves those of neither epoch at the director', async () => {
    const folder = temporaryFolder();
    const { cluster, identity, secrets } = await startCluster('spr', '1.3', folder);
    onTestFinished(() => cluster.end());
    const tap = await Tap.open(cluster.port);
    onTestFinished(() => tap.close());
    const [caPath, keyLogPath] = [join(folder, 'ca.pem'), join(folder, 'keys.log')];
    writeFileSync(caPath, identity.caPem);
    const session = new OpensslSession({ port: tap.port, caPath }, '1.3', ['-keylogfile', keyLogPath]);
    onTestFinished(() => session.destroy());
    await session.untilReady();
    await session.updateKeys();
    const target = replyTarget('1-0', REPLY_BYTES);
    expect(await session.get(target)).toEqual(replyContent('1-0', REPLY_BYTES));

    const keys = connectionSecrets(
      '1.3',
      readFileSync(keyLogPath).toString().split('\n').map(Buffer.from),
      tap.fromServer,
    );
    const all = { ...secrets, ...keys, ciphertext: tap.fromClient.subarray(-16) };
    const [primaryPid = 0] = cluster.replicaPids;
    const inPrimary = inMemory(primaryPid, all);
    expect(inPrimary).toEqual(
      expect.arrayContaining(['CLIENT_TRAFFIC_SECRET_1 raw', 'SERVER_TRAFFIC_SECRET_1 key raw']),
    );
    expect(outsideOfMalloc(primaryPid, keys)).toEqual([]);
    expect(inMemory(cluster.directorPid, all)).toEqual(['ciphertext raw']);
    process.kill(primaryPid, 'SIGKILL');
    const next = replyTarget('1-1', REPLY_BYTES);
    expect(await session.get(next)).toEqual(replyContent('1-1', REPLY_BYTES));
    expect(inMemory(cluster.directorPid, { ...all, ciphertext: tap.fromClient.subarray(-16) })).toEqual([
      'ciphertext raw',
    ]);
  });
});

/** A connection of our own to the cluster of a run. */
async function joinRun(run: Program): Promise<TappedClient> {
  const directors = (): number[] =>
    descendantsOf(run.pid).filter((pid) => startedWith(pid).includes('/main/director.js'));
  const ports = (): number[] => directors().flatMap(listeningPorts);
  await until(
    () => ports().length === 1,
    () => 'no director listens',
    STEP_TIMEOUT_MS,
  );
  return TappedClient.open({ port: ports()[0] ?? 0, tls: '1.3' });
}

describe.skipIf(cannotRead)('spr-bench compare', () => {
  it('writes nothing secret, and its orchestrator knows nothing of a connection', async () => {
    const [out, temporary] = [temporaryFolder(), temporaryFolder()];
    const args = [
      '--strategies',
      'spr',
      '--workloads',
      'request-reply',
      '--connections',
      '4',
      '--trials',
      '1',
    ];
    const run = startCli(['compare', ...args, '--out', out], { env: { TMPDIR: temporary } });
    onTestFinished(() => run.kill('SIGKILL'));
    const client = await joinRun(run);
    onTestFinished(() => client.close());
    client.send('GET', replyTarget('9-0', REPLY_BYTES));
    expect(await client.reply()).toHaveLength(REPLY_BYTES);
    const children = descendantsOf(run.pid);
    const replicas = children.filter((pid) => startedWith(pid).includes('/main/replica.js'));
    const inReplicas = replicas.map((pid) => inMemory(pid, client.secrets).length > 0);
    const started = [run.pid, ...children].map(startedWith);
    const orchestrator = inMemory(run.pid, client.secrets);
    const filesWhileRunning = filesIn(temporary);
    const { stdout, stderr } = await run.ended;
    expect(inReplicas).toContain(true);
    expect(orchestrator).toEqual([]);
    const results = filesIn(out);
    expect(results.includes('"schemaVersion"') && results.includes('<html')).toBe(true);
    const printed = [Buffer.from(stdout), Buffer.from(stderr)];
    const everything = Buffer.concat([...printed, ...started, filesWhileRunning, results]);
    expect(new SecretSearch(client.secrets).find(everything)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
