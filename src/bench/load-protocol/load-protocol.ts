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
  /** @param written called when the transport has taken them; never when it is lost before */
  write(bytes: Buffer, written?: () => void): void;
  /** Requests can be sent: the protocol has begun, or replies have come. */
  ready(): void;
  /** The reply to a request is complete, right or wrong, as its row says. */
  replied(row: RequestRow): void;
  /** The transport cannot be used further. */
  failed(problem: string): void;
  /** The transport has served its last request, as planned. */
  finished(): void;
}

export type LoadProtocolConstructor = new (
  settings: ProtocolSettings,
  host: LoadProtocolHost,
) => LoadProtocol;

export interface LoadProtocol {
  /** Requests that await their reply. */
  readonly pending: number;
  /** A transport is secure: says what has to be said before the first request. */
  begin(): void;
  /** Whether `request` can be sent now, behind those that are outstanding. */
  accepts(request: PlannedRequest): boolean;
  /** @param row of the recorder, where the outcome goes */
  send(request: PlannedRequest, row: RequestRow): void;
  /** @param chunk the next bytes from the server, valid during the call */
  receive(chunk: Buffer): void;
  /** No reply will come: outcomes stay those of requests without one. The next transport begins anew. */
  giveUp(): void;
  /** The transport is lost. Absent: what was outstanding is given up, see {@link giveUp}. */
  transportLost?(): void;
}
