/** A director and two replicas, of which the primary can be killed, and what they saw of it. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from '../../src/cluster/certificates.js';
import { Cluster } from '../../src/cluster/cluster.js';
import { findSuite } from '../../src/tls/cipher-suites.js';
import { loadStrategy } from '../../strategies/index.js';
import { type Case, updatesKeys } from './cases.js';
import type { Endpoint } from './client.js';

export const SERVERNAME = 'spr-bench.test';
const NS_PER_MS = 1e6;

export interface KillableClusterOptions {
  readonly of: Case;
  readonly workload: string;
  readonly seed: number;
  readonly identity: Identity;
}

export class KillableCluster {
  readonly endpoint: Endpoint;
  readonly #cluster: Cluster;
  readonly #clockStartNs: bigint;
  readonly #failureDetected: Promise<void>;
  /** The folder goes when the process is interrupted, too. */
  readonly #removeFolder = (): void => rmSync(this.endpoint.folder, { recursive: true, force: true });
  #killedMs = Number.POSITIVE_INFINITY;

  private constructor(
    cluster: Cluster,
    endpoint: Endpoint,
    clockStartNs: bigint,
    failureDetected: Promise<void>,
  ) {
    this.#cluster = cluster;
    this.endpoint = endpoint;
    this.#clockStartNs = clockStartNs;
    this.#failureDetected = failureDetected;
    process.once('exit', this.#removeFolder);
  }

  /** Starts what `spr-bench serve` starts. */
  static async start({ of, workload, seed, identity }: KillableClusterOptions): Promise<KillableCluster> {
    const { version, aead } = of.suite;
    const folder = await mkdtemp(join(tmpdir(), 'spr-bench-matrix-'));
    const clockStartNs = process.hrtime.bigint();
    const { promise: failureDetected, resolve: onReplicaFailed } = withResolver();
    const cluster = await Cluster.start({
      clockStartNs,
      replicas: 2,
      strategy: await loadStrategy(of.strategy),
      strategySpecifier: of.strategy,
      workloadSpecifier: workload,
      seed,
      engine: 'adopted',
      tls: { version, ciphers: findSuite({ version, name: aead, authentication: 'ecdsa' }).opensslName },
      identity,
      rttMs: 0,
      folder,
      port: 0,
      onReplicaFailed,
    });
    const caPath = join(folder, 'ca.pem');
    await writeFile(caPath, identity.caPem);
    const { caPem: ca, certificatePem: certificate } = identity;
    const trust = { servername: SERVERNAME, ca, certificate, caPath };
    const endpoint = { port: cluster.port, ...trust, version, folder, updatesKeys: updatesKeys(of.scenario) };
    return new KillableCluster(cluster, endpoint, clockStartNs, failureDetected);
  }

  /** SIGKILL to the replica that has all flows. Resolves when the director has noticed. */
  async killPrimary(): Promise<void> {
    const [primary] = this.#cluster.replicaPids;
    if (primary === undefined) throw new Error('the cluster has no replica');
    process.kill(primary, 'SIGKILL');
    this.#killedMs = Number(process.hrtime.bigint() - this.#clockStartNs) / NS_PER_MS;
    await this.#failureDetected;
  }

  /**
   * What the client need not tell: the backup took a flow over and made no handshake, and nobody connected after the kill.
   *
   * @throws Error when it was otherwise
   */
  async verifyTakeover(): Promise<void> {
    const { handshakes, takeovers, refusals } = await this.#cluster.collectReplica(1);
    const { flows } = await this.#cluster.collectDirector();
    const late = flows.filter(({ openedMs }) => openedMs > this.#killedMs);
    const problems = [
      ...(takeovers.length === 0 ? ['the backup took nothing over'] : []),
      ...(handshakes.length > 0 ? [`the backup made ${handshakes.length} handshakes`] : []),
      ...(late.length > 0 ? [`${late.length} connections were opened after the kill`] : []),
      ...refusals.map(({ reason }) => `the backup refused a flow: ${reason}`),
    ];
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  /** What the cluster has to say about connections that ended: the reasons, as the director and the backup saw them. */
  async explainEnds(): Promise<string> {
    const { refusals } = await this.#cluster.collectReplica(1);
    const { flows } = await this.#cluster.collectDirector();
    const causes = flows.flatMap(({ cause }) => (cause === null ? [] : [`director: ${cause}`]));
    return [...causes, ...refusals.map(({ reason }) => `backup: ${reason}`)].join(', ');
  }

  async end(): Promise<void> {
    await this.#cluster.end();
    process.off('exit', this.#removeFolder);
    // Chromium's processes end one after the other, and write to its profile until then.
    await rm(this.endpoint.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

function withResolver(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve: () => resolve() };
}
