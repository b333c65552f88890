import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { parseRunOptions, type RawRunOptions } from '../../src/bench/run-options.js';

const RANDOM_SEED = 4711;
const ALL = ['full-handshake', 'session-resumption', 'full-state-copy', 'spr'];

const parse = (raw: RawRunOptions = {}) => parseRunOptions(raw, RANDOM_SEED);
const idsOf = (loaded: readonly { plugin: { id: string } }[]) => loaded.map(({ plugin }) => plugin.id);

async function expectRefused(raw: RawRunOptions, ...mentions: string[]): Promise<void> {
  const error: unknown = await parse(raw).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  for (const text of mentions) expect((error as UsageError).message).toContain(text);
  expect((error as UsageError).message).not.toContain('\n');
}

describe('what is not given', () => {
  it('has its default', async () => {
    const { strategies, workloads, faults, suite, ...rest } = await parse();
    expect(idsOf(strategies)).toEqual(ALL);
    expect(idsOf(workloads)).toEqual(['request-reply', 'bulk-download', 'idle-fleet']);
    expect(faults.map(({ id }) => id)).toEqual(['kill']);
    expect(suite.name).toBe('TLS_AES_128_GCM_SHA256');
    expect(rest).toEqual({
      connections: undefined,
      arrivals: undefined,
      trials: 6,
      precision: undefined,
      seed: RANDOM_SEED,
      key: 'ecdsa-p256',
      engine: 'adopted',
      rekey: false,
      jitterMs: 0,
      bandwidthMbit: undefined,
      warmUpMs: undefined,
      sessionAgeMs: undefined,
      sweep: undefined,
      audit: false,
      rttMs: 0,
      replicas: 2,
      detector: { intervalMs: 100, missedLimit: 20 },
    });
  });

  it('is less with quick, which what is given overrides', async () => {
    const quick = await parse({ quick: true });
    expect(idsOf(quick.workloads)).toEqual(['request-reply']);
    expect(quick.trials).toBe(2);
    const mixed = await parse({ quick: true, trials: '5', workloads: 'idle-fleet' });
    expect(idsOf(mixed.workloads)).toEqual(['idle-fleet']);
    expect(mixed.trials).toBe(5);
  });
});

describe('a precision', () => {
  it('is a share, with an end that is never before the trials to begin with', async () => {
    expect((await parse({ precision: '0.1' })).precision).toEqual({ share: 0.1, maxTrials: 30 });
    expect((await parse({ precision: 0.2, trials: 40 })).precision).toEqual({ share: 0.2, maxTrials: 40 });
    expect((await parse({ precision: 0.2, maxTrials: '8' })).precision).toEqual({ share: 0.2, maxTrials: 8 });
  });

  it('is refused where it means nothing', async () => {
    await expectRefused({ precision: '0' }, '--precision 0', '0.01 to 1');
    await expectRefused({ precision: 0.1, strategies: 'spr' }, '--precision 0.1', 'two strategies');
    await expectRefused({ maxTrials: 5 }, '--max-trials 5', '--precision');
    await expectRefused({ precision: 0.1, maxTrials: 5 }, '--max-trials 5', '6 trials');
  });
});

describe('lists', () => {
  it('are text with commas, or lists', async () => {
    expect(idsOf((await parse({ strategies: 'spr, full-handshake' })).strategies)).toEqual([
      'spr',
      'full-handshake',
    ]);
    expect(idsOf((await parse({ strategies: ['spr'] })).strategies)).toEqual(['spr']);
  });

  it('name each entry once, all of them by "all"', async () => {
    expect(idsOf((await parse({ strategies: 'spr,spr' })).strategies)).toEqual(['spr']);
    expect(idsOf((await parse({ strategies: 'spr,all' })).strategies)).toEqual([
      'spr',
      'full-handshake',
      'session-resumption',
      'full-state-copy',
    ]);
  });

  it.each(['strategies', 'workloads', 'faults'])('must not be empty: %s', async (name) => {
    await expectRefused({ [name]: ' , ' }, `--${name}`, 'at least one');
  });
});

