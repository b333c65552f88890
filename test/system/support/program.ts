/** Runs other programs: the compiled command line, and foreign TLS clients. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

/** Root of the package. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The compiled command line. `npm run build` makes it. */
export const CLI = join(ROOT, 'dist/src/main/cli.js');
/** Debian packages that have the programs. */
const PACKAGES = {
  wrk: 'wrk',
  curl: 'curl',
  nginx: 'nginx-light',
  chromium: 'chromium',
  openssl: 'openssl',
  shellcheck: 'shellcheck',
} as const;
/** For one step of a test; a machine that is busy with something else may need most of it. */
const STEP_TIMEOUT_MS = 30_000;

export interface ProgramResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** Beside the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that runs, and what it has written so far. */
export class Program {
  readonly pid: number;
  /** Resolves when the program has exited and all of its output is here. */
  readonly ended: Promise<ProgramResult>;
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  #hasEnded = false;

  constructor(command: string, args: readonly string[], options: ProgramOptions = {}) {
    this.#name = [command, ...args].join(' ');
    this.#child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...cleanEnvironment(), ...options.env },
      stdio: 'pipe',
    });
    if (this.#child.pid === undefined) throw new Error(`${this.#name} cannot be started`);
    this.pid = this.#child.pid;
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#stdout.push(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    // The program may end before it has read everything.
    this.#child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  get stdout(): string {
    return this.stdoutBytes.toString('utf8');
  }

  get stdoutBytes(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  get stderr(): string {
    return Buffer.concat(this.#stderr).toString('utf8');
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until `condition` holds for what the program has written. Rejects when it ends before. */
  async until(what: string, condition: (program: Program) => boolean): Promise<void> {
    const told = (): string => `\nstdout: ${this.stdout.slice(-2000)}\nstderr: ${this.stderr.slice(-2000)}`;
    await until(
      () => condition(this) || this.#hasEnded,
      () => `${this.#name}: ${what} did not come within ${STEP_TIMEOUT_MS} ms${told()}`,
      STEP_TIMEOUT_MS,
    );
    if (!condition(this)) throw new Error(`${this.#name} ended before ${what}${told()}`);
  }
}

/** Runs a program to its end. */
export function run(
  command: string,
  args: readonly string[],
  options?: ProgramOptions,
): Promise<ProgramResult> {
  const program = new Program(command, args, options);
  return program.ended;
}

/** Runs `spr-bench` to its end. */
export function runCli(args: readonly string[], options?: ProgramOptions): Promise<ProgramResult> {
  return run(process.execPath, [CLI, ...args], options);
}

export function startCli(args: readonly string[], options?: ProgramOptions): Program {
  return new Program(process.execPath, [CLI, ...args], options);
}

/**
 * Whether some of the programs are not installed: their tests are skipped then, with one line that says what to install.
 *
 * @throws Error where nothing may be skipped (`CI=true`).
 */
export function isMissing(...programs: (keyof typeof PACKAGES)[]): boolean {
  const missing = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined);
  if (missing.length === 0) return false;
  const advice = `apt-get install ${missing.map((program) => PACKAGES[program]).join(' ')}`;
  if (process.env.CI === 'true') throw new Error(`${missing.join(', ')} not found: ${advice}`);
  process.stderr.write(`tests with ${missing.join(', ')} are skipped: ${advice}\n`);
  return true;
}

/** Full path of a program on the search path. Call it where {@link isMissing} says that it is there. */
export function findProgram(program: keyof typeof PACKAGES): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${program} is not on the search path`);
  return found;
}

/** Of the test runner: what changes how a node program behaves or prints. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NO_COLOR: _noColour, FORCE_COLOR: _colour, CI: _ci, ...rest } = process.env;
  return rest;
}
