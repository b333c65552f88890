/** What a replica is made with, and what it tells. */
import type { SecureContext } from 'node:tls';
import type { RecoveryStrategy, RefusalReason } from '../../contracts/strategy.js';
import type { HANDSHAKE_TIMEOUT_MS, ServerHandshakeOptions } from '../../tls/adoption.js';
import type { SealingOptions } from './connection-host.js';
import type { ReplicaApplication } from './replica-application.js';

export type Engine = 'adopted' | 'native';

export interface ReplicaOptions {
  readonly index: number;
  /** Processes that this replica had before this one. */
  readonly incarnation: number;
  readonly strategy: RecoveryStrategy;
  readonly engine: Engine;
  readonly secureContext: SecureContext;
  /** `none` when absent. The engine `native` does not ask for any. */
  readonly clientCertificate?: ServerHandshakeOptions['clientCertificate'];
  /** After which a handshake that is not done is given up; {@link HANDSHAKE_TIMEOUT_MS} when absent. */
  readonly handshakeTimeoutMs?: number;
  readonly application: ReplicaApplication;
  readonly clusterKey: Buffer;
  readonly heartbeatIntervalMs: number;
  /** Nothing beyond TLS when absent. */
  readonly sealing?: SealingOptions;
}

/** One takeover, with the times of its steps (ms of the shared clock). */
export interface TakeoverTimes {
  readonly takenMs: number;
  readonly stateMs: number;
  readonly cryptoMs: number;
}

export interface ReplicaObserver {
  handshake(flowId: number, resumed: boolean, atMs: number): void;
  takenOver(flowId: number, times: TakeoverTimes): void;
  refused(flowId: number, reason: RefusalReason): void;
}
