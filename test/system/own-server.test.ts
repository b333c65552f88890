/** Servers of the user's own as replicas: nginx, and a line of Node. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/folder.js';
import { descendantsOf, untilGone } from './support/processes.js';
import { isMissing, ROOT, runCli, startCli } from './support/program.js';
import { readSummary, readTrials } from './support/results.js';

/** As in the README of the examples. */
const ONE_LINER = `node -e "https.createServer({ cert: fs.readFileSync('{cert}'), key: fs.readFileSync('{key}') }, (q, s) => s.end('hello')).listen({port}, '127.0.0.1')"`;
/** Its clients wait for seconds: what is started stays for as long. */
const SILENT = ONE_LINER.replace("s.end('hello')", '{}');
const NGINX = 'examples/own-server/nginx.sh {port} {cert} {key} {folder} {ticket-keys}';
const NODE = 'node examples/own-server/server.js {port} {cert} {key} {ticket-keys}';
const SMALL = ['--connections', '8', '--trials', '1', '--seed', '1', '--quiet'];

function compare(command: string, folder: string, ...more: string[]) {
  const args = ['compare', '--replica-command', command, '--out', folder, ...SMALL, ...more];
  return runCli(args, { cwd: ROOT });
}

describe('a server of the user', () => {
  it.skipIf(isMissing('nginx'))('can be nginx: full and resumed handshakes are seen', async () => {
    const folder = temporaryFolder();
    const strategies = ['--strategies', 'full-handshake,session-resumption'];
    const result = await compare(NGINX, folder, ...strategies, '--paths', '/,/style.css');
    expect(result).toMatchObject({ code: 0 });
    const trials = readTrials(folder);
    expect(trials.map(({ status }) => status)).toEqual(['completed', 'completed']);
    for (const { spec, measurements } of trials) {
      expect(spec).toMatchObject({ engine: 'external', replicaCommand: NGINX });
      const handshakes =
        spec.strategy === 'full-handshake' ? { full: 8, resumed: 0 } : { full: 0, resumed: 8 };
      expect(measurements).toMatchObject({
        handshakesAfterFault: handshakes,
        executions: null,
        corruptedBytes: 0,
      });
      expect(measurements?.connections.every(({ fate }) => fate === 'reconnected')).toBe(true);
      expect(measurements?.requests.ok).toBeGreaterThan(16);
    }
  });

  it('is compared with SPR, which answers the same pages on replicas of ours', async () => {
    const folder = temporaryFolder();
    const result = await compare(ONE_LINER, folder, '--strategies', 'full-handshake,spr');
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain('own-server');
    const { strategies, comparisons } = readSummary(folder);
    expect(strategies).toMatchObject([
      { title: 'Full handshake (own server)', connections: { kept: 0, reconnected: 8, lost: 0 } },
      { title: 'SPR', connections: { kept: 8, reconnected: 0, lost: 0 } },
    ]);
    expect(comparisons.find(({ metric }) => metric === 'recoveryTimeMs')).toMatchObject({ pairs: 1 });
  });

  it('meets faults that end nothing by themselves, and ends as planned when it is told to', async () => {
    const folder = temporaryFolder();
    const faults = ['hang', 'partition', 'drain', 'rolling', 'restart'];
    // Silence is noticed after half a second.
    const heartbeats = ['--heartbeat-interval-ms', '50', '--heartbeat-missed', '10'];
    const result = await compare(
      NODE,
      folder,
      '--strategies',
      'full-handshake',
      '--faults',
      faults.join(),
      ...heartbeats,
    );
    expect(result).toMatchObject({ code: 0 });
    const trials = readTrials(folder);
    expect(trials.map(({ spec }) => spec.fault).sort()).toEqual([...faults].sort());
    for (const trial of trials) {
      // Seconds of a busy machine are silence too: that trial shows nothing, and says so.
      if (trial.status === 'inconclusive') continue;
      expect(trial).toMatchObject({ status: 'completed', violations: [] });
      expect(trial.measurements?.connections.map(({ fate }) => fate)).not.toContain('lost');
      expect(trial.measurements?.corruptedBytes).toBe(0);
    }
  });

  it('does not survive Ctrl-C, nor a killed orchestrator', async () => {
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const program = startCli(
        ['compare', '--replica-command', ONE_LINER, '--out', temporaryFolder(), ...SMALL],
        { cwd: ROOT },
      );
      // The director comes last; then the servers are there.
      let children: number[] = [];
      while (children.length < 3) {
        await sleep(20);
        children = descendantsOf(program.pid);
      }
      program.kill(signal);
      await program.ended;
      await untilGone(children);
    }
  });

  it('does not survive its watcher', async () => {
    const program = startCli(['compare', '--replica-command', SILENT, '--out', temporaryFolder(), ...SMALL], {
      cwd: ROOT,
    });
    // A child that has children: all others have none.
    let watched: readonly [watcher: number, servers: readonly number[]] | undefined;
    while (watched === undefined) {
      await sleep(20);
      watched = descendantsOf(program.pid)
        .map((watcher) => [watcher, descendantsOf(watcher)] as const)
        .find(([, servers]) => servers.length > 1);
    }
    const [watcher, servers] = watched;
    process.kill(watcher, 'SIGKILL');
    await untilGone(servers);
    expect((await program.ended).code).not.toBe(0);
  });

  it('that cannot be started is a wrong option, and leaves nothing', async () => {
    const result = await compare('no-such-server {port}', temporaryFolder());
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toBe(
      'spr-bench: --replica-command no-such-server {port}: the program "no-such-server" is not found\n',
    );
  });
});
