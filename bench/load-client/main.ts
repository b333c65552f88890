/**
 * What the load client can do, and what it adds to what it measures. Run it with `npm run bench:load-client`; `--help` has the
 * options.
 *
 * - Closed loop, against nginx (a server of our own where it is missing): the load client beside a client of `node:tls` that
 *   does nothing, which is its floor, and wrk, in turns. Each is busy all the time, so that its latencies are mostly the time
 *   that replies wait for it: compare processor time.
 * - Open arrivals at a fixed rate, against a server that notes its own times: how much of the latency is the client's own doing
 *   (`self-caused.ts`). wrk has no open arrivals.
 *
 * `--against` names the folder `dist` of another build, whose load client takes its turns beside this one's. Clients and server
 * share the machine's cores, and processor time is read from /proc: Linux only.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdentity } from '../../src/cluster/certificates.js';
import { endOnInterrupt, runProgram } from '../program.js';
import { isInstalled } from '../steady-state/load.js';
import { SERVERNAME } from '../steady-state/stack.js';
import { type ClosedRound, measureClosedLoop } from './closed-loop.js';
import { BARE, type Contender, loadClient, type Target, WRK } from './contenders.js';
import { measureOpenArrivals, type OpenRound } from './open-arrivals.js';
import { type Options, readOptions, USAGE } from './options.js';
import { type Server, type ServerOptions, startNginx, startObservedServer } from './servers.js';
import { renderClosedLoop, renderOpenArrivals } from './table.js';

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const folder = await mkdtemp(join(tmpdir(), 'spr-bench-'));
  // Also when the process is interrupted.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const serverOptions: ServerOptions = {
    identity: await createIdentity({ key: 'ecdsa-p256', servername: SERVERNAME }),
    clockStartNs: String(process.hrtime.bigint()),
    replyBytes: options.replyBytes,
    folder,
  };
  if (options.loops.includes('closed')) await compareClosedLoops(options, serverOptions);
  if (options.loops.includes('open')) await compareOpenArrivals(options, serverOptions);
  return 0;
}

async function compareClosedLoops(options: Options, serverOptions: ServerOptions): Promise<void> {
  const server: Server = await ((await isInstalled('nginx')) ? startNginx : startObservedServer)(
    serverOptions,
  );
  const contenders: Contender[] = [...options.builds].map(([id, dist]) => loadClient(id, dist));
  contenders.push(BARE);
  if (await isInstalled('wrk')) contenders.push(WRK);
  else process.stderr.write('skipped: wrk is not installed, nothing is compared with it\n');
  try {
    for (const connections of options.connections) {
      const target = targetOf(server, connections, serverOptions);
      const rounds = await inTurns(contenders, options.rounds, (contender): Promise<ClosedRound> => {
        return measureClosedLoop(contender, server, target);
      });
      process.stdout.write(`\n${renderClosedLoop({ server: server.name, ...target }, rounds)}`);
    }
  } finally {
    await server.end();
  }
}

async function compareOpenArrivals(options: Options, serverOptions: ServerOptions): Promise<void> {
  const server = await startObservedServer(serverOptions);
  const builds = [...options.builds].map(([id, dist]) => ({ id, dist }));
  try {
    for (const ratePerSecond of options.ratesPerSecond) {
      for (const connections of options.connections) {
        const target = targetOf(server, connections, serverOptions);
        const rounds = await inTurns(builds, options.rounds, ({ dist }): Promise<OpenRound> => {
          return measureOpenArrivals(server, target, ratePerSecond, dist);
        });
        process.stdout.write(`\n${renderOpenArrivals({ ratePerSecond, ...target }, rounds)}`);
      }
    }
  } finally {
    await server.end();
  }
}

function targetOf(
  { port }: Server,
  connections: number,
  { identity, replyBytes, clockStartNs }: ServerOptions,
): Target {
  return { port, ca: identity.caPem, connections, replyBytes, clockStartNs };
}

/** The order turns from round to round. */
async function inTurns<C extends { readonly id: string }, R>(
  contenders: readonly C[],
  count: number,
  measure: (contender: C) => Promise<R>,
): Promise<Map<string, R[]>> {
  const rounds = new Map<string, R[]>(contenders.map(({ id }) => [id, []]));
  for (let round = 0; round < count; round++) {
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      rounds.get(contender.id)?.push(await measure(contender));
    }
    process.stderr.write(`round ${round + 1} of ${count}\n`);
  }
  return rounds;
}

endOnInterrupt();
process.exitCode = await runProgram({ usage: USAGE, main });
