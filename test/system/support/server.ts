/** `spr-bench serve`, as a user starts it. */
import { running, untilGone } from './processes.js';
import { CLI, Program, startCli } from './program.js';

/** The server's certificate is valid for it. */
export const SERVERNAME = 'spr-bench.test';
/** Exit code after SIGINT. */
const INTERRUPTED = 130;

export class ServeProcess {
  readonly port: number;
  readonly caPath: string;
  readonly directorPid: number;
  readonly replicaPids: readonly number[];
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
    const printed = (pattern: RegExp): string => {
      const found = pattern.exec(program.stdout)?.[1];
      if (found === undefined) throw new Error(`serve did not print ${pattern}:\n${program.stdout}`);
      return found;
    };
    this.port = Number(printed(/^director: +https:\/\/127\.0\.0\.1:(\d+)\//m));
    this.caPath = printed(/^CA: +(\S+)/m);
    this.directorPid = Number(printed(/^director: .*\(pid (\d+)\)/m));
    this.replicaPids = [...printed(/^replicas: +(.*)$/m).matchAll(/\(pid (\d+)\)/g)].map(([, pid]) =>
      Number(pid),
    );
  }

  /** Resolves when clients can connect. */
  static start(...args: string[]): Promise<ServeProcess> {
    return ServeProcess.#started(startCli(['serve', ...args]));
  }

  /** As {@link start}, with a limit of open files for each of its processes. */
  static startWithOpenFiles(limit: number, ...args: string[]): Promise<ServeProcess> {
    const command = ['-c', `ulimit -n ${limit} && exec "$@"`, 'bash', process.execPath, CLI, 'serve'];
    return ServeProcess.#started(new Program('bash', [...command, ...args]));
  }

  static async #started(program: Program): Promise<ServeProcess> {
    await program.until('the description of the cluster', ({ stdout }) =>
      stdout.includes('stop with Ctrl-C'),
    );
    return new ServeProcess(program);
  }

  /** All processes of the cluster, the orchestrator not included. */
  get pids(): readonly number[] {
    return [this.directorPid, ...this.replicaPids];
  }

  get output(): string {
    return this.#program.stdout;
  }

  url(target: string): string {
    return `https://127.0.0.1:${this.port}${target}`;
  }

  /** SIGKILL to the replica that has all flows. */
  killPrimary(): void {
    this.killReplica(0);
  }

  killReplica(index: number): void {
    this.signalReplica(index, 'SIGKILL');
  }

  signalReplica(index: number, signal: NodeJS.Signals): void {
    const pid = this.replicaPids[index];
    if (pid === undefined) throw new RangeError(`no replica ${index}`);
    process.kill(pid, signal);
  }

  /** Waits until the director has told that the replica failed. */
  async untilFailureIsDetected(index = 0): Promise<void> {
    await this.#program.until(`the failure of replica ${index}`, ({ stdout }) =>
      stdout.includes(`replica ${index} failed`),
    );
  }

  /** Ctrl-C. Rejects when the exit code is wrong, when anything was complained about, or when a process is left. */
  async stop(): Promise<void> {
    this.#program.kill('SIGINT');
    const { code, stderr } = await this.#program.ended;
    await untilGone(this.pids);
    if (code !== INTERRUPTED || stderr !== '') throw new Error(`serve exited with ${code}: ${stderr}`);
  }

  /** For clean-up after a test that failed: ends what still runs. */
  destroy(): void {
    this.#program.kill('SIGKILL');
    for (const pid of running(this.pids)) process.kill(pid, 'SIGKILL');
  }
}
