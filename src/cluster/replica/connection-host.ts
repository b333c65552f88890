/** What a connection is given by the replica that serves it. */
import type { RecordPosition, RecoveryStrategy } from '../../contracts/strategy.js';
import type { Trunk } from '../../net/trunk.js';
import type { SealedWith } from '../../tls/record-protection.js';
import type { StaticState } from '../../tls/static-state.js';
import type { CommittedStateSeal } from '../replication/committed-state-seal.js';
import type { OutgoingLink } from '../replication/link.js';
import type { AppStream } from './app-stream.js';

/** How records are sealed beyond what TLS asks for. */
export interface SealingOptions {
  /** Whether a backup seals what is new with a key or with nonces that the failed primary cannot have used. */
  readonly rekey: boolean;
  /** Records after which a write key is replaced although it could seal more; TLS 1.3 only. */
  readonly rekeyAfterRecords?: number;
  /** Makes what tells the director what the record behind it was sealed with. */
  readonly note?: (flowId: number, sealedWith: SealedWith) => Buffer;
}

/** @typeParam Served the connection, which is no dependency of what it depends on */
export interface ConnectionHost<Served> {
  readonly strategy: RecoveryStrategy;
  readonly trunk: Trunk;
  readonly seal: CommittedStateSeal;
  readonly sealing: SealingOptions;
  /** Hands the plaintext side to the application's protocol library. */
  serve(connection: Served, stream: AppStream): void;
  closed(connection: Served): void;
}

export interface ConnectionStart extends RecordPosition {
  readonly flowId: number;
  readonly state: StaticState;
  /** Whether its client has sent something that is to be read at once: absent, no key is needed yet. */
  readonly busy?: boolean;
  /** Bytes that may be sent before the director gives more credit. */
  readonly creditBytes: number;
  /** Client bytes of the handshake, for which the director was not given credit; 0 when absent. */
  readonly owedCreditBytes?: number;
  /** Link to the replica that the state goes to. */
  readonly link: OutgoingLink | undefined;
}