describe('numbers', () => {
  it('may be text or numbers', async () => {
    expect(await parse({ connections: '12', rttMs: '0.5', seed: 3 })).toMatchObject({
      connections: 12,
      rttMs: 0.5,
      seed: 3,
    });
  });

  it.each<[string, string, unknown[], string]>([
    ['connections', '--connections', ['0', '100001', 'abc', '1.5', '', true, null, []], 'from 1 to 100000'],
    ['trials', '--trials', ['0', '1001', 'x'], 'from 1 to 1000'],
    ['seed', '--seed', ['-1', '1.5', '9007199254740992'], 'whole number from 0'],
    ['replicas', '--replicas', ['1', '17'], 'from 2 to 16'],
    ['rttMs', '--rtt-ms', ['-1', '10001', 'NaN', 'Infinity', ''], 'number from 0 to 10000'],
    ['jitterMs', '--jitter-ms', ['-1', '10001'], 'number from 0 to 10000'],
    ['warmUpMs', '--warm-up-ms', ['-1', '600001', 'x'], 'number from 0 to 600000'],
    ['bandwidthMbit', '--bandwidth-mbit', ['0', '0.05', '100001'], 'number from 0.1 to 100000'],
  ])('%s has its bounds', async (name, option, values, range) => {
    for (const value of values) await expectRefused({ [name]: value }, option, range);
  });
});

describe('choices', () => {
  it.each<[string, string]>([
    ['tls', '1.3, 1.2'],
    ['key', 'ecdsa-p256, rsa-2048, rsa-4096'],
    ['engine', 'adopted, native'],
    ['arrivals', 'open, closed'],
  ])('%s names what is allowed', async (name, allowed) => {
    await expectRefused({ [name]: 'nope' }, `--${name} nope`, allowed);
  });

  it('take a TLS version that is a number', async () => {
    expect((await parse({ tls: 1.2 })).suite.version).toBe('1.2');
  });

  it.each([
    ['aes-256-gcm', 'ecdsa-p256', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
    ['chacha20-poly1305', 'rsa-4096', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
  ])('%s with a key of %s is %s in TLS 1.2', async (suite, key, name) => {
    expect((await parse({ tls: '1.2', suite, key })).suite.name).toBe(name);
  });

  it('of a suite must fit version and key', async () => {
    await expectRefused({ tls: '1.2', suite: 'TLS_AES_128_GCM_SHA256' }, '--suite', 'TLS 1.2', 'aes-128-gcm');
  });

  it('of the native engine must not keep connections', async () => {
    await expectRefused({ engine: 'native' }, '--engine native', 'full-state-copy');
    const reconnecting = { engine: 'native', strategies: 'full-handshake,session-resumption' };
    expect((await parse(reconnecting)).engine).toBe('native');
  });
});

describe('names', () => {
  it.each<[string, RawRunOptions, string[]]>([
    ['a strategy', { strategies: 'nope' }, ['strategy "nope"', ...ALL]],
    ['a strategy file', { strategy: ['./nope.js'] }, ['./nope.js', 'cannot be loaded']],
    ['a workload', { workloads: 'nope' }, ['workload "nope"', 'request-reply']],
    ['a fault', { faults: 'nope' }, ['fault', '"nope"', 'kill, hang, double']],
    ['a heartbeat interval', { heartbeatIntervalMs: 0 }, ['--heartbeat-interval-ms 0', '1 to 60000']],
    ['missed heartbeats', { heartbeatMissed: 'x' }, ['--heartbeat-missed x', '1 to 1000']],
    [
      'a phase',
      { faultPhase: 'reply' },
      ['--fault-phase reply', 'handshake, idle, mid-request, mid-response'],
    ],
    ['an option', { conections: 1 }, ['"conections"', 'connections', 'rttMs']],
  ])('that are unknown are told with those that are not: %s', async (_, raw, mentions) => {
    await expectRefused(raw, ...mentions);
  });

  it('of files stay what child processes load them from', async () => {
    const file = './examples/strategies/eager-spr.js';
    const { strategies } = await parse({ strategies: 'spr', strategy: [file] });
    expect(strategies.map(({ specifier }) => specifier)).toEqual(['spr', file]);
    expect(idsOf(strategies)).toEqual(['spr', 'eager-spr']);
  });

  it('of strategies must differ', async () => {
    const file = './examples/strategies/eager-spr.js';
    await expectRefused(
      { strategy: [file, `${process.cwd()}/${file}`] },
      '--strategy',
      '"eager-spr" is taken',
    );
  });
});
