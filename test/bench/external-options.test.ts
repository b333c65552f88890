/** Runs against a server of the user's own: what the options allow, and what becomes of the trials. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { planTrials } from '../../src/bench/plan.js';
import { parseRunOptions, type RawRunOptions, type RunOptions } from '../../src/bench/run-options.js';
import { FAULTS } from '../../src/cluster/faults/index.js';

const COMMAND = 'server {port} {cert} {key}';
const WITH_TICKETS = `${COMMAND} {ticket-keys}`;

function parse(raw: RawRunOptions): Promise<RunOptions> {
  return parseRunOptions(raw, 1);
}

async function expectRefused(raw: RawRunOptions, ...mentions: string[]): Promise<void> {
  const error: unknown = await parse(raw).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  for (const mention of mentions) expect((error as UsageError).message).toContain(mention);
}

describe('options of a run against a server of the user', () => {
  it('take all strategies that the server can show, and those that keep connections on our own replicas', async () => {
    const ids = async (replicaCommand: string) =>
      (await parse({ replicaCommand })).strategies.map(({ plugin }) => plugin.id);
    expect(await ids(COMMAND)).toEqual(['full-handshake', 'full-state-copy', 'spr']);
    expect(await ids(WITH_TICKETS)).toEqual([
      'full-handshake',
      'session-resumption',
      'full-state-copy',
      'spr',
    ]);
  });

  it('say in reports which strategies ran on it, and in each trial what was started', async () => {
    const options = await parse({ replicaCommand: COMMAND, strategies: 'full-handshake,spr', trials: 1 });
    expect(options.strategies.map(({ plugin }) => plugin.title)).toEqual([
      'Full handshake (own server)',
      'SPR',
    ]);
    const specs = planTrials(options).sort((a, b) => a.strategy.localeCompare(b.strategy));
    expect(specs).toMatchObject([
      { strategy: 'full-handshake', workload: 'own-server', engine: 'external', replicaCommand: COMMAND },
      { strategy: 'spr', workload: 'own-server', engine: 'adopted' },
    ]);
    expect(specs[1]).not.toHaveProperty('replicaCommand');
    // Compared in pairs: the same requests.
    expect(specs[0]?.seed).toBe(specs[1]?.seed);
  });

  it('fetch / unless other paths are named, each once', async () => {
    expect((await parse({ replicaCommand: COMMAND })).external?.paths).toEqual(['/']);
    const { external } = await parse({ replicaCommand: COMMAND, paths: '/a, /b?c=1,/a' });
    expect(external?.paths).toEqual(['/a', '/b?c=1']);
  });

  it('take every fault: what ends nothing is seen by asking the server', async () => {
    const ids = FAULTS.map(({ id }) => id);
    const { faults } = await parse({ replicaCommand: COMMAND, faults: ids.join(',') });
    expect(faults.map(({ id }) => id)).toEqual(ids);
  });

  it('tell the server to end with SIGTERM unless it takes another signal for that', async () => {
    expect((await parse({ replicaCommand: COMMAND })).external?.stopSignal).toBe('SIGTERM');
    const { external } = await parse({ replicaCommand: COMMAND, replicaStopSignal: 'SIGQUIT' });
    expect(external?.stopSignal).toBe('SIGQUIT');
  });

  it('are absent without a command', async () => {
    expect((await parse({})).external).toBeUndefined();
  });

  it.each<[string, RawRunOptions, string[]]>([
    ['no port', { replicaCommand: 'server {cert}' }, ['{port}']],
    ['resumption without shared keys', { strategies: 'session-resumption' }, ['{ticket-keys}']],
    ['nothing that runs on it', { strategies: 'spr' }, ['full-handshake']],
    [
      'a signal that cannot be handled',
      { replicaStopSignal: 'SIGKILL' },
      ['--replica-stop-signal', 'SIGQUIT'],
    ],
    ['another workload', { workloads: 'request-reply' }, ['--workloads request-reply', 'own-server']],
    ['an engine', { engine: 'native' }, ['--engine native']],
    ['new keys', { rekey: true }, ['--rekey']],
    ['an audit', { audit: true }, ['--audit']],
    ['a sweep', { sweep: 'connections=1,2' }, ['--sweep']],
    ['a path without a slash', { paths: 'index.html' }, ['--paths index.html', '"/"']],
    ['a path with a line break', { paths: '/a\r\nb' }, ['--paths', '"/"']],
  ])('refuse %s', async (_what, raw, mentions) => {
    await expectRefused({ replicaCommand: COMMAND, ...raw }, ...mentions);
  });

  it.each<[string, RawRunOptions]>([
    ['--replica-shell', { replicaShell: true }],
    ['--proxy-protocol', { proxyProtocol: true }],
    ['--paths', { paths: '/' }],
    ['--replica-stop-signal SIGQUIT', { replicaStopSignal: 'SIGQUIT' }],
  ])('refuse %s without a command', async (option, raw) => {
    await expectRefused(raw, option, '--replica-command');
  });
});
