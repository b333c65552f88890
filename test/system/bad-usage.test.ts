/** What a user can do wrong: one clear line on stderr, exit code 2, and nothing left behind. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from './support/folder.js';
import { descendantsOf, untilGone } from './support/processes.js';
import { CLI, Program, type ProgramResult, ROOT, runCli } from './support/program.js';

const USAGE = 2;
const STRATEGIES = ['full-handshake', 'session-resumption', 'full-state-copy', 'spr'];
const SUITES = ['aes-128-gcm', 'aes-256-gcm', 'chacha20-poly1305'];

/** Exactly one line on stderr that mentions all of this, and nothing on stdout. */
function expectUsageError(result: ProgramResult, mentions: readonly string[]): void {
  expect(result).toMatchObject({ code: USAGE, stdout: '' });
  expect(result.stderr).toMatch(/^spr-bench: .+\n$/);
  for (const text of mentions) expect(result.stderr).toContain(text);
}

describe.concurrent('an option with a wrong value names the option, the value and what is allowed', () => {
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
  ])('%s', async (command, mentions) => {
    expectUsageError(await runCli(command.split(' ')), mentions);
  });
});

describe.concurrent('what is no option or command is named', () => {
  it.each<[string, string]>([
    ['compare --nope', "unknown option '--nope'"],
    ['compare nope', "too many arguments for 'compare'"],
    ['compare --connections', "'--connections <n>' argument missing"],
    ['nope', "unknown command 'nope'"],
    ['list', "missing required argument 'kind'"],
  ])('%s', async (command, mention) => {
    expectUsageError(await runCli(command.split(' ')), [mention]);
  });
});

describe('a plugin', () => {
  it.each<[string, string, string]>([
    ['without a default export', 'export const id = 1;', 'its default export is not an object'],
    ['with an incomplete strategy', "export default { id: 'mine' };", 'has no title or no summary'],
    ['that cannot be parsed', 'export default {', 'cannot be loaded'],
    ['that throws', "throw new Error('not today');", 'not today'],
    ['with a taken id', sprAgain(), 'the id "spr" is taken'],
  ])('%s is named with what it lacks', async (_, source, mention) => {
    const file = join(temporaryFolder(), 'plugin.mjs');
    writeFileSync(file, source);
    expectUsageError(await runCli(['compare', '--strategy', file]), [file, mention]);
  });
});

describe('a configuration file', () => {
  it.each<[string, string | undefined, string[]]>([
    ['that is missing', undefined, ['ENOENT']],
    ['that is no JSON', '{', ['JSON']],
    ['that is no object', '[]', ['one JSON object']],
  ])('%s is named', async (_, text, mentions) => {
    const file = join(temporaryFolder(), 'config.json');
    if (text !== undefined) writeFileSync(file, text);
    expectUsageError(await runCli(['compare', '--config', file]), [`--config ${file}`, ...mentions]);
  });

  it.each<[string, object, string[]]>([
    ['an unknown key', { conections: 5 }, ['"conections"', 'connections']],
    ['a number as a list', { strategies: 5 }, ['--strategies 5']],
    ['true as a number', { connections: true }, ['--connections true', '1 to 100000']],
    ['text as true', { quick: 'yes' }, ['--quick yes', 'true or false']],
    ['a number as a path', { out: 5 }, ['--out 5', 'path']],
    ['an unknown suite', { suite: 5 }, ['--suite 5']],
  ])('with %s is refused', async (_, config, mentions) => {
    const file = join(temporaryFolder(), 'config.json');
    writeFileSync(file, JSON.stringify(config));
    expectUsageError(await runCli(['compare', '--config', file]), mentions);
  });
});

describe('a folder', () => {
  it('for results that is a file is refused', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expectUsageError(await runCli(['compare', '--quick', '--out', file]), [`--out ${file}`]);
  });

  it('for results that cannot be made is refused', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expectUsageError(await runCli(['compare', '--quick', '--out', join(file, 'below')]), [`--out ${file}`]);
  });

  it('for a report that is missing, or holds no run, is refused', async () => {
    const folder = temporaryFolder();
    expectUsageError(await runCli(['report', folder]), [join(folder, 'summary.json')]);
    expectUsageError(await runCli(['report', join(folder, 'missing')]), ['missing', 'summary.json']);
  });

  it('for a report with broken results is refused with the place', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'summary.json'), '{"schemaVersion": 99}');
    expectUsageError(await runCli(['report', folder]), ['summary.json', 'schemaVersion']);
    mkdirSync(join(folder, 'trials.ndjson'));
    expectUsageError(await runCli(['report', folder, '--format', 'pdf']), ['--format pdf', 'table', 'html']);
  });
});

describe('limits of the machine', () => {
  it('a port that is taken is named, and nothing is left', async () => {
    const server = await listen();
    const { port } = server.address() as AddressInfo;
    const serve = new Program(process.execPath, [CLI, 'serve', '--port', String(port)]);
    const pids = await childrenUntilEnd(serve);
    expectUsageError(await serve.ended, [`--port ${port}`, 'EADDRINUSE']);
    await untilGone(pids);
  });

  it('too few file descriptors are told before anything is started', async () => {
    // Enough to start with, too few for the connections.
    const command = `ulimit -n 160; exec "$0" "$@"`;
    const args = ['--quick', '--connections', '400', '--strategies', 'spr', '--out', temporaryFolder()];
    const compare = new Program('/bin/sh', ['-c', command, process.execPath, CLI, 'compare', ...args]);
    const pids = await childrenUntilEnd(compare);
    expectUsageError(await compare.ended, ['--connections 400', 'limit of 160 open files', 'ulimit -n']);
    await untilGone(pids);
  });
});

/** All processes that were seen below a program while it ran. */
async function childrenUntilEnd(program: Program): Promise<number[]> {
  const seen = new Set<number>();
  let ended = false;
  void program.ended.then(() => {
    ended = true;
  });
  while (!ended) {
    for (const pid of descendantsOf(program.pid)) seen.add(pid);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return [...seen];
}

/** A server on any port, for the duration of the test. */
async function listen(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return server;
}

function sprAgain(): string {
  const spr = pathToFileURL(join(ROOT, 'dist/strategies/spr.js')).href;
  return `export { spr as default } from ${JSON.stringify(spr)};`;
}
