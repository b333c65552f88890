/**
 * The way to a server that knows no trunk: one TCP connection per flow, as load balancers in front of a TLS server make it,
 * optionally with a PROXY protocol header. It takes what a trunk takes; what belongs to takeovers has no meaning for it.
 */
import { connect, type Socket } from 'node:net';
import { ProtocolError } from '../../base/errors.js';
import { ControlType, type EndReason, type Open, parseOpen } from '../../net/control-records.js';
import { encodeLocalProxyHeader, encodeProxyHeader } from '../../net/proxy-protocol.js';
import { RecordDeframer, TLS_STREAM } from '../../tls/deframer.js';
import { FLOW_WINDOW_BYTES, type UpstreamTrunk } from './flow.js';
import { HealthCheck } from './health-check.js';

export interface TcpUpstreamOptions {
  /** Where the server listens on 127.0.0.1. */
  readonly port: number;
  /** Present when each connection begins with a PROXY protocol header: the port that clients connect to. */
  readonly proxyHeaderFor: (() => number) | undefined;
}

/** What comes from the server. */
export interface TcpUpstreamHandler {
  /** The server has given a sign of life. */
  alive(): void;
  /** A TLS record, whole. It may be a view of a larger buffer. */
  record(flowId: number, record: Buffer): void;
  /** All records of one socket read have been handed over. */
  batchEnd(): void;
  /** The server takes more. */
  credit(flowId: number, bytes: number): void;
  /** The server has ended the flow: with a FIN, or in another way. Nothing more comes of it. */
  ended(flowId: number, how: 'end' | 'reset'): void;
  /** The server is gone. {@link TcpUpstream.unsent} can still be asked until this returns. */
  closed(cause: string): void;
}

interface Connection {
  readonly flowId: number;
  readonly socket: Socket;
  readonly deframer: RecordDeframer;
  /** Records for a server that has not accepted yet; undefined from then on. At most the window of the flow. */
  unsent: Buffer[] | undefined;
  /** The client has finished sending. */
  finished: boolean;
  /** Bytes that the server may still send before it has to wait. */
  windowBytes: number;
  /** Bytes that were taken for the server, and that the flow has no credit for yet. */
  uncreditedBytes: number;
  corked: boolean;
}

const CONNECTION_REFUSED = 'connection refused';

export class TcpUpstream implements UpstreamTrunk {
  readonly #options: TcpUpstreamOptions;
  readonly #handler: TcpUpstreamHandler;
  readonly #connections = new Map<number, Connection>();
  readonly #healthCheck: HealthCheck;
  #closed = false;
  /** Present while director and server are cut off from each other: connections that the server does not know to have ended. */
  #cutOff: Socket[] | undefined;

