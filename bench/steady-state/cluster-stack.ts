/** spr-bench's own director and replicas, of this build or of another one. */
import { pathToFileURL } from 'node:url';
import { Cluster } from '../../src/cluster/cluster.js';
import type { Engine } from '../../src/cluster/replica/replica-options.js';
import { loadStrategy } from '../../strategies/index.js';
import { SEED, type Stack, type StackOptions, TLS, WORKLOAD } from './stack.js';

/**
 * Nothing fails here, and on a busy machine a replica may be silent for longer than the default allows: it would be given
 * up, and the load with it.
 */
const PATIENT_DETECTOR = { intervalMs: 100, missedLimit: 300 };

/** What a build has to offer; another one may be older or newer. */
interface Build {
  readonly start: typeof Cluster.start;
  readonly loadStrategy: typeof loadStrategy;
}

export interface ClusterStackOptions extends StackOptions {
  readonly id: string;
  readonly strategy: string;
  readonly engine?: Engine;
  /** Folder `dist` of another build; this one when absent. */
  readonly build?: string | undefined;
}

/** Starts a director and two replicas. */
export async function startClusterStack(options: ClusterStackOptions): Promise<Stack> {
  const { id, strategy, engine = 'adopted', identity, folder } = options;
  const build = await loadBuild(options.build);
  const cluster = await build.start({
    clockStartNs: process.hrtime.bigint(),
    replicas: 2,
    strategy: await build.loadStrategy(strategy),
    strategySpecifier: strategy,
    workloadSpecifier: WORKLOAD,
    seed: SEED,
    engine,
    tls: TLS,
    identity,
    rttMs: 0,
    folder,
    port: 0,
    detector: PATIENT_DETECTOR,
  });
  return {
    id,
    origin: `https://127.0.0.1:${cluster.port}`,
    frontPid: cluster.directorPid,
    serverPids: cluster.replicaPids,
    ledgerPaths: cluster.ledgerPaths,
    end: () => cluster.end(),
  };
}

async function loadBuild(folder: string | undefined): Promise<Build> {
  if (folder === undefined) return { start: (options) => Cluster.start(options), loadStrategy };
  const base = pathToFileURL(`${folder}/`);
  const cluster = (await import(new URL('src/cluster/cluster.js', base).href)) as { Cluster: typeof Cluster };
  const strategies = (await import(new URL('strategies/index.js', base).href)) as {
    loadStrategy: typeof loadStrategy;
  };
  return {
    start: (options) => cluster.Cluster.start(options),
    loadStrategy: (specifier) => strategies.loadStrategy(specifier),
  };
}
