/** What a user can do wrong with each command. How the program ends then is shown by the system tests. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatBaseline, makeBaseline } from '../../src/bench/gate/baseline.js';
import { readStoredRun } from '../../src/bench/gate/stored-run.js';
import { makeTrials, type RunModel } from '../bench/gate/runs.js';
import { fixtureSummary } from '../fixtures/results.js';
import { expectRefused } from './refusal.js';

const STRATEGIES = ['full-handshake', 'session-resumption', 'full-state-copy', 'spr'];
const SUITES = ['aes-128-gcm', 'aes-256-gcm', 'chacha20-poly1305'];

const folder = mkdtempSync(join(tmpdir(), 'spr-bench-usage-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

function store(text: string, extension: string): string {
  const path = join(folder, `file-${++files}.${extension}`);
  writeFileSync(path, text);
  return path;
}

/** Stores a run as `compare` does. */
function storeRun(model: RunModel = {}): string {
  const path = join(folder, `run-${++files}`);
  mkdirSync(path);
  writeFileSync(join(path, 'summary.json'), JSON.stringify(fixtureSummary()));
  const lines = makeTrials(model).map((trial) => `${JSON.stringify(trial)}\n`);
  writeFileSync(join(path, 'trials.ndjson'), lines.join(''));
  return path;
}

describe('an option with a wrong value names the option, the value and what is allowed', () => {
  it.each<[string, string[]]>([
    ['compare --strategies nope', ['strategy', '"nope"', ...STRATEGIES]],
    ['compare --strategies ,', ['--strategies', 'at least one']],
    ['compare --strategy ./missing.js', ['strategy ./missing.js', 'cannot be loaded']],
    ['compare --workloads nope', ['workload', '"nope"', 'request-reply', 'bulk-download', 'idle-fleet']],
    ['compare --workloads ./missing.js', ['workload ./missing.js', 'cannot be loaded']],
    ['compare --workloads ,', ['--workloads', 'at least one']],
    ['compare --faults nope', ['fault', '"nope"', 'kill, hang, double']],
    ['compare --connections 0', ['--connections 0', '1 to 100000']],
    ['compare --connections abc', ['--connections abc', '1 to 100000']],
    ['compare --connections=', ['--connections', '1 to 100000']],
    ['compare --arrivals sometimes', ['--arrivals sometimes', 'open, closed']],
    ['compare --trials 0', ['--trials 0', '1 to 1000']],
    ['compare --seed -1', ['--seed']],
    ['compare --seed 1.5', ['--seed 1.5', 'whole number']],
    ['compare --tls 1.1', ['--tls 1.1', '1.3, 1.2']],
    ['compare --suite des', ['--suite "des"', ...SUITES]],
    ['compare --key dsa', ['--key dsa', 'ecdsa-p256, rsa-2048, rsa-4096']],
    ['compare --engine nope', ['--engine nope', 'adopted, native']],
    ['compare --engine native --strategies spr', ['--engine native', 'spr']],
    ['compare --rtt-ms x', ['--rtt-ms x', '0 to 10000']],
    ['compare --replicas 1', ['--replicas 1', '2 to 16']],
    ['serve --port 99999', ['--port 99999', '0 to 65535']],
    ['serve --port abc', ['--port abc', '0 to 65535']],
    ['serve --strategy all', ['--strategy', 'one strategy']],
    ['list nope', ['nope', 'strategies, workloads, faults']],
    ['soak --duration-s 0', ['--duration-s 0: must be a number from 1 to 604800']],
    ['soak --faults nothing', ['fault "nothing" is unknown']],
    ['soak --workloads request-reply,request-reply', ['names a workload twice']],
    ['soak --strategy all', ['soak takes one strategy']],
    ['soak --strategies spr,full-handshake', ['--fault-every-ms, which is missing']],
    ['throughput --rounds 0', ['--rounds 0', '1 to 1000']],
    ['throughput --duration-s 0.5', ['--duration-s 0.5', 'whole number']],
    ['throughput --engine native', ['--engine native', 'keeps connections']],
    ['micro --filter nothing-like-it', ['the groups are: Static state']],
    ['micro --time-ms 0', ['--time-ms 0: must be a number from 1 to 60000']],
    ['micro --time-ms=', ['must be a number']],
    ['micro --against no-such-folder', ['no-such-folder: no such folder']],
    ['calibrate --trials 5', ['--trials 5: must be a whole number from 6']],
    ['calibrate --blocks 11', ['--blocks 11: must be a whole number from 12']],
  ])('%s', (words, mentions) => expectRefused(words.split(' '), ...mentions));

  it('and leaves no folder of that name', () => {
    expect(existsSync('no-such-folder')).toBe(false);
  });
});

