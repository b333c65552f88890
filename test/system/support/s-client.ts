/** A session of `openssl s_client` that is kept open: requests go in by stdin, replies come out on stdout. */
import { Program } from './program.js';
import { SERVERNAME, type ServeProcess } from './server.js';

const HEAD_END = '\r\n\r\n';

export interface SessionServer extends Pick<ServeProcess, 'port' | 'caPath'> {
  /** {@link SERVERNAME} when absent. */
  readonly servername?: string;
}

export class OpensslSession {
  readonly #program: Program;
  /** Bytes of stdout that earlier replies ended with. */
  #taken = 0;

  /** @param args further options of `s_client` */
  constructor(server: SessionServer, tls: string, args: readonly string[] = []) {
    const { servername = SERVERNAME } = server;
    this.#program = new Program('openssl', [
      's_client',
      ...['-connect', `127.0.0.1:${server.port}`, '-servername', servername, '-CAfile', server.caPath],
      ...['-verify_return_error', '-verify_hostname', servername, tls === '1.3' ? '-tls1_3' : '-tls1_2'],
      ...args,
    ]);
  }

  /** Resolves when the handshake is done: what is written before may be read together, and taken for no command. */
  async untilReady(): Promise<void> {
    await this.#program.until('the verification', ({ stdout }) =>
      stdout.includes('Verify return code: 0 (ok)'),
    );
  }

  /** Sends a GET and resolves with the content of its reply. */
  async get(target: string): Promise<Buffer> {
    this.#request(target);
    await this.#program.until(`the reply to ${target}`, () => this.#content() !== undefined);
    return this.#content() ?? Buffer.alloc(0);
  }

  /** Sends a GET that the session does not survive. Resolves when it has ended, with its error messages. */
  async getAndFail(target: string): Promise<string> {
    this.#request(target);
    const { stderr } = await this.#program.ended;
    return stderr;
  }

  /** Sends a KeyUpdate that asks for one in return (RFC 8446 4.6.3): a line with a K, in a read of its own. */
  async updateKeys(): Promise<void> {
    const count = (): number => this.#program.stderr.split('KEYUPDATE').length;
    const before = count();
    this.#program.write('K\n');
    await this.#program.until('KEYUPDATE', () => count() > before);
  }

  /** Ends its input, and thereby the connection. */
  destroy(): void {
    this.#program.kill('SIGKILL');
  }

  #request(target: string): void {
    this.#taken = this.#program.stdoutBytes.length;
    this.#program.write(`GET ${target} HTTP/1.1\r\nHost: ${SERVERNAME}\r\n\r\n`);
  }

  /** Of the last reply; undefined while it is not complete. */
  #content(): Buffer | undefined {
    const printed = this.#program.stdoutBytes.subarray(this.#taken);
    // Notes of s_client itself, about new tickets for example, come before.
    const start = printed.indexOf('HTTP/1.1 200 OK\r\n');
    const headEnd = start < 0 ? -1 : printed.indexOf(HEAD_END, start);
    if (headEnd < 0) return undefined;
    const length = Number(/content-length: (\d+)/i.exec(printed.toString('latin1', start, headEnd))?.[1]);
    const content = printed.subarray(headEnd + HEAD_END.length);
    return content.length >= length ? content.subarray(0, length) : undefined;
  }
}
