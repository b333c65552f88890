/** Clients that are programs: plaintext goes in by stdin and comes out on stdout. */
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import type { Plaintext } from './plaintext.js';

/** Enough of a complaint to recognize it. */
const LAST_WORDS_CHARACTERS = 200;

export class Program implements Plaintext {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #stdout: AsyncIterator<Buffer>;
  readonly #ended: Promise<unknown>;
  #stderr = '';

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#stdout = this.#child.stdout[Symbol.asyncIterator]();
    this.#ended = once(this.#child, 'close').catch((error: Error) => {
      this.#stderr += error.message;
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    // The program may end before it has read everything; its output tells why.
    this.#child.stdin.on('error', () => {});
  }

  get stderr(): string {
    return this.#stderr;
  }

  async read(): Promise<Buffer | undefined> {
    const { value, done } = await this.#stdout.next();
    return done === true ? undefined : value;
  }

  async write(text: string): Promise<void> {
    this.#child.stdin.write(text);
  }

  /** Waits until stderr has `text` one more time than `before`. */
  async untilStderr(text: string, before: number): Promise<void> {
    while (this.countStderr(text) <= before) {
      const ended = await Promise.race([once(this.#child.stderr, 'data'), this.#ended.then(() => 'ended')]);
      if (ended === 'ended') throw new Error(`it ended before it said ${text}: ${this.lastWords()}`);
    }
  }

  /** How often stderr has `text`. */
  countStderr(text: string): number {
    return this.#stderr.split(text).length - 1;
  }

  /** Ends its input, and waits for its end. Returns the exit code. */
  async end(): Promise<number | null> {
    this.#child.stdin.end();
    this.#child.stdout.resume();
    await this.#ended;
    return this.#child.exitCode;
  }

  lastWords(): string {
    const [line = ''] = this.#stderr.trim().split('\n').slice(-1);
    return line.trim().slice(0, LAST_WORDS_CHARACTERS);
  }

  destroy(): void {
    this.#child.kill('SIGKILL');
  }
}

/** What a program prints, on stdout or stderr; undefined when there is no such program. Its exit code does not matter. */
export async function outputOf(command: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args);
    return stdout + stderr;
  } catch (error) {
    const {
      code,
      stdout = '',
      stderr = '',
    } = error as NodeJS.ErrnoException & { stdout?: string; stderr?: string };
    return code === 'ENOENT' ? undefined : stdout + stderr;
  }
}
