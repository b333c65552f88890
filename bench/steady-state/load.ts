/** Load of a fixed number of connections, each with one request under way all the time: wrk, or autocannon without it. */
import { type ChildProcess, execFile, fork, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
}

export interface RunningLoad {
  /** Ends the load. Rejects when a request failed, or when the load ended by itself. */
  stop(): Promise<void>;
}

export type Load = (options: LoadOptions) => RunningLoad;

/** Longer than any round: the load is stopped. */
const MAX_SECONDS = 600;

const run = promisify(execFile);

/** wrk takes a fifth of the processor time that autocannon takes, and is preferred. */
export async function chooseLoad(): Promise<{ readonly name: 'wrk' | 'autocannon'; readonly load: Load }> {
  return (await isInstalled('wrk'))
    ? { name: 'wrk', load: wrk }
    : { name: 'autocannon', load: autocannonProcess };
}

/** Whether a program is found in PATH. */
export async function isInstalled(program: string): Promise<boolean> {
  try {
    await run(program, ['-v']);
    return true;
  } catch (error) {
    // Some programs tell their version and exit with 1.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function wrk({ url, connections }: LoadOptions): RunningLoad {
  // With its timeout of 2 s it would count replies as failed that a busy machine only delays.
  const limits = [`-d${MAX_SECONDS}s`, '--timeout', `${MAX_SECONDS}s`];
  const child = spawn('wrk', ['-t1', `-c${connections}`, ...limits, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = text(child.stdout);
  return running(child, async () => wrkProblems(await output));
}

/** What went wrong, by what wrk prints at its end: it says nothing of it otherwise. Empty when nothing did. */
export function wrkProblems(output: string): string {
  const problems = output.split('\n').filter((line) => /Socket errors|Non-2xx/.test(line));
  return problems.map((line) => line.trim()).join('; ');
}

function autocannonProcess({ url, connections }: LoadOptions): RunningLoad {
  const entry = new URL('./autocannon-load.js', import.meta.url);
  const child = fork(entry, [url, String(connections), String(MAX_SECONDS)]);
  return running(child, () => (child.exitCode === 0 ? '' : `autocannon: exit code ${child.exitCode}`));
}

/** @param problemsOf what went wrong, once the process is gone; empty when nothing did */
function running(child: ChildProcess, problemsOf: () => string | Promise<string>): RunningLoad {
  // Neither of them ends with this process by itself.
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  let stopped = false;
  const over = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', async () => {
      process.off('exit', kill);
      const problems = stopped ? await problemsOf() : 'the load ended by itself';
      if (problems === '') resolve();
      else reject(new Error(problems));
    });
  });
  // Whoever stops it is told.
  over.catch(() => {});
  return {
    stop: () => {
      stopped ||= child.exitCode === null;
      child.kill('SIGINT');
      return over;
    },
  };
}
