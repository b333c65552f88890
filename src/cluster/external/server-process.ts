/** A user's own server as a process group: started, waited for, watched and ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { UsageError } from '../../base/errors.js';
import { freePort } from '../../net/free-port.js';
import type { ChildExit } from '../../net/message-channel.js';
import { OutputTail } from '../../net/output-tail.js';
import { encodeLocalProxyHeader } from '../../net/proxy-protocol.js';
import { type CommandTemplate, type CommandValues, fillCommand } from './command.js';

export interface ServerSettings {
  readonly command: CommandTemplate;
  readonly values: Omit<CommandValues, 'port'>;
  /** Whether connections begin with a PROXY protocol header. */
  readonly proxyProtocol: boolean;
  /** How clients will connect: what they trust, whom they expect, and what they offer. */
  readonly client: {
    readonly ca: string;
    readonly servername: string;
    readonly version: '1.3' | '1.2';
    readonly ciphers: string;
  };
  /** How long the server may take to open its port; 10 s when absent. */
  readonly readyTimeoutMs?: number;
}

const READY_TIMEOUT_MS = 10_000;
/** Short against the start of any server. */
const POLL_MS = 20;
/** A handshake on loopback, on a machine that is busy with starting servers. */
const HANDSHAKE_TIMEOUT_MS = 5000;
/** For what a server does when it is asked to end: remove its files. Less than what the orchestrator gives this process. */
const END_GRACE_MS = 1000;
const OUTPUT_LINES = 10;

export class ServerProcess {
  /** Of the server, and of its process group. */
  readonly pid: number;
  /** On 127.0.0.1. */
  readonly port: number;
  /** Resolves when the process that was started is gone. Never rejects. */
  readonly exited: Promise<ChildExit>;
  readonly #settings: ServerSettings;
  readonly #guard: ChildProcess;
  readonly #output = new OutputTail();
  #exit: ChildExit | undefined;

  private constructor(child: ChildProcess, pid: number, port: number, settings: ServerSettings) {
    this.pid = pid;
    this.port = port;
    this.#settings = settings;
    this.#guard = guardGroup(pid);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
    child.stdout?.on('data', (chunk: Buffer) => this.#output.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.#output.push(chunk));
  }

  /**
   * Resolves when a client that verifies the certificate can connect.
   *
   * @throws UsageError when the command cannot be run, exits, opens no port in time, or is no server that clients can use;
   * nothing of it is left then, nor when `signal` ends the start
   */
  static async start(settings: ServerSettings, signal?: AbortSignal): Promise<ServerProcess> {
    const port = await freePort();
    const [program = '', ...words] = fillCommand(settings.command, {
      ...settings.values,
      port: String(port),
    });
    // A process group of its own: faults strike all of it, and Ctrl-C is not for it.
    const child = spawn(program, words, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    child.on('error', () => {});
    if (child.pid === undefined) {
      const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
      throw new UsageError(
        error.code === 'ENOENT'
          ? problem(settings, `the program "${program}" is not found`)
          : problem(settings, `the program "${program}" cannot be run: ${error.message}`),
      );
    }
    const server = new ServerProcess(child, child.pid, port, settings);
    try {
      await server.#ready(signal);
    } catch (error) {
      await server.end();
      throw error;
    }
    return server;
  }

  /** To all processes of the group. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // Nobody is left in it.
    }
  }

  /** Ends all processes of the group, stopped or not: asks first, and insists after a second. */
  async end(): Promise<void> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    await Promise.race([this.exited, sleep(END_GRACE_MS, undefined, { ref: false })]);
    this.signal('SIGKILL');
    this.#guard.kill('SIGKILL');
    await this.exited;
  }

  async #ready(signal?: AbortSignal): Promise<void> {
    const { readyTimeoutMs = READY_TIMEOUT_MS } = this.#settings;
    const deadlineMs = performance.now() + readyTimeoutMs;
    while (!(await isOpen(this.port))) {
      if (this.#exit !== undefined) this.#fail(describeExit(this.#exit));
      if (performance.now() > deadlineMs) {
        this.#fail(`nobody listens on 127.0.0.1, port ${this.port}, after ${readyTimeoutMs} ms`);
      }
      await sleep(POLL_MS, undefined, { signal });
    }
    await this.#shakeHands(signal);
  }

  /** A server that clients cannot use is found out before anything is measured. */
  async #shakeHands(signal?: AbortSignal): Promise<void> {
    const { client, proxyProtocol } = this.#settings;
    const tcp = connect(this.port, '127.0.0.1');
    if (proxyProtocol) tcp.write(encodeLocalProxyHeader());
    const version = `TLSv${client.version}` as const;
    const socket = connectTls({
      socket: tcp,
      servername: client.servername,
      ca: client.ca,
      ciphers: client.ciphers,
      minVersion: version,
      maxVersion: version,
      rejectUnauthorized: true,
    });
    const timeout = setTimeout(() => socket.destroy(new Error('it does not answer')), HANDSHAKE_TIMEOUT_MS);
    const ended = new Promise<never>((_, reject) => {
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('it closes the connection')));
    });
    try {
      await Promise.race([once(socket, 'secureConnect', { signal }), ended]);
    } catch (error) {
      this.#fail(describeHandshake(error, client.version, proxyProtocol));
    } finally {
      clearTimeout(timeout);
      socket.on('error', () => {});
      socket.destroy();
    }
  }

  #fail(what: string): never {
    throw new UsageError(problem(this.#settings, what, this.#output.text()));
  }
}

/**
 * Whoever watches the server may be killed. This shell sees it, because its stdin ends then, and ends the group. Detached, so
 * that a signal to the watcher's group does not end it first.
 */
function guardGroup(groupId: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', `read -r _; kill -KILL -${groupId}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => {});
  guard.unref();
  return guard;
}

function problem({ command }: ServerSettings, what: string, output = ''): string {
  const lines = output.trim().split('\n').slice(-OUTPUT_LINES).join('\n');
  return `--replica-command ${command.text}: ${what}${lines === '' ? '' : `\nits last output:\n${lines}`}`;
}

function describeExit({ code, signal }: ChildExit): string {
  if (signal !== null) return `it was ended by ${signal} before it opened its port`;
  const advice = code === 0 ? '; it has to stay in the foreground (nginx: daemon off)' : '';
  return `it exited with code ${code} before it opened its port${advice}`;
}

function describeHandshake(error: unknown, version: string, proxyProtocol: boolean): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (/CERT|SIGNATURE|ISSUER|ALTNAME/.test(code)) {
    return `clients do not accept its certificate, it has to use {cert} and {key}: ${message}`;
  }
  const header = proxyProtocol ? 'with a PROXY protocol header before it ' : '';
  return `a TLS ${version} handshake with it ${header}fails: ${message}`;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1');
    const settle = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
