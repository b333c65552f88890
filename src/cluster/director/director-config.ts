/** What a director is started with. */
import type { BackupRole, Expectation } from '../../contracts/strategy.js';
import type { DetectorOptions } from './failure-detector.js';
import type { Upstream } from './flow.js';
import type { LinkShape } from './link-direction.js';

/** One process of a replica, and where it listens for the director. */
export interface ReplicaAddress extends Pick<Upstream, 'index' | 'incarnation'> {
  /** Of its trunk; of a server that knows none, the port for its clients. */
  readonly trunkPort: number;
}

export interface DirectorConfig extends LinkShape {
  readonly replicas: readonly ReplicaAddress[];
  /** Proves to replicas that this is their director, and the other way round. */
  readonly trunkKey: Uint8Array;
  /** From the strategy: whether flows are taken over at all, and when idle ones are. */
  readonly transport: Expectation['transport'];
  readonly idleFlows: BackupRole['idleFlows'];
  /** Of the jitter of the clients' links; absent: 0. */
  readonly linkSeed?: number;
  readonly detector: DetectorOptions;
  /** The last flow id that a director before this one can have used; absent: 0. */
  readonly lastFlowId?: number;
  /** Port for clients on 127.0.0.1; 0 for any. */
  readonly port: number;
  /** Further clients are closed as they come; `Infinity` for no limit, also when absent. */
  readonly maxClients?: number;
  /** After which flows that a draining replica still has are taken over as after a crash; 10 s when absent. */
  readonly drainLimitMs?: number;
  /** Present when the replicas are servers that know no trunk: each flow gets a TCP connection of its own then. */
  readonly external?: {
    /** Whether each connection begins with a PROXY protocol header. */
    readonly proxyProtocol: boolean;
  };
}
