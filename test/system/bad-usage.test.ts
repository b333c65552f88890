/** What a user can do wrong: one clear line on stderr, exit code 2, and nothing left behind. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from './support/folder.js';
import { descendantsOf, untilGone } from './support/processes.js';
import { CLI, Program, type ProgramResult, runCli } from './support/program.js';

const USAGE = 2;

/** Exactly one line on stderr that mentions all of this, and nothing on stdout. */
function expectUsageError(result: ProgramResult, mentions: readonly string[]): void {
  expect(result).toMatchObject({ code: USAGE, stdout: '' });
  expect(result.stderr).toMatch(/^spr-bench: .+\n$/);
  for (const text of mentions) expect(result.stderr).toContain(text);
}

// All that can be wrong is in test/main/usage.test.ts: here is how the program ends then.
describe.concurrent('an option with a wrong value names the option, the value and what is allowed', () => {
  it.each<[string, string[]]>([
    ['compare --strategies nope', ['strategy', '"nope"', 'full-handshake, session-resumption']],
    ['serve --port 99999', ['--port 99999', '0 to 65535']],
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
