/** Steps of replication: a message with the static state, from the primary's encoder to what the backup keeps. */
import { type KeyObject, randomBytes } from 'node:crypto';
import { KeptConnection } from '../../cluster/replica/kept-state.js';
import {
  CLUSTER_KEY_BYTES,
  deriveLinkKey,
  type Frame,
  FrameKind,
  FrameOpener,
  FrameSealer,
  SALT_BYTES,
} from '../../cluster/replication/sealed-channel.js';
import { encodeStateMessage, parseStateMessage } from '../../cluster/replication/state-message.js';
import { randomState } from '../../tls/random-state.js';
import { serializeStaticState } from '../../tls/static-state.js';
import { type CallStep, must } from './step.js';
import { COMMON_SUITES } from './suites.js';

const GROUP = 'Replication';
/** Of one round of opening: the opener counts frames and has to begin again with the first. */
const FRAMES = 256;
const START = { recordsRead: 0, recordsWritten: 0 } as const;

export function replicationSteps(): CallStep[] {
  const [suite] = COMMON_SUITES;
  must(suite !== undefined, 'there is no cipher suite');
  const key = deriveLinkKey(randomBytes(CLUSTER_KEY_BYTES), randomBytes(SALT_BYTES), 'to-backup');
  const state = serializeStaticState(randomState(suite));
  const encode = (): Buffer => encodeStateMessage({ secrets: { established: START, state } });
  const frame = (flowId: number): Frame => ({ flowId, epoch: 0, kind: FrameKind.state, payload: encode() });
  return [sealStep(key, frame), openStep(key, frame, state)];
}

function sealStep(key: KeyObject, frame: (flowId: number) => Frame): CallStep {
  const sealer = new FrameSealer(key);
  // A pair that keeps step: the number of a frame is its nonce.
  const pair = { sealer: new FrameSealer(key), opener: new FrameOpener(key) };
  return {
    kind: 'call',
    id: 'replicate.seal',
    group: GROUP,
    title: 'encode and seal a message with the state',
    operations: 1,
    call: () => void sealer.seal(frame(1)),
    verify() {
      const { payload } = open(pair.opener, pair.sealer.seal(frame(1)));
      must(payload.equals(frame(1).payload), 'a sealed message does not open');
    },
  };
}

function openStep(key: KeyObject, frame: (flowId: number) => Frame, state: Buffer): CallStep {
  const sealer = new FrameSealer(key);
  const sealed = Array.from({ length: FRAMES }, (_, flowId) => sealer.seal(frame(flowId)));
  const keepAll = (): KeptConnection[] => {
    const opener = new FrameOpener(key);
    return sealed.map((each) => keep(open(opener, each).payload));
  };
  return {
    kind: 'call',
    id: 'replicate.open',
    group: GROUP,
    title: 'open a message, and keep the state',
    operations: FRAMES,
    call: () => void keepAll(),
    verify() {
      for (const kept of keepAll()) {
        must(kept.epochs[0]?.equals(state) === true, 'a backup does not keep the state that it was sent');
      }
    },
  };
}

function open(opener: FrameOpener, sealed: Buffer): Frame {
  let found: Frame | undefined;
  opener.push(sealed, (frame) => {
    found = frame;
  });
  must(found !== undefined, 'a frame of the replication link does not open');
  return found;
}

function keep(payload: Buffer): KeptConnection {
  const kept = new KeptConnection();
  kept.apply(parseStateMessage(payload));
  payload.fill(0);
  return kept;
}
