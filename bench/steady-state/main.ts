/**
 * What serving costs while nothing fails: spr-bench's stack beside what runs today, in turns, several rounds. Run it with
 * `npm run bench:steady-state`; PERFORMANCE.md has the stacks and the last figures.
 *
 * Usage: main.js [--stacks ID,ID] [--connections N,N] [--bytes N,N] [--rounds N] [--against DIST]. `--against` names the
 * folder `dist` of another build, whose `spr` is measured beside this one's.
 *
 * Known gap: load, front and servers share the machine's cores, so requests per second say how much all of them together
 * take; trust the CPU time. It is read from /proc: Linux only.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/base/errors.js';
import { createIdentity, type Identity } from '../../src/cluster/certificates.js';
import { startClusterStack } from './cluster-stack.js';
import { chooseLoad, isInstalled, type Load } from './load.js';
import { type Case, measureRound, type Round, requestUrl } from './measure.js';
import { startFloorStack, startHaproxyStack } from './node-stacks.js';
import { SERVERNAME, type Stack, type StackOptions } from './stack.js';
import { type Comparison, renderCase } from './table.js';

/** Exit codes of a wrong usage, and of Ctrl-C as shells have it. */
const USAGE = 2;
const INTERRUPTED = 130;

type Start = (options: StackOptions) => Promise<Stack>;

/** `full-handshake` is the stack of `spr` with replication off. */
const STARTS: Readonly<Record<string, Start>> = {
  haproxy: startHaproxyStack,
  spr: (options) => startClusterStack({ ...options, id: 'spr', strategy: 'spr' }),
  'replication-off': (options) =>
    startClusterStack({ ...options, id: 'replication-off', strategy: 'full-handshake' }),
  'full-state-copy': (options) =>
    startClusterStack({ ...options, id: 'full-state-copy', strategy: 'full-state-copy' }),
  'native-behind-director': (options) =>
    startClusterStack({
      ...options,
      id: 'native-behind-director',
      strategy: 'full-handshake',
      engine: 'native',
    }),
  floor: startFloorStack,
};
const AGAINST = 'spr-of-other-build';
const COMPARISONS: readonly Comparison[] = [
  ['spr', 'haproxy'],
  ['replication-off', 'haproxy'],
  ['native-behind-director', 'haproxy'],
  ['floor', 'haproxy'],
  ['spr', 'replication-off'],
  ['full-state-copy', 'replication-off'],
  ['spr', AGAINST],
];

interface Options {
  readonly stacks: readonly string[];
  readonly cases: readonly Case[];
  readonly rounds: number;
  readonly against: string | undefined;
}

async function main(): Promise<void> {
  const options = parseOptions();
  const { name, load } = await chooseLoad();
  process.stderr.write(`load: ${name}\n`);
  const identity = await createIdentity({ key: 'ecdsa-p256', servername: SERVERNAME });
  const folder = await mkdtemp(join(tmpdir(), 'spr-bench-'));
  // Also when the process is interrupted.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const stacks: Stack[] = [];
  try {
    for (const [id, start] of await chooseStarts(options)) {
      const own = await mkdtemp(join(folder, `${id}-`));
      stacks.push(await start({ identity, folder: own }));
    }
    for (const each of options.cases) {
      const rounds = await measureCase(stacks, each, options.rounds, load, identity);
      process.stdout.write(`\n${renderCase(each, rounds, COMPARISONS)}`);
    }
  } finally {
    for (const stack of stacks) await stack.end();
  }
}

function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      stacks: { type: 'string', default: Object.keys(STARTS).join(',') },
      connections: { type: 'string', default: '32,500' },
      bytes: { type: 'string', default: '128,65536' },
      rounds: { type: 'string', default: '5' },
      against: { type: 'string' },
    },
  });
  const connections = values.connections.split(',').map((text) => positive('--connections', text));
  const bytes = values.bytes.split(',').map((text) => positive('--bytes', text));
  const stacks = values.stacks.split(',');
  const unknown = stacks.find((id) => STARTS[id] === undefined);
  if (unknown !== undefined) {
    throw new UsageError(`--stacks: "${unknown}" is none of ${Object.keys(STARTS).join(', ')}`);
  }
  return {
    stacks,
    cases: bytes.flatMap((replyBytes) => connections.map((each) => ({ connections: each, replyBytes }))),
    rounds: positive('--rounds', values.rounds),
    against: values.against === undefined ? undefined : resolve(values.against),
  };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`${option}: "${text}" is not a whole number from 1 on`);
}

async function chooseStarts({ stacks, against }: Options): Promise<[string, Start][]> {
  const starts = stacks.flatMap((id): [string, Start][] => {
    const start = STARTS[id];
    return start === undefined ? [] : [[id, start]];
  });
  if (against !== undefined) {
    starts.push([
      AGAINST,
      (options) => startClusterStack({ ...options, id: AGAINST, strategy: 'spr', build: against }),
    ]);
  }
  if (!stacks.includes('haproxy') || (await isInstalled('haproxy'))) return starts;
  process.stderr.write('skipped: haproxy is not installed, nothing is compared with it\n');
  return starts.filter(([id]) => id !== 'haproxy');
}

/** One round that does not count, so that all code is compiled, then the others. The order turns from round to round. */
async function measureCase(
  stacks: readonly Stack[],
  of: Case,
  count: number,
  load: Load,
  identity: Identity,
): Promise<Map<string, Round[]>> {
  const rounds = new Map<string, Round[]>(stacks.map(({ id }) => [id, []]));
  for (let round = -1; round < count; round++) {
    const first = Math.max(0, round) % stacks.length;
    for (const stack of [...stacks.slice(first), ...stacks.slice(0, first)]) {
      if (round < 0) await checkReply(stack, of, identity);
      const measured = await measureRound(stack, load, of);
      if (round >= 0) rounds.get(stack.id)?.push(measured);
    }
    process.stderr.write(
      `${of.connections} connections, ${of.replyBytes} B: round ${round + 1} of ${count}\n`,
    );
  }
  return rounds;
}

/** The load looks at nothing but the status: what is measured has to be the whole reply. */
async function checkReply(stack: Stack, of: Case, { caPem }: Identity): Promise<void> {
  const url = requestUrl(stack, of);
  const bytes = await new Promise<number>((done, reject) => {
    const request = url.startsWith('https:')
      ? getHttps(url, { ca: caPem, servername: SERVERNAME, agent: false })
      : getHttp(url, { agent: false });
    request.on('error', reject).on('response', (response) => {
      let received = 0;
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      response.on('end', () => done(received));
    });
  });
  if (bytes !== of.replyBytes) throw new Error(`${stack.id}: a reply of ${bytes} bytes at ${url}`);
}

process.once('SIGINT', () => process.exit(INTERRUPTED));
process.once('SIGTERM', () => process.exit(INTERRUPTED));
try {
  await main();
} catch (error) {
  if (!isUsage(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = USAGE;
}

/** Ours, or that of `parseArgs`. */
function isUsage(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}
