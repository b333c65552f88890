/** The Chrome DevTools protocol over pipes: JSON messages that end with a zero byte. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** A part of what the protocol tells about a response. */
export interface PageResponse {
  readonly url: string;
  readonly connectionId: number;
}

interface Waiting {
  resolve(result: Readonly<Record<string, unknown>>): void;
  reject(error: Error): void;
}

interface Evaluation {
  readonly result: { readonly value: string };
  readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
}

/** File descriptors that Chromium reads commands from and writes messages to. */
const COMMANDS_FD = 3;
const MESSAGES_FD = 4;

export class DevTools {
  /** Of every response of the page, in order. */
  readonly responses: PageResponse[] = [];
  readonly #browser: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #session: string | undefined;
  #partialMessage = '';

  private constructor(browser: ChildProcess) {
    this.#browser = browser;
    const messages = browser.stdio[MESSAGES_FD] as Readable;
    messages.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    (browser.stdio[COMMANDS_FD] as Writable).on('error', () => {});
    browser.once('close', () => this.#failAll());
  }

  /** Starts the browser and attaches to an empty page. */
  static async start(command: string, args: readonly string[]): Promise<DevTools> {
    const browser = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    await once(browser, 'spawn');
    const devTools = new DevTools(browser);
    const { targetId } = await devTools.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await devTools.#send('Target.attachToTarget', { targetId, flatten: true });
    devTools.#session = String(sessionId);
    await devTools.#send('Network.enable', {});
    return devTools;
  }

  /** Evaluates an expression in the page, whose value is a promise of a string. */
  async evaluate(expression: string): Promise<string> {
    const evaluated = await this.#send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    const { result, exceptionDetails } = evaluated as unknown as Evaluation;
    if (exceptionDetails === undefined) return result.value;
    throw new Error(exceptionDetails.exception?.description ?? 'the page threw');
  }

  destroy(): void {
    this.#browser.kill('SIGKILL');
  }

  #send(
    method: string,
    params: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#lastId;
    const message = { id, method, params, ...(this.#session !== undefined && { sessionId: this.#session }) };
    (this.#browser.stdio[COMMANDS_FD] as Writable).write(`${JSON.stringify(message)}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #receive(text: string): void {
    const parts = text.split('\0');
    parts[0] = this.#partialMessage + (parts[0] ?? '');
    this.#partialMessage = parts.pop() ?? '';
    for (const part of parts) this.#take(JSON.parse(part) as Message);
  }

  #take({ id, method, params, result, error }: Message): void {
    if (method === 'Network.responseReceived') {
      this.responses.push(params?.response as PageResponse);
    }
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || waiting === undefined) return;
    this.#waiting.delete(id);
    if (error === undefined) waiting.resolve(result ?? {});
    else waiting.reject(new Error(error.message));
  }

  #failAll(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('the browser has ended'));
    this.#waiting.clear();
  }
}
