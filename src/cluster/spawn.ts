/** Starts the processes of a cluster, each with the options of node that its work asks for. */
import { type ChildChannel, spawnChild } from '../net/message-channel.js';
import type { DirectorCommand, DirectorEvent, ReplicaCommand, ReplicaEvent } from './messages.js';
import { processEntry } from './process-entry.js';

/**
 * The heap below which V8 does not collect everything, MiB; nothing is allocated for it. A record that is sealed is a buffer
 * outside of the heap, which V8 counts as growth of it: a replica lives on some 10 MiB of heap, so that every 14 MB of
 * records would be followed by a full collection, 16 per second, instead of one of the young objects alone (measured: a third
 * of the processor time with replies of 64 KiB; 64 MiB are too little for Node 24, above 128 there is nothing more to gain).
 */
const REPLICA_INITIAL_OLD_SPACE_MIB = 128;

/**
 * Half of the memory for young objects may take at most, MiB: what Node 20 has by itself. Node 24 lets it grow in steps up to
 * 64, which gained nothing that shows, and which a process with thousands of connections reaches within minutes: resident
 * memory that grows with its age, and not with what it holds.
 */
const MAX_SEMI_SPACE_MIB = 16;
const YOUNG_OBJECTS = `--max-semi-space-size=${MAX_SEMI_SPACE_MIB}`;

export function spawnDirector(): ChildChannel<DirectorCommand, DirectorEvent> {
  return spawnChild({ module: processEntry('director'), name: 'director', execArgv: [YOUNG_OBJECTS] });
}

export function spawnReplica(index: number): ChildChannel<ReplicaCommand, ReplicaEvent> {
  return spawnChild({
    module: processEntry('replica'),
    name: `replica ${index}`,
    execArgv: [`--initial-old-space-size=${REPLICA_INITIAL_OLD_SPACE_MIB}`, YOUNG_OBJECTS],
  });
}
