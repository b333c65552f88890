/**
 * How the two ends of a trunk prove to each other, before its first record, that they are of the same run: both know the
 * trunk key. Neither a stranger who connects first nor one who listens in a replica's place gets a record.
 *
 *     replica:  challenge (32)
 *     director: challenge (32) | HMAC-SHA256 of 'director' and both challenges (32)
 *     replica:  HMAC-SHA256 of 'replica' and both challenges (32)
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { readExactly } from './read-exactly.js';

/** The whole strength of HMAC-SHA256. */
const TRUNK_KEY_BYTES = 32;
const CHALLENGE_BYTES = 32;
const PROOF_BYTES = 32;
/** Both ends are on one machine and greet within microseconds; a stranger must not hold a socket for ever. */
const GREETING_TIMEOUT_MS = 5000;

type Role = 'director' | 'replica';

/** The key that the director is given: it leads to no other key of the run, to the cluster key least of all. */
export function deriveTrunkKey(clusterKey: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', clusterKey, '', 'spr-bench trunk', TRUNK_KEY_BYTES));
}

/**
 * The replica's part. Resolves when a director has proven itself.
 *
 * @throws Error when the peer ends, is no director of this run, or takes longer than 5 s; the socket is destroyed then.
 */
export function greetDirector(socket: Socket, key: Buffer): Promise<void> {
  return attempt(socket, async () => {
    const ours = randomBytes(CHALLENGE_BYTES);
    socket.write(ours);
    const theirs = await readExactly(socket, CHALLENGE_BYTES);
    check('director', await readExactly(socket, PROOF_BYTES), proof('director', key, ours, theirs));
    socket.write(proof('replica', key, ours, theirs));
  });
}

/** The director's part, of a connected socket. As {@link greetDirector}. */
export function greetReplica(socket: Socket, key: Buffer): Promise<void> {
  return attempt(socket, async () => {
    const theirs = await readExactly(socket, CHALLENGE_BYTES);
    const ours = randomBytes(CHALLENGE_BYTES);
    socket.write(Buffer.concat([ours, proof('director', key, theirs, ours)]));
    check('replica', await readExactly(socket, PROOF_BYTES), proof('replica', key, theirs, ours));
  });
}

function proof(role: Role, key: Buffer, ofReplica: Buffer, ofDirector: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(`spr-bench trunk ${role}`)
    .update(ofReplica)
    .update(ofDirector)
    .digest();
}

function check(role: Role, given: Buffer, expected: Buffer): void {
  if (!timingSafeEqual(given, expected)) throw new Error(`the peer of a trunk is no ${role} of this run`);
}

async function attempt(socket: Socket, greet: () => Promise<void>): Promise<void> {
  const late = new Error(`the peer of a trunk did not greet within ${GREETING_TIMEOUT_MS} ms`);
  const timeout = setTimeout(() => socket.destroy(late), GREETING_TIMEOUT_MS);
  // Between the greeting and the trunk nobody else listens.
  socket.on('error', () => socket.destroy());
  try {
    await greet();
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timeout);
  }
}
