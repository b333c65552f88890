/** Runs a workload's application on the plaintext side of connections, through node:http, and `ws` behind an upgrade. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Application, Exchange } from '../../contracts/workload.js';
import type { Connection } from './connection.js';
import { KeepAlive } from './keep-alive.js';
import type { Ledger } from './ledger.js';
import type { ReplicaApplication, ServedStream } from './replica-application.js';
import { TrackedResponse } from './tracked-response.js';
import type { WebSocketApplication } from './websocket-application.js';

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

  checkpoint(state: Buffer, contentBytes?: number): void {
    this.#connection?.checkpoint(this.#response, state, contentBytes);
  }
}

/** How long a client may take; all in ms. */
export interface RequestLimits {
  /** From the first byte of a request to the end of its header section. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  /** How often that is looked at, and so how much later it is found. */
  readonly checkIntervalMs: number;
}

/** Of node:http. Idle time between requests is not limited: connections live as long as their clients want. */
const DEFAULT_LIMITS: RequestLimits = {
  headersTimeoutMs: 60_000,
  requestTimeoutMs: 300_000,
  checkIntervalMs: 30_000,
};

export class HttpApplication implements ReplicaApplication {
  readonly #server: Server<typeof IncomingMessage, typeof TrackedResponse>;
  readonly #connections = new WeakMap<object, Connection>();
  readonly #keepAlive = new KeepAlive();

  /** Absent: no connection may upgrade. */
  readonly #sockets: WebSocketApplication | undefined;

  /** @param sockets serves connections that upgrade to WebSocket */
  constructor(
    application: Application,
    ledger: Pick<Ledger, 'record'>,
    limits = DEFAULT_LIMITS,
    sockets?: WebSocketApplication,
  ) {
    const options = {
      ServerResponse: TrackedResponse,
      // A Keep-Alive header would only promise an end that does not come.
      keepAliveTimeout: 0,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
    };
    this.#server = createServer(options, (request, response) => {
      const connection = this.#connections.get(request.socket);
      this.#keepAlive.answering(request.socket, response);
      answer(application, request, response, new HttpExchange(connection, response, ledger));
    });
    this.#sockets = sockets;
    if (sockets !== undefined) this.#acceptUpgrades(sockets);
    // The limits are not in force before, and this server never listens: connections are handed to it.
    this.#server.emit('listening');
  }

  /**
   * From its first byte on the stream is node:http's. Not before: that would count the time of a connection without a
   * request as the time of one, and so close idle connections after a takeover.
   */
  serve(stream: ServedStream, connection?: Connection): void {
    if (connection !== undefined) this.#connections.set(stream, connection);
    if (this.#sockets !== undefined) connection?.exchange.acceptUpgrades();
    this.#keepAlive.add(stream);
    stream.once('readable', () => this.#server.emit('connection', stream));
  }

  /** Ends all connections, those with a request behind its reply: clients are to connect to somebody else. */
  drain(): void {
    this.#sockets?.end();
    this.#keepAlive.end();
  }

  /** Else the timer that looks after the limits would go on, and keep everything that the application refers to. */
  stop(): void {
    this.#server.close();
  }

  #acceptUpgrades(sockets: WebSocketApplication): void {
    this.#server.on('upgrade', (request, stream, head) =>
      sockets.upgrade(request, stream, head, this.#connections.get(stream)),
    );
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
