import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ChildChannel, spawnChild } from '../../src/net/message-channel.js';

type ToChild =
  | { kind: 'echo'; value: unknown }
  | { kind: 'describe' }
  | { kind: 'throw'; text: string }
  | { kind: 'reject'; text: string }
  | { kind: 'exit'; code: number; text: string }
  | { kind: 'stall' };
type FromChild =
  | { kind: 'ready' }
  | { kind: 'noted' }
  | { kind: 'echoed'; value: unknown }
  | { kind: 'described'; execArgv: string[]; nodeOptions: string | undefined };

const TIMEOUT_MS = 10_000;
const root = fileURLToPath(new URL('../..', import.meta.url));
const childModule = new URL('./fixtures/echo-child.mjs', import.meta.url);
const orchestratorModule = fileURLToPath(new URL('./fixtures/orchestrator.mjs', import.meta.url));
let folder = '';
const channels: ChildChannel<ToChild, FromChild>[] = [];

/** Plain node runs the fixtures, so it needs the module as JavaScript. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'message-channel-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...[
        '--ignoreConfig',
        '--target',
        'es2023',
        '--module',
        'nodenext',
        '--types',
        'node',
        '--skipLibCheck',
      ],
      ...['--outDir', folder, join(root, 'src/net/message-channel.ts')],
    ],
    { cwd: root },
  );
  vi.stubEnv('MESSAGE_CHANNEL_MODULE', join(folder, 'message-channel.js'));
});

afterEach(async () => {
  await Promise.all(channels.splice(0).map((channel) => channel.end()));
});

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function spawnEcho(): ChildChannel<ToChild, FromChild> {
  const channel = spawnChild<ToChild, FromChild>({ module: childModule, name: 'echo child' });
  channels.push(channel);
  return channel;
}

describe('ChildChannel', () => {
  it('carries what JSON cannot: bigint, Buffer, Map', async () => {
    const channel = spawnEcho();
    const value = { time: 2n ** 63n, bytes: Buffer.from('abc'), map: new Map([['k', 1]]) };
    channel.send({ kind: 'echo', value });

    const reply = await channel.expect('echoed', TIMEOUT_MS);

    expect(reply.value).toEqual(value);
    expect(Buffer.isBuffer((reply.value as typeof value).bytes)).toBe(true);
  });

  it('keeps messages until they are asked for, in their order', async () => {
    const channel = spawnEcho();
    channel.send({ kind: 'echo', value: 1 });
    channel.send({ kind: 'echo', value: 2 });
    channel.send({ kind: 'describe' });

    await channel.expect('described', TIMEOUT_MS);

    expect((await channel.expect('echoed', TIMEOUT_MS)).value).toBe(1);
    expect((await channel.expect('echoed', TIMEOUT_MS)).value).toBe(2);
    await channel.expect('ready', TIMEOUT_MS);
  });

  it('hands messages to a handler, those that came before it included', async () => {
    const channel = spawnEcho();
    channel.send({ kind: 'echo', value: 'before' });
    channel.send({ kind: 'describe' });
    await channel.expect('described', TIMEOUT_MS);

    const seen: unknown[] = [];
    channel.on('echoed', ({ value }) => seen.push(value));
    channel.send({ kind: 'echo', value: 'after' });
    channel.send({ kind: 'describe' });
    await channel.expect('described', TIMEOUT_MS);

    expect(seen).toEqual(['before', 'after']);
  });

  it("starts children without the parent's node options", async () => {
    vi.stubEnv('NODE_OPTIONS', '--no-warnings');
    const channel = spawnEcho();
    channel.send({ kind: 'describe' });

    const { execArgv, nodeOptions } = await channel.expect('described', TIMEOUT_MS);

    expect(execArgv).toEqual([]);
    expect(nodeOptions).toBeUndefined();
  });

  it('rejects with child, kind, exit code and last output when the child exits first', async () => {
    const channel = spawnEcho();
    const waiting = channel.expect('described', TIMEOUT_MS);
    channel.send({ kind: 'exit', code: 7, text: 'no licence for this' });

    await expect(waiting).rejects.toThrow(
      /^echo child sent no 'described': it exited with code 7\nlast output of echo child:\nno licence for this$/,
    );
    await expect(channel.exited).resolves.toEqual({ code: 7, signal: null });
    await expect(channel.expect('described', TIMEOUT_MS)).rejects.toThrow('exited with code 7');
  });

  it('keeps the end of a long output', async () => {
    const channel = spawnEcho();
    const waiting = channel.expect('described', TIMEOUT_MS);
    channel.send({ kind: 'exit', code: 1, text: `first${'x'.repeat(100_000)}last` });

    const error = await waiting.catch((reason: Error) => reason);
    expect(String(error)).toMatch(/xlast$/);
    expect(String(error)).not.toContain('first');
    expect(String(error).length).toBeLessThan(9000);
  });

  it.each(['throw', 'reject'] as const)('reports an error in a handler (%s)', async (kind) => {
    const channel = spawnEcho();
    channel.send({ kind, text: 'port is taken' });

    await expect(channel.expect('echoed', TIMEOUT_MS)).rejects.toThrow('it failed: port is taken');
    await expect(channel.exited).resolves.toEqual({ code: 1, signal: null });
  });

  it('reports a message that the child does not know', async () => {
    const channel = spawnEcho();
    channel.send({ kind: 'unheard' } as unknown as ToChild);

    await expect(channel.expect('echoed', TIMEOUT_MS)).rejects.toThrow(
      "no handler for a message of kind 'unheard'",
    );
  });

  it('rejects when the time is over', async () => {
    const channel = spawnEcho();

    await expect(channel.expect('echoed', 1)).rejects.toThrow(
      "echo child sent no 'echoed': none came within 1 ms",
    );
  });

  it('tells the signal that ended the child', async () => {
    const channel = spawnEcho();
    await channel.expect('ready', TIMEOUT_MS);
    expect(channel.kill('SIGKILL')).toBe(true);

    await expect(channel.expect('echoed', TIMEOUT_MS)).rejects.toThrow('it was ended by SIGKILL');
    expect(channel.kill('SIGKILL')).toBe(false);
    channel.send({ kind: 'describe' });
  });

  it('leaves SIGINT to the orchestrator', async () => {
    const channel = spawnEcho();
    await channel.expect('ready', TIMEOUT_MS);
    channel.kill('SIGINT');
    channel.send({ kind: 'echo', value: 'alive' });

    expect((await channel.expect('echoed', TIMEOUT_MS)).value).toBe('alive');
  });

  it('ends a child by disconnecting', async () => {
    const channel = spawnEcho();
    await channel.expect('ready', TIMEOUT_MS);

    await channel.end();

    await expect(channel.exited).resolves.toEqual({ code: 0, signal: null });
    await channel.end();
  });

  it('ends a stopped child', async () => {
    const channel = spawnEcho();
    await channel.expect('ready', TIMEOUT_MS);
    channel.kill('SIGSTOP');

    await channel.end();

    await expect(channel.exited).resolves.toEqual({ code: 0, signal: null });
  });

  it('expects nothing more of a child that it ended', async () => {
    const channel = spawnEcho();
    await channel.expect('ready', TIMEOUT_MS);
    const expected = expect(channel.expect('echoed', TIMEOUT_MS)).rejects.toThrow('it was ended');

    await channel.end();

    await expected;
  });

  it('kills a child that does not end when it is asked to', async () => {
    const channel = spawnEcho();
    channel.send({ kind: 'stall' });
    await channel.expect('noted', TIMEOUT_MS);

    await channel.end();

    await expect(channel.exited).resolves.toEqual({ code: null, signal: 'SIGKILL' });
  });
});

describe('serveParent', () => {
  it('refuses a process that has no orchestrator', () => {
    const script = `(await import(process.env.MESSAGE_CHANNEL_MODULE)).serveParent({})`;

    expect(() =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe' }),
    ).toThrow('must be started by the orchestrator');
  });

  it.each(['run', 'stop'])('ends the child of an orchestrator that was killed (%s)', async (state) => {
    const exitFile = join(folder, `exit-${state}`);
    const orchestrator = spawn(process.execPath, [
      orchestratorModule,
      fileURLToPath(childModule),
      exitFile,
      state,
    ]);
    await firstOutput(orchestrator);

    orchestrator.kill('SIGKILL');

    await vi.waitFor(() => expect(readFileSync(exitFile, 'utf8')).toBe('exit 0'), { timeout: TIMEOUT_MS });
  });
});

async function firstOutput(child: ChildProcess): Promise<void> {
  if (child.stdout !== null) await once(child.stdout, 'data');
}