  constructor(options: TcpUpstreamOptions, handler: TcpUpstreamHandler) {
    this.#options = options;
    this.#handler = handler;
    const { port, proxyHeaderFor } = options;
    this.#healthCheck = new HealthCheck(
      { port, proxyProtocol: proxyHeaderFor !== undefined },
      { answered: () => handler.alive(), refused: () => this.fence(CONNECTION_REFUSED) },
    );
  }

  sendControl(flowId: number, type: number, body: Buffer): void {
    if (type === ControlType.open && !this.#closed) this.#open(flowId, parseOpen(body));
  }

  sendRecord(flowId: number, record: Buffer): void {
    const connection = this.#connections.get(flowId);
    if (connection === undefined) return;
    if (connection.unsent !== undefined) {
      connection.unsent.push(record);
      return;
    }
    this.#write(connection, record);
    connection.uncreditedBytes += record.length;
    this.#giveCredit(connection);
  }

  sendEnd(flowId: number, reason: EndReason): void {
    const connection = this.#connections.get(flowId);
    if (connection === undefined) return;
    if (reason === 'client-closed') {
      connection.finished = true;
      if (connection.unsent === undefined && this.#cutOff === undefined) connection.socket.end();
      return;
    }
    this.#drop(connection);
    // A client that sent what is no TLS: nobody here has the keys to tell it so.
    if (reason !== 'client-reset') this.#handler.ended(flowId, 'reset');
  }

  /** The client has taken so much of what the server sent. */
  sendCredit(flowId: number, bytes: number): void {
    const connection = this.#connections.get(flowId);
    if (connection === undefined) return;
    connection.windowBytes += bytes;
    this.#flow(connection);
  }

  /** There is nobody who would answer one: the server is asked in its own protocol. */
  sendHeartbeat(): void {
    if (!this.#closed && this.#cutOff === undefined) this.#healthCheck.ask();
  }

  /** Nothing gets through any more, in either direction, and neither side hears of it. */
  suspend(): void {
    if (this.#cutOff !== undefined || this.#closed) return;
    this.#cutOff = [];
    this.#healthCheck.stop();
    for (const connection of this.#connections.values()) {
      connection.socket.pause();
      connection.socket.cork();
    }
  }

  /** The network is back: what was under way arrives, and the server hears of connections that have ended meanwhile. */
  resume(): void {
    const ended = this.#cutOff;
    if (ended === undefined) return;
    this.#cutOff = undefined;
    for (const socket of ended) socket.resetAndDestroy();
    for (const connection of this.#connections.values()) {
      connection.socket.uncork();
      if (connection.socket.readyState === 'open') this.#connected(connection);
      if (connection.finished && connection.unsent === undefined) connection.socket.end();
      this.#flow(connection);
    }
  }

  /** What was sent for a flow, if the server can have read nothing of it; undefined when it can. */
  unsent(flowId: number): readonly Buffer[] | undefined {
    return this.#connections.get(flowId)?.unsent;
  }

  /** The server is gone, or nothing of it counts any more. */
  fence(cause: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#healthCheck.stop();
    this.#handler.closed(cause);
    for (const connection of [...this.#connections.values()]) this.#drop(connection);
  }

  #open(flowId: number, open: Open): void {
    const { port } = this.#options;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const connection: Connection = {
      flowId,
      socket,
      deframer: new RecordDeframer(TLS_STREAM),
      unsent: [],
      finished: false,
      windowBytes: FLOW_WINDOW_BYTES,
      uncreditedBytes: 0,
      corked: false,
    };
    this.#connections.set(flowId, connection);
    if (this.#cutOff !== undefined) socket.cork();
    const header = this.#proxyHeader(open);
    if (header !== undefined) socket.write(header);
    socket.on('connect', () => this.#connected(connection));
    socket.on('data', (chunk: Buffer) => this.#received(connection, chunk));
    socket.on('drain', () => this.#giveCredit(connection));
    socket.on('end', () => this.#ended(connection, 'end'));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(connection, error));
    socket.on('close', () => this.#ended(connection, 'reset'));
  }

  #proxyHeader({ clientAddress, clientPort }: Open): Buffer | undefined {
    const directorPort = this.#options.proxyHeaderFor?.();
    if (directorPort === undefined) return undefined;
    // A client that has gone again has no address.
    if (clientAddress === '') return encodeLocalProxyHeader();
    const client = { address: clientAddress, port: clientPort };
    return encodeProxyHeader(client, { address: '127.0.0.1', port: directorPort });
  }

  /** Between two who are cut off from each other nothing is connected, whatever the system says. */
  #connected(connection: Connection): void {
    const { unsent } = connection;
    if (this.#cutOff !== undefined || unsent === undefined) return;
    connection.unsent = undefined;
    for (const record of unsent) this.sendRecord(connection.flowId, record);
    if (connection.finished) connection.socket.end();
  }

  /** The server may send, unless its client has to take something first, or nothing gets through. */
  #flow({ socket, windowBytes }: Connection): void {
    if (windowBytes > 0 && this.#cutOff === undefined) socket.resume();
  }

  /** Records of one turn leave in one system call. */
  #write(connection: Connection, record: Buffer): void {
    const { socket } = connection;
    if (!connection.corked) {
      connection.corked = true;
      socket.cork();
      process.nextTick(() => {
        connection.corked = false;
        socket.uncork();
      });
    }
    socket.write(record);
  }

  /** A server that reads slowly gets less: its client may go on when TCP has taken what was written. */
  #giveCredit(connection: Connection): void {
    const { flowId, socket, uncreditedBytes } = connection;
    if (uncreditedBytes < FLOW_WINDOW_BYTES / 2 || socket.writableLength > FLOW_WINDOW_BYTES / 2) return;
    connection.uncreditedBytes = 0;
    this.#handler.credit(flowId, uncreditedBytes);
  }

  #received(connection: Connection, chunk: Buffer): void {
    this.#handler.alive();
    try {
      connection.deframer.push(chunk, (record) => this.#record(connection, record));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // What comes from there is no TLS.
      this.#ended(connection, 'reset');
    }
    this.#handler.batchEnd();
  }

  #record(connection: Connection, record: Buffer): void {
    connection.windowBytes -= record.length;
    if (connection.windowBytes <= 0) connection.socket.pause();
    this.#handler.record(connection.flowId, record);
  }

  #failed(connection: Connection, { code }: NodeJS.ErrnoException): void {
    // Nobody listens there any more. Any other error is of this connection alone.
    if (connection.unsent !== undefined && code === 'ECONNREFUSED') this.fence(CONNECTION_REFUSED);
    else this.#ended(connection, 'reset');
  }

  #ended(connection: Connection, how: 'end' | 'reset'): void {
    if (this.#connections.get(connection.flowId) !== connection) return;
    this.#connections.delete(connection.flowId);
    if (how === 'end') connection.socket.destroySoon();
    else connection.socket.resetAndDestroy();
    this.#handler.ended(connection.flowId, how);
  }

  #drop({ flowId, socket }: Connection): void {
    this.#connections.delete(flowId);
    if (this.#cutOff === undefined) socket.resetAndDestroy();
    else this.#cutOff.push(socket);
  }
}
