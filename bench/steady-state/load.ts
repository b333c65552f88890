/** Load of a fixed number of connections, each with one request under way all the time: wrk, or autocannon without it. */
import { execFile, fork } from 'node:child_process';
import { promisify } from 'node:util';

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  /** A whole number. */
  readonly seconds: number;
}

/** Resolves when the load is over. Rejects when a request failed. */
export type Load = (options: LoadOptions) => Promise<void>;

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

async function wrk({ url, connections, seconds }: LoadOptions): Promise<void> {
  // Handshakes of all connections at once take longer than its 2 s on a busy machine, which is no error.
  const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', url]);
  const problems = stdout.split('\n').filter((line) => /Socket errors|Non-2xx/.test(line));
  if (problems.length > 0)
    throw new Error(`wrk at ${url}: ${problems.map((line) => line.trim()).join('; ')}`);
}

function autocannonProcess({ url, connections, seconds }: LoadOptions): Promise<void> {
  const entry = new URL('./autocannon-load.js', import.meta.url);
  const child = fork(entry, [url, String(connections), String(seconds)]);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`autocannon at ${url}: requests failed, or it did (exit code ${code})`));
    });
  });
}
