/** HTTP/2 (RFC 9113) as the load client speaks it, through node:http2: each request is a stream, several at a time. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { PlannedRequest } from '../../contracts/workload.js';
import type { RequestRow } from '../load-recorder.js';
import { AwaitedReply } from './awaited-reply.js';
import type { LoadProtocol, LoadProtocolHost, ProtocolSettings } from './load-protocol.js';
import { PlaintextWire } from './plaintext-wire.js';
import { seededContent } from './seeded-content.js';

export class Http2Protocol implements LoadProtocol {
  readonly #settings: ProtocolSettings;
  readonly #host: LoadProtocolHost;
  readonly #awaited = new Map<ClientHttp2Stream, AwaitedReply>();
  #wire: PlaintextWire | undefined;
  #session: ClientHttp2Session | undefined;

  constructor(settings: ProtocolSettings, host: LoadProtocolHost) {
    this.#settings = settings;
    this.#host = host;
  }

  get pending(): number {
    return this.#awaited.size;
  }

  accepts(): boolean {
    const open = this.#session?.closed === false;
    return open && this.#awaited.size < (this.#settings.workload.requestsInFlight ?? 1);
  }

  begin(): void {
    const wire = new PlaintextWire((bytes) => this.#host.write(bytes));
    // Not `https:`: what the library writes is the plaintext of our transport.
    const session = connect(`http://${this.#settings.servername}`, { createConnection: () => wire });
    // The server has spoken: it is there, and says how many streams it takes.
    session.once('remoteSettings', () => this.#host.ready());
    session.on('error', (error) => this.#fail(session, `HTTP/2: ${error.message}`));
    session.on('close', () => this.#fail(session, 'the HTTP/2 session was closed'));
    this.#wire = wire;
    this.#session = session;
  }

  send(request: PlannedRequest, row: RequestRow): void {
    const { id, method, target, bodyBytes } = request;
    const { servername, bodies } = this.#settings;
    const headers = { ':method': method, ':path': target, ':authority': servername, ':scheme': 'https' };
    const stream = this.#session?.request(headers, { endStream: bodyBytes === 0 });
    if (stream === undefined) throw new Error(`request ${id} before the session`);
    const reply = new AwaitedReply(this.#settings, request, row);
    this.#awaited.set(stream, reply);
    this.#listen(stream, reply);
    if (bodyBytes > 0) stream.end(seededContent(`request:${id}`, bodyBytes, bodies));
  }

  receive(chunk: Buffer): void {
    this.#wire?.receive(chunk);
  }

  giveUp(): void {
    const replies = [...this.#awaited.values()];
    // Before the streams end: what they say by that is no reply.
    this.#awaited.clear();
    for (const reply of replies) reply.giveUp();
    const session = this.#session;
    this.#session = undefined;
    session?.destroy();
    this.#wire?.destroy();
    this.#wire = undefined;
  }

  #listen(stream: ClientHttp2Stream, reply: AwaitedReply): void {
    let ended = false;
    stream.on('response', ({ ':status': status = 0 }) => {
      reply.head(status);
      // Not before: content that comes with the head would be told of first.
      stream.on('data', (content: Buffer) => {
        if (this.#awaited.has(stream)) reply.content(content);
      });
    });
    stream.on('end', () => {
      ended = true;
    });
    stream.on('error', () => {});
    // What was reset ends as well, but is not complete.
    stream.on('close', () => this.#finish(stream, reply, ended && stream.rstCode === 0));
  }

  #finish(stream: ClientHttp2Stream, reply: AwaitedReply, complete: boolean): void {
    if (!this.#awaited.delete(stream)) return;
    if (complete) {
      reply.end();
      this.#host.replied(reply.row);
    } else reply.giveUp();
    this.#goOn(complete ? undefined : `the server reset a stream with code ${stream.rstCode}`);
  }

  /** After GOAWAY (RFC 9113 6.8) what is under way comes to its end, or is refused, and nothing more is sent. */
  #goOn(problem: string | undefined): void {
    if (this.#session?.closed === true) {
      if (this.#awaited.size === 0) this.#host.failed('the server ended the HTTP/2 session');
    } else if (problem !== undefined) this.#host.failed(problem);
    else this.#host.ready();
  }

  /** Of a session that was given up nothing is heard any more. */
  #fail(session: ClientHttp2Session, problem: string): void {
    if (session === this.#session) this.#host.failed(problem);
  }
}
