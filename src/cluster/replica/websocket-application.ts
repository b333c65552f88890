/**
 * Runs a workload's application on WebSockets, through `ws`. To everything below, such a connection is one long reply, with
 * checkpoints: the request that upgraded it is played again after a takeover, and the head of its reply dropped.
 *
 * Compression (permessage-deflate) is not offered: its context would be state that no checkpoint has.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { MessageApplication, MessageExchange, MessageHandler } from '../../contracts/workload.js';
import type { Connection } from './connection.js';
import type { Ledger } from './ledger.js';
import type { TrackedReply } from './tracked-response.js';

/** A journal of the director holds no more by default: a longer message could not be recovered. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** A client that does not take its messages is not heard any more when so much waits for it. */
const MAX_WAITING_BYTES = 64 * 1024;
/** RFC 6455 7.4.1. */
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;

export class WebSocketApplication {
  readonly #application: MessageApplication;
  readonly #ledger: Pick<Ledger, 'record'>;
  readonly #exchanges = new Set<WebSocketExchange>();
  #ending = false;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });

  constructor(application: MessageApplication, ledger: Pick<Ledger, 'record'>) {
    this.#application = application;
    this.#ledger = ledger;
  }

  /** @param head what the client has sent behind the request */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer, connection: Connection | undefined): void {
    const exchange = new WebSocketExchange(connection, this.#ledger);
    this.#server.handleUpgrade(request, stream, head, (socket) => {
      this.#exchanges.add(exchange);
      socket.on('close', () => this.#exchanges.delete(exchange));
      exchange.serve(socket, this.#application);
      if (this.#ending) exchange.goAway();
    });
  }

  /** Tells all clients, and those that come later, that this server goes away. What they send from now on is not handled. */
  end(): void {
    this.#ending = true;
    for (const exchange of this.#exchanges) exchange.goAway();
  }
}

class WebSocketExchange implements MessageExchange {
  readonly resumedFrom: Buffer | undefined;
  readonly #connection: Connection | undefined;
  readonly #ledger: Pick<Ledger, 'record'>;
  /** Has no end but that of its connection. */
  readonly #reply: TrackedReply = { ending: false, writableLength: 0, onEnded: undefined };
  #socket: WebSocket | undefined;
  #goesAway = false;
  /** State of the last checkpoint, while it covers everything. */
  #covering: Buffer | undefined;

  constructor(connection: Connection | undefined, ledger: Pick<Ledger, 'record'>) {
    this.#connection = connection;
    this.#ledger = ledger;
    this.resumedFrom = connection?.respond(this.#reply);
  }

  serve(socket: WebSocket, application: MessageApplication): void {
    this.#socket = socket;
    // The library answers what breaks the protocol, and ends the connection.
    socket.on('error', () => {});
    this.#guarded(() => {
      const handler = application(this);
      socket.on('message', (content: Buffer) => this.#receive(handler, content));
      socket.on('close', () => handler.closed());
    });
    for (const kind of ['ping', 'pong'] as const) socket.on(kind, () => this.#receiveControl());
  }

  recordExecution(id: string): void {
    this.#ledger.record(id);
  }

  send(content: Buffer): void {
    this.#covering = undefined;
    this.#socket?.send(content, { binary: true }, this.#onSent);
  }

  end(code: number, reason: string): void {
    this.#socket?.close(code, reason);
  }

  goAway(): void {
    this.#goesAway = true;
    this.#socket?.close(GOING_AWAY);
  }

  checkpoint(state: Buffer): boolean {
    const covers = this.#connection?.checkpoint(this.#reply, state) ?? true;
    this.#covering = covers ? Buffer.from(state) : undefined;
    return covers;
  }

  #receive(handler: MessageHandler, content: Buffer): void {
    // Its answer could not be sent any more (RFC 6455 5.5.1).
    if (this.#goesAway) return;
    this.#covering = undefined;
    this.#connection?.exchange.given('message');
    this.#guarded(() => handler.message(content));
    if ((this.#socket?.bufferedAmount ?? 0) > MAX_WAITING_BYTES) this.#socket?.pause();
  }

  /** The library has answered it. A client that only pings must not fill the journal. */
  #receiveControl(): void {
    this.#connection?.exchange.given('control');
    if (this.#covering !== undefined) this.checkpoint(this.#covering);
  }

  readonly #onSent = (): void => {
    if (this.#socket?.isPaused === true && this.#socket.bufferedAmount <= MAX_WAITING_BYTES)
      this.#socket.resume();
  };

  /** An application that throws loses its connection, not the replica with all the others. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch {
      this.#socket?.close(INTERNAL_ERROR);
    }
  }
}
