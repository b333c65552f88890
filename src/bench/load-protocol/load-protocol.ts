/**
 * What a connection of the load client speaks inside of TLS: it sends the requests of the plan, and checks the replies while
 * they arrive. Sans-I/O: bytes come and go through its host.
 */
import type { Clock } from '../../base/clock.js';
import type { PlannedRequest, SeededBytes, Workload } from '../../contracts/workload.js';
import type { LoadRecorder, RequestRow } from '../load-recorder.js';

export interface ProtocolSettings {
  readonly workload: Workload;
  readonly bodies: SeededBytes;
  readonly clock: Clock;
  readonly recorder: LoadRecorder;
  /** Name of the server, for the protocols that say it. */
  readonly servername: string;
}

/** What a protocol tells its connection. Each call may lead to the next request, or to the end of the transport. */
export interface LoadProtocolHost {
  write(bytes: Buffer): void;
  /** Requests can be sent: the protocol has begun, or replies have come. */
  ready(): void;
  /** The reply to a request is complete, right or wrong, as its row says. */
  replied(row: RequestRow): void;
  /** The transport cannot be used further. */
  failed(problem: string): void;
}

export interface LoadProtocol {
  /** Requests that await their reply. */
  readonly pending: number;
  /** A transport is secure: says what has to be said before the first request. */
  begin(): void;
  /** @param row of the recorder, where the outcome goes */
  send(request: PlannedRequest, row: RequestRow): void;
  /** The next bytes from the server. */
  receive(chunk: Buffer): void;
  /** No reply will come: outcomes stay those of requests without one. The next transport begins anew. */
  giveUp(): void;
}
