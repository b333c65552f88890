/**
 * A replica takes connections over for the first time when another one has died: the worst moment for its code to be
 * compiled. So it exercises the whole path once at its start, with connections that never were, on a replica of its own
 * in the same process: a link that brings state, a trunk that hands flows over, an application that answers.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import type { RecoveryStrategy } from '../../contracts/strategy.js';
import type { Application } from '../../contracts/workload.js';
import { ControlType, encodeTake } from '../../net/control-records.js';
import { Trunk } from '../../net/trunk.js';
import { deriveTrunkKey, greetReplica } from '../../net/trunk-greeting.js';
import type { CipherSuite } from '../../tls/cipher-suites.js';
import { mirrored, randomState } from '../../tls/random-state.js';
import { ContentType } from '../../tls/record.js';
import { createWriteState, type StaticState, serializeStaticState } from '../../tls/static-state.js';
import { OutgoingLink } from '../replication/link.js';
import { CLUSTER_KEY_BYTES } from '../replication/sealed-channel.js';
import { encodeStateMessage } from '../replication/state-message.js';
import { HttpApplication } from './http-application.js';
import { Replica } from './replica.js';
import type { ReplicaObserver, ReplicaOptions } from './replica-options.js';

/** As many as it takes until the compiler has seen enough: more of them gain nothing that can be measured. */
const REHEARSED_FLOWS = 400;
/** Of the stand-ins: the failed primary, and the replica that takes over. */
const PRIMARY = 0;
const BACKUP = 1;
/** Nobody listens for them. */
const HEARTBEAT_INTERVAL_MS = 60_000;
const CREDIT_BYTES = 256 * 1024;
const START = { recordsRead: 0, recordsWritten: 0 } as const;
const NOTHING = Buffer.alloc(0);

const REQUEST = Buffer.from('GET / HTTP/1.1\r\nHost: rehearsal\r\n\r\n', 'latin1');
const answer: Application = (_request, response) => void response.end('rehearsed');
const NO_LEDGER = { record(): void {} };
const NO_OBSERVER: ReplicaObserver = { handshake() {}, takenOver() {}, refused() {} };

export interface RehearsalOptions extends Pick<ReplicaOptions, 'strategy' | 'secureContext'> {
  readonly suite: CipherSuite;
}

/** Resolves when all flows of the rehearsal have been answered, some 200 ms of processor time later; nothing of it is left then. */
export async function rehearseTakeover(options: RehearsalOptions, clock: Clock): Promise<void> {
  const clusterKey = randomBytes(CLUSTER_KEY_BYTES);
  const replica = new Replica(
    {
      index: BACKUP,
      incarnation: 0,
      strategy: options.strategy,
      engine: 'adopted',
      secureContext: options.secureContext,
      application: new HttpApplication(answer, NO_LEDGER),
      clusterKey,
      heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
    },
    NO_OBSERVER,
    clock,
  );
  const { trunkPort, linkPort } = await replica.listen();
  try {
    // The same for all flows: to make one is no part of what is rehearsed.
    const state = randomState(options.suite);
    await replicate(state, options.strategy, linkPort, clusterKey);
    await takeOver(state, await connected(trunkPort, clusterKey));
  } finally {
    replica.stop();
  }
}

/** Sends everything that any strategy may want at takeover, for each flow, and waits until the backup has it. */
async function replicate(
  state: StaticState,
  { replicates }: RecoveryStrategy,
  port: number,
  clusterKey: Buffer,
): Promise<void> {
  const link = await OutgoingLink.connect({ peer: BACKUP, self: PRIMARY, incarnation: 0, port, clusterKey });
  const snapshot = replicates.includes('sequence-numbers') && {
    position: START,
    input: { restart: true, startWritten: 0, bytes: NOTHING },
    output: { answered: true, records: [] },
  };
  const secrets = { established: START, state: serializeStaticState(state) };
  const message = encodeStateMessage({ secrets, ...snapshot });
  let counter = 0;
  for (let flowId = 0; flowId < REHEARSED_FLOWS; flowId++) {
    counter = link.replicate(flowId, 0, message);
  }
  await new Promise<void>((resolve) => {
    link.wait({
      acknowledged(upTo) {
        if (upTo >= counter) resolve();
      },
    });
  });
  link.end();
}

/** Hands every flow over with one request in its journal, and waits for the replies; a strategy may refuse, too. */
async function takeOver(state: StaticState, socket: Socket): Promise<void> {
  let missing = REHEARSED_FLOWS;
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      missing -= 1;
      if (missing === 0) resolve();
    };
    const trunk = new Trunk(socket, {
      tlsRecord: settle,
      controlRecord(_flowId, type) {
        if (type === ControlType.end) settle();
      },
      batchEnd() {},
      closed: (cause) => reject(new Error(`the trunk of the rehearsal has ended: ${cause}`)),
    });
    const take = encodeTake({
      clientAddress: '127.0.0.1',
      clientPort: 0,
      backup: undefined,
      from: PRIMARY,
      fromIncarnation: 0,
      commit: START,
      delivered: START.recordsWritten,
      received: 1,
      creditBytes: CREDIT_BYTES,
      sealedState: undefined,
      deliveredEntries: NOTHING,
    });
    const request = sealedRequest(state);
    for (let flowId = 0; flowId < REHEARSED_FLOWS; flowId++) {
      trunk.sendControl(flowId, ControlType.take, take);
      trunk.sendRecord(flowId, request);
    }
  });
}

function sealedRequest(state: StaticState): Buffer {
  return Buffer.concat(createWriteState(mirrored(state), 0).seal(ContentType.application_data, REQUEST));
}

async function connected(port: number, clusterKey: Buffer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await greetReplica(socket, deriveTrunkKey(clusterKey));
  return socket;
}
