/** What a run against a user's own server does before its trials: the server must start, and its replies must be known. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadStrategy } from '../../strategies/index.js';
import { loadWorkload } from '../../workloads/index.js';
import type { Identity } from '../cluster/certificates.js';
import { Cluster } from '../cluster/cluster.js';
import { type ExternalOptions, OWN_SERVER_WORKLOAD } from './external-options.js';
import { storeReplies } from './own-server-replies.js';
import type { RunOptions } from './run-options.js';
import { SERVERNAME } from './trial.js';

/** One that needs nothing of a replica but TLS. */
const STRATEGY = 'full-handshake';

export interface PreparedRun {
  readonly options: RunOptions;
  /** Removes what was stored for the run. */
  end(): Promise<void>;
}

/**
 * The same run, with a workload that knows the replies of the user's server; unchanged where there is none.
 *
 * @throws UsageError when the server cannot be started or used, or a reply of it
 */
export async function withOwnServer(
  options: RunOptions,
  identity: Identity,
  signal: AbortSignal,
): Promise<PreparedRun> {
  const { external } = options;
  if (external === undefined) return { options, end: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'spr-bench-'));
  const end = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const path = await askServer({ options, external, identity, signal }, folder);
    const specifier = `${OWN_SERVER_WORKLOAD}:replies=${path}`;
    const workload = { specifier, plugin: await loadWorkload(specifier) };
    return { options: { ...options, workloads: [workload] }, end };
  } catch (error) {
    await end();
    throw error;
  }
}

interface Question {
  readonly options: RunOptions;
  readonly external: ExternalOptions;
  readonly identity: Identity;
  /** Aborting ends the server. */
  readonly signal: AbortSignal;
}

/** @returns the path of the file with the replies, in `folder` */
async function askServer({ options, external, identity, signal }: Question, folder: string): Promise<string> {
  const { suite, seed } = options;
  const cluster = await Cluster.start({
    clockStartNs: process.hrtime.bigint(),
    replicas: 1,
    strategy: await loadStrategy(STRATEGY),
    strategySpecifier: STRATEGY,
    workloadSpecifier: OWN_SERVER_WORKLOAD,
    seed,
    engine: 'native',
    external: { ...external, servername: SERVERNAME },
    tls: { version: suite.version, ciphers: suite.opensslName },
    identity,
    rttMs: 0,
    folder,
    port: 0,
  });
  const onAbort = (): void => void cluster.end();
  signal.addEventListener('abort', onAbort);
  try {
    signal.throwIfAborted();
    const { paths } = external;
    return await storeReplies(
      { cluster, paths, servername: SERVERNAME, ca: identity.caPem },
      join(folder, 'replies'),
    );
  } finally {
    signal.removeEventListener('abort', onAbort);
    await cluster.end();
  }
}
