/**
 * Typed messages between the orchestrator and its child processes, over the IPC channel of `child_process.fork` with
 * structured-clone serialization: bigint, Map and Buffer arrive as what they were.
 *
 * A child lives no longer than the orchestrator: the channel closes with the process that holds its other end, however
 * that process died, and the child then exits.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { OutputTail } from './output-tail.js';

export interface Message {
  readonly kind: string;
}

/** What a child sends before it exits because of an error that nobody caught. */
export interface FailedMessage {
  readonly kind: 'failed';
  readonly message: string;
}

/** How a child ended: one of the two is null, as in the `exit` event of `ChildProcess`. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SpawnOptions {
  /** The compiled entry module of the child: a `file:` URL or an absolute path. */
  readonly module: URL | string;
  /** What error messages call the child, for example `replica 0`. */
  readonly name: string;
  /** Options of the child's own node. None by default: those of the parent (debugger, test runner) never leak. */
  readonly execArgv?: readonly string[];
}

type OfKind<M extends Message, K extends M['kind']> = Extract<M, { kind: K }>;

/** A child has nothing to save; 2 s covers one that waits for a busy processor. */
const END_GRACE_MS = 2000;

/**
 * Starts a child process that calls {@link serveParent}.
 *
 * @throws Error when the operating system cannot start another process.
 */
export function spawnChild<Out extends Message, In extends Message>(
  options: SpawnOptions,
): ChildChannel<Out, In> {
  const path = options.module instanceof URL ? fileURLToPath(options.module) : options.module;
  const { NODE_OPTIONS: _parentOnly, ...env } = process.env;
  const child = fork(path, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [...(options.execArgv ?? [])],
    env,
  });
  return new ChildChannel<Out, In>(child, options.name);
}

/** The orchestrator's end. `Out` are the messages it sends, `In` those of the child. */
export class ChildChannel<Out extends Message, In extends Message> {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process is gone. Never rejects. */
  readonly exited: Promise<ChildExit>;

  readonly #child: ChildProcess;
  readonly #output = new OutputTail();
  readonly #handlers = new Map<string, (message: In) => void>();
  #waiters: Waiter<In>[] = [];
  /** Messages that nobody has asked for yet: a child may answer before it is listened to. */
  #inbox: In[] = [];
  /** Why nothing can be expected any more. */
  #failure: string | undefined;
  /** Present while the child is stopped. */
  #guard: ChildProcess | undefined;

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.name = name;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    // A failed start is thrown below; a failed signal or message shows as the exit of the child.
    child.on('error', () => {});
    if (child.pid === undefined) {
      throw new Error(`${name} could not be started: no process or no file descriptor is left`);
    }
    this.pid = child.pid;
    this.#listen();
  }

  /** Sends a message. One to a child that is gone is dropped: what was expected of the child then rejects. */
  send(message: Out): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /**
   * The next message of this kind, or the oldest one that came before and was not asked for.
   *
   * Rejects when the child exits or fails first, or after `timeoutMs`; the error tells the child's last output.
   */
  expect<K extends In['kind']>(kind: K, timeoutMs: number): Promise<OfKind<In, K>> {
    return new Promise((resolve, reject) => {
      const accept = (message: In): boolean => {
        if (!isKind(message, kind)) return false;
        clearTimeout(timer);
        resolve(message);
        return true;
      };
      const refuse = (reason: string): void => {
        clearTimeout(timer);
        reject(new Error(`${this.name} sent no '${kind}': ${reason}`));
      };
      const waiter: Waiter<In> = { accept, refuse };
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        refuse(`none came within ${timeoutMs} ms${this.#lastOutput()}`);
      }, timeoutMs);
      this.#wait(waiter);
    });
  }

  /** Calls `handler` for each message of this kind that no `expect` waits for. One handler per kind. */
  on<K extends In['kind']>(kind: K, handler: (message: OfKind<In, K>) => void): void {
    this.#handlers.set(kind, (message) => {
      if (isKind(message, kind)) handler(message);
    });
    const waiting = this.#inbox;
    this.#inbox = [];
    for (const message of waiting) this.#dispatch(message);
  }

  /** Signals the child by its pid. False when it is gone. */
  kill(signal: NodeJS.Signals): boolean {
    const sent = this.#child.kill(signal);
    if (signal === 'SIGSTOP' && sent) this.#guard ??= guardStopped(this.pid);
    if (signal === 'SIGCONT') this.#releaseGuard();
    return sent;
  }

  /**
   * Ends the child, stopped or not, and resolves when it is gone: asks by disconnecting, insists after 2 s. What is still
   * expected of it rejects.
   */
  async end(): Promise<void> {
    this.kill('SIGCONT');
    if (this.#child.connected) this.#child.disconnect();
    const insist = setTimeout(() => this.kill('SIGKILL'), END_GRACE_MS);
    await this.exited;
    clearTimeout(insist);
    // Node emits no 'close' for a child that was disconnected from here.
    this.#fail('it was ended');
  }

  #listen(): void {
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#output.push(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#output.push(chunk));
    this.#child.on('message', (message) => this.#receive(message as In | FailedMessage));
    this.#child.once('exit', () => this.#releaseGuard());
    // Not `exit`: messages and output of a child that has exited can still be on their way.
    this.#child.once('close', (code, signal) => {
      this.#fail(`it ${describeExit({ code, signal })}`);
    });
  }

  #receive(message: In | FailedMessage): void {
    if (isFailed(message)) this.#fail(`it failed: ${message.message}`);
    else this.#dispatch(message);
  }

  #dispatch(message: In): void {
    const index = this.#waiters.findIndex((waiter) => waiter.accept(message));
    if (index >= 0) {
      this.#waiters.splice(index, 1);
      return;
    }
    const handler = this.#handlers.get(message.kind);
    if (handler === undefined) this.#inbox.push(message);
    else handler(message);
  }

  #wait(waiter: Waiter<In>): void {
    const index = this.#inbox.findIndex((message) => waiter.accept(message));
    if (index >= 0) this.#inbox.splice(index, 1);
    else if (this.#failure !== undefined) waiter.refuse(this.#failure);
    else this.#waiters.push(waiter);
  }

  #fail(reason: string): void {
    // The first reason is the cause: an exit follows every failure.
    this.#failure ??= `${reason}${this.#lastOutput()}`;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.refuse(this.#failure);
  }

  #lastOutput(): string {
    const text = this.#output.text().trim();
    return text === '' ? '' : `\nlast output of ${this.name}:\n${text}`;
  }

  #releaseGuard(): void {
    this.#guard?.kill('SIGKILL');
    this.#guard = undefined;
  }
}

