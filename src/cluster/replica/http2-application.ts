/**
 * Runs a workload's application on HTTP/2 (RFC 9113), through node:http2. Several requests of a connection are under way at
 * a time, and nothing of it can be taken over: no commit is ever sent.
 */
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { Application, Exchange } from '../../contracts/workload.js';
import type { Ledger } from './ledger.js';
import type { ReplicaApplication, ServedStream } from './replica-application.js';

/** Of RFC 9113 6.5.2, the least that is recommended: no workload has more under way on a connection. */
const MAX_CONCURRENT_STREAMS = 100;

export class Http2Application implements ReplicaApplication {
  readonly alpnProtocols = ['h2'];
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(application: Application, ledger: Pick<Ledger, 'record'>) {
    const exchange: Exchange = {
      resumedFrom: undefined,
      recordExecution: (id) => ledger.record(id),
      checkpoint() {},
    };
    const options = { settings: { maxConcurrentStreams: MAX_CONCURRENT_STREAMS } };
    this.#server = createServer(options, (request, response) => {
      try {
        // node:http2 makes them for applications that were written for node:http, and promises what those use.
        const [asRequest, asResponse] = [request, response] as unknown as Parameters<Application>;
        application(asRequest, asResponse, exchange);
      } catch {
        response.stream.destroy();
      }
    });
    this.#server.on('session', (session) => this.#add(session));
  }

  /**
   * A client that has finished sending is gone. Node would end its side of the stream then, and go on to write to it, which
   * is an assertion of its that fails and ends the process.
   */
  serve(stream: ServedStream): void {
    stream.once('end', () => stream.destroy());
    this.#server.emit('connection', stream);
  }

  /** Streams under way come to their end; clients are told to open no more (RFC 9113 6.8). */
  drain(): void {
    for (const session of this.#sessions) session.close();
  }

  stop(): void {
    this.#server.close();
  }

  #add(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    // A client may go away, or break the protocol, at any time; the library ends its session.
    session.on('error', () => {});
    session.on('close', () => this.#sessions.delete(session));
  }
}
