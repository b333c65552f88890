/** Runs a workload's application on the plaintext side of connections, through node:http. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Application, Exchange } from '../../contracts/workload.js';
import type { AppStream } from './app-stream.js';
import type { Connection } from './connection.js';
import type { Ledger } from './ledger.js';
import { TrackedResponse } from './tracked-response.js';

/** Streams that carry application data of connections that are not adopted (plain node:tls) have no connection. */
export type ServedStream = AppStream | import('node:tls').TLSSocket;

class HttpExchange implements Exchange {
  readonly resumedFrom: Buffer | undefined;
  readonly #connection: Connection | undefined;
  readonly #response: TrackedResponse;
  readonly #ledger: Pick<Ledger, 'record'>;

  constructor(connection: Connection | undefined, response: TrackedResponse, ledger: Pick<Ledger, 'record'>) {
    this.#connection = connection;
    this.#response = response;
    this.#ledger = ledger;
    this.resumedFrom = connection?.respond(response);
  }

  recordExecution(id: string): void {
    this.#ledger.record(id);
  }

  checkpoint(state: Buffer): void {
    this.#connection?.checkpoint(this.#response, state);
  }
}

export class HttpApplication {
  readonly #server: Server<typeof IncomingMessage, typeof TrackedResponse>;
  readonly #connections = new WeakMap<object, Connection>();

  constructor(application: Application, ledger: Pick<Ledger, 'record'>) {
    this.#server = createServer({ ServerResponse: TrackedResponse }, (request, response) => {
      const connection = this.#connections.get(request.socket);
      answer(application, request, response, new HttpExchange(connection, response, ledger));
    });
    // Connections live as long as their clients want; a Keep-Alive header would only promise otherwise.
    this.#server.keepAliveTimeout = 0;
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
  }

  serve(stream: ServedStream, connection?: Connection): void {
    if (connection !== undefined) this.#connections.set(stream, connection);
    this.#server.emit('connection', stream);
  }
}

/** An application that throws loses its connection, not the replica with all the others. */
function answer(
  application: Application,
  request: IncomingMessage,
  response: TrackedResponse,
  exchange: Exchange,
): void {
  try {
    application(request, response, exchange);
  } catch {
    response.destroy();
  }
}
