/** `spr-bench serve`: a cluster to try by hand, with any TLS client. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.js';
import { parseRunOptions, type RunOptions } from '../../bench/run-options.js';
import { SERVERNAME } from '../../bench/trial.js';
import { createIdentity } from '../../cluster/certificates.js';
import { Cluster } from '../../cluster/cluster.js';
import { strategyFor } from '../../contracts/support.js';
import { exampleRequest } from '../example-request.js';
import { ExitCode, onInterruption } from '../exit-codes.js';

interface ServeOptions extends Record<string, unknown> {
  readonly port: string;
}

const MAX_PORT = 65_535;
const DEFAULT_WORKLOAD = 'request-reply';

export function serveCommand(command: Command): Command {
  return command
    .option('--strategy <id>', 'id, or a module with a default export', 'spr')
    .option('--workload <id>', 'whose application answers', DEFAULT_WORKLOAD)
    .option('--port <n>', 'port of the director on 127.0.0.1; 0 for any', '0')
    .option('--replicas <n>', 'replica servers', '2')
    .option('--heartbeat-interval-ms <ms>', 'time between two heartbeats', '100')
    .option('--heartbeat-missed <n>', 'heartbeats missed in a row that make a failure', '20')
    .option('--seed <n>', 'of the reply bytes', '1')
    .option('--tls <version>', '1.3 or 1.2', '1.3')
    .option('--suite <name>', 'cipher suite', 'aes-128-gcm')
    .option('--key <type>', 'ecdsa-p256, rsa-2048 or rsa-4096', 'ecdsa-p256')
    .option('--engine <kind>', 'adopted or native', 'adopted')
    .option(
      '--rekey',
      'begin each takeover with a KeyUpdate, in TLS 1.2 AES-GCM with a fresh region of nonces; no effect on TLS 1.2 ChaCha20',
    )
    .option('--rtt-ms <ms>', 'round-trip time between client and director', '0')
    .option('--jitter-ms <ms>', 'by how much each direction may take longer', '0')
    .option('--bandwidth-mbit <mbit>', "of each direction of each client's link (default: no limit)")
    .action(async (options: ServeOptions) => {
      process.exitCode = await serve(options);
    });
}

async function serve({ port, strategy, workload, ...rest }: ServeOptions): Promise<number> {
  const options = await parseRunOptions({ ...rest, strategies: [strategy], workloads: [workload] }, 1);
  const listenPort = parsePort(port);
  const interruption = onInterruption();
  const folder = await mkdtemp(join(tmpdir(), 'spr-bench-'));
  try {
    const cluster = await startCluster(options, listenPort, folder);
    try {
      describe(cluster, options, folder);
      await stopped(cluster, interruption.signal);
    } finally {
      await cluster.end();
    }
    const code = interruption.exitCode();
    if (code === undefined) process.stderr.write('spr-bench: the director has ended\n');
    return code ?? ExitCode.internal;
  } catch (error) {
    if (error instanceof Error && /EADDRINUSE|EACCES/.test(error.message)) {
      throw new UsageError(`--port ${port} cannot be used: ${error.message.split('\n')[0]}`, {
        cause: error,
      });
    }
    throw error;
  } finally {
    interruption.release();
    await rm(folder, { recursive: true, force: true });
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= MAX_PORT) return port;
  throw new UsageError(`--port ${text}: must be a whole number from 0 to ${MAX_PORT}`);
}

async function startCluster(options: RunOptions, port: number, folder: string): Promise<Cluster> {
  const [strategy, ...others] = options.strategies;
  const [workload] = options.workloads;
  if (strategy === undefined || workload === undefined || others.length > 0)
    throw new UsageError('--strategy: serve takes one strategy');
  const identity = await createIdentity({ key: options.key, servername: SERVERNAME });
  await writeFile(join(folder, 'ca.pem'), identity.caPem);
  return Cluster.start({
    clockStartNs: process.hrtime.bigint(),
    replicas: options.replicas,
    strategy: strategyFor(strategy.plugin, workload.plugin),
    strategySpecifier: strategy.specifier,
    workloadSpecifier: workload.specifier,
    seed: options.seed,
    engine: options.engine,
    rekey: options.rekey,
    tls: { version: options.suite.version, ciphers: options.suite.opensslName },
    identity,
    rttMs: options.rttMs,
    jitterMs: options.jitterMs,
    bandwidthMbit: options.bandwidthMbit,
    folder,
    port,
    detector: options.detector,
    onReplicaFailed: (replica, cause) => process.stdout.write(`replica ${replica} failed: ${cause}\n`),
  });
}

function describe(cluster: Cluster, options: RunOptions, folder: string): void {
  const { suite, strategies } = options;
  const [primary = 0] = cluster.replicaPids;
  const lines = [
    `strategy:   ${strategies[0]?.plugin.id}, TLS ${suite.version}, ${suite.name}`,
    `director:   https://127.0.0.1:${cluster.port}/ (pid ${cluster.directorPid})`,
    `replicas:   ${cluster.replicaPids.map((pid, index) => `${index} (pid ${pid})`).join(', ')}`,
    `CA:         ${join(folder, 'ca.pem')} (server name ${SERVERNAME}, localhost, 127.0.0.1)`,
    `try:        ${example(options, cluster.port, join(folder, 'ca.pem'))}`,
    `kill the primary with: kill -9 ${primary}`,
    'stop with Ctrl-C',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function example({ workloads, seed }: RunOptions, port: number, caPath: string): string {
  const workload = workloads[0]?.plugin;
  if (workload?.protocol === 'websocket') return `a WebSocket to wss://127.0.0.1:${port}/`;
  const { method, target } = (workload && exampleRequest(workload, seed)) ?? { method: 'GET', target: '/' };
  const url = `https://127.0.0.1:${port}${target}`;
  return method === 'GET' ? `curl --cacert ${caPath} '${url}'` : `a ${method} to ${url}`;
}

async function stopped(cluster: Cluster, signal: AbortSignal): Promise<void> {
  await Promise.race([
    cluster.directorExited,
    new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve());
      if (signal.aborted) resolve();
    }),
  ]);
}