describe('a plugin', () => {
  const taken = {
    ...{ id: 'spr', title: 'Mine', summary: 'Has a name that is taken.', replicates: [] },
    ...{ expects: { handshake: 'full', transport: 'reconnected' } },
    client: { onTransportLost: 'full-handshake' },
  };

  it.each<[string, string, string]>([
    ['without a default export', 'export const id = 1;', 'its default export is not an object'],
    ['with an incomplete strategy', "export default { id: 'mine' };", 'has no title or no summary'],
    ['that cannot be parsed', 'export default {', 'cannot be loaded'],
    ['that throws', "throw new Error('not today');", 'not today'],
    ['with a taken id', `export default ${JSON.stringify(taken)};`, 'the id "spr" is taken'],
  ])('%s is named with what it lacks', async (_, source, mention) => {
    const file = store(source, 'mjs');
    await expectRefused(['compare', '--strategy', file], file, mention);
  });
});

describe('a configuration file', () => {
  it('that is missing is named', async () => {
    const file = join(folder, 'missing.json');
    await expectRefused(['compare', '--config', file], `--config ${file}`, 'ENOENT');
  });

  it.each<[string, string, string[]]>([
    ['that is no JSON', '{', ['JSON']],
    ['that is no object', '[]', ['one JSON object']],
  ])('%s is named', async (_, text, mentions) => {
    const file = store(text, 'json');
    await expectRefused(['compare', '--config', file], `--config ${file}`, ...mentions);
  });

  it.each<[string, object, string[]]>([
    ['an unknown key', { conections: 5 }, ['"conections"', 'connections']],
    ['a number as a list', { strategies: 5 }, ['--strategies 5']],
    ['true as a number', { connections: true }, ['--connections true', '1 to 100000']],
    ['text as true', { quick: 'yes' }, ['--quick yes', 'true or false']],
    ['a number as a path', { out: 5 }, ['--out 5', 'path']],
    ['an unknown suite', { suite: 5 }, ['--suite 5']],
  ])('with %s is refused', async (_, config, mentions) => {
    await expectRefused(['compare', '--config', store(JSON.stringify(config), 'json')], ...mentions);
  });

  it('of a comparison calibrates the same conditions', async () => {
    const ofCompare = { out: 'elsewhere', json: true, quiet: true, precision: 0.1, maxTrials: 30 };
    const refused = (changes: object, mention: string): Promise<void> =>
      expectRefused(
        ['calibrate', '--config', store(JSON.stringify({ ...ofCompare, ...changes }), 'json')],
        mention,
      );
    await refused({ trials: 5 }, '--trials 5: must be a whole number from 6');
    await refused({ trials: 8, connections: 'many' }, 'many');
  });
});

describe('gate', () => {
  const run = storeRun();
  let baseline: string;
  beforeAll(async () => {
    baseline = store(formatBaseline(makeBaseline(await readStoredRun(run, () => {}))), 'json');
  });

  it('says what is missing or wrong', async () => {
    await expectRefused(['gate', run], '--baseline <file> is missing');
    await expectRefused(['gate', '--baseline', baseline], 'the folder of a run is missing');
    await expectRefused(['gate', '--baseline', join(folder, 'nowhere.json'), run], 'nowhere.json');
    await expectRefused(['gate', '--baseline', baseline, '--trials', '8', run], '--trials is for --selftest');
    await expectRefused(
      ['gate', '--baseline', baseline, '--windows', '8', run],
      '--windows is for --selftest',
    );
    await expectRefused(['gate', '--selftest', '--trials', '2'], '--trials 2');
    await expectRefused(['gate', '--selftest', '--windows', '0'], '--windows 0');
    await expectRefused(['gate', '--selftest', run], `takes no ${run}`);
    await expectRefused(['gate', '--selftest', '--config', 'x'], 'takes no --config');
  });

  it('says of a threshold of a tail why it cannot be gated', async () => {
    const refused = (ratio: object, mention: string): Promise<void> => {
      const config = store(JSON.stringify({ thresholds: { ratio } }), 'json');
      return expectRefused(['gate', '--baseline', baseline, run, '--config', config], mention);
    };
    await refused({ recoveryTimeP95Ms: 0.1 }, 'interval of p95 takes 72');
    await refused({ speed: 0.1 }, 'unknown, allowed are');
  });

  it('compares no run under other options', async () => {
    const other = storeRun({ spec: { rttMs: 99 } });
    await expectRefused(['gate', '--baseline', baseline, other], 'has rttMs 10, the run 99');
  });

  it('has no baseline of a run with violations', async () => {
    await expectRefused(['baseline', storeRun({ violations: ['1 wrong byte'] })], '1 wrong byte');
  });
});

describe('micro', () => {
  it('a micro.json that is none is named, not drawn', async () => {
    const run = storeRun();
    writeFileSync(join(run, 'micro.json'), '{"schemaVersion":1}');
    await expectRefused(['report', run], 'micro.json: not a result of micro');
  });
});
