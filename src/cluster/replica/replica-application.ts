/** What a replica hands its connections to. */
import type { TLSSocket } from 'node:tls';
import type { AppStream } from './app-stream.js';
import type { Connection } from './connection.js';

/** Streams that carry application data of connections that are not adopted (plain node:tls) have no connection. */
export type ServedStream = AppStream | TLSSocket;

export interface ReplicaApplication {
  /** Protocols that a handshake agrees on (RFC 7301), in the order of preference; absent: it says nothing. */
  readonly alpnProtocols?: readonly string[];
  /** Serves a connection from its first byte on, or from where another replica left it. */
  serve(stream: ServedStream, connection?: Connection): void;
  /** Ends all connections, those with a request behind its reply: clients are to connect to somebody else. */
  drain(): void;
  /** Its replica has stopped: no connection comes any more, and nothing is to keep the application alive. */
  stop(): void;
}