/** The child's end. */
export interface ParentChannel<Out extends Message> {
  send(message: Out): void;
}

/** One handler per kind of message. A handler that throws or rejects ends the child as failed. */
export type Handlers<In extends Message> = {
  readonly [K in In['kind']]: (message: OfKind<In, K>) => void | Promise<void>;
};

/**
 * Makes this process a child of the orchestrator: handles its messages, exits with code 0 when the orchestrator goes,
 * leaves Ctrl-C to the orchestrator, and reports an error that nobody caught before it exits with code 1.
 *
 * @param beforeExit what is to be done when the orchestrator goes; it has less than two seconds
 * @throws Error when this process was not started by {@link spawnChild}.
 */
export function serveParent<In extends Message, Out extends Message>(
  handlers: Handlers<In>,
  beforeExit: () => Promise<void> = async () => {},
): ParentChannel<Out> {
  if (process.send === undefined) {
    throw new Error('this module is the entry of a child process: it must be started by the orchestrator');
  }
  // The orchestrator died while this module was being loaded: there will be no event.
  const leave = (): void => void beforeExit().finally(() => process.exit(0));
  if (!process.connected) leave();
  process.on('disconnect', leave);
  // A terminal sends SIGINT to the whole process group; the orchestrator decides what ends and when.
  process.on('SIGINT', () => {});
  process.on('uncaughtException', (error) => reportFailure(error));
  process.on('message', (message) => dispatch(handlers, message as In));
  return { send: sendToParent };
}

function dispatch<In extends Message>(handlers: Handlers<In>, message: In): void {
  const handler = handlers[message.kind as In['kind']] as ((message: In) => void | Promise<void>) | undefined;
  if (handler === undefined) throw new Error(`no handler for a message of kind '${message.kind}'`);
  // A rejection becomes an uncaught exception, which reports it.
  void handler(message);
}

function sendToParent(message: Message): void {
  // Once the channel is closed the 'disconnect' event is about to end this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function reportFailure(error: unknown): void {
  const failed: FailedMessage = {
    kind: 'failed',
    message: error instanceof Error ? error.message : String(error),
  };
  console.error(error);
  if (process.connected) process.send?.(failed, undefined, undefined, () => process.exit(1));
  else process.exit(1);
}

interface Waiter<In extends Message> {
  /** Takes the message if it is of the awaited kind. */
  accept(message: In): boolean;
  refuse(reason: string): void;
}

function isKind<M extends Message, K extends M['kind']>(message: M, kind: K): message is OfKind<M, K> {
  return message.kind === kind;
}

function isFailed(message: Message): message is FailedMessage {
  return message.kind === 'failed';
}

function describeExit({ code, signal }: ChildExit): string {
  return signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
}

/**
 * A stopped process cannot see its channel close. This shell can: its stdin ends with the orchestrator, and it wakes the
 * stopped child up, which then exits. Detached, so that a signal to the process group does not end it first.
 */
function guardStopped(pid: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', `read -r _; kill -CONT ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => {});
  guard.unref();
  return guard;
}
