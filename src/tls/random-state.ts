/** Static state of a connection that never was: for measurements and rehearsals that need keys, but no peer. */
import { randomBytes } from 'node:crypto';
import type { CipherSuite } from './cipher-suites.js';
import { keyBlockBytes } from './key-schedule-12.js';
import type { StaticState } from './static-state.js';

/** The server's view of a connection with random secrets, at its first application record. */
export function randomState(suite: CipherSuite): StaticState {
  const secrets =
    suite.version === '1.3'
      ? { kind: 'tls13' as const, client: randomBytes(suite.hashBytes), server: randomBytes(suite.hashBytes) }
      : { kind: 'tls12' as const, keyBlock: randomBytes(keyBlockBytes(suite)) };
  return { suite, epoch: 0, readBase: 0, writeBase: 0, secrets };
}

/** The client's view: what the server writes is what it reads. */
export function mirrored(state: StaticState): StaticState {
  if (state.secrets.kind === 'tls13') {
    const { client, server } = state.secrets;
    return { ...state, secrets: { kind: 'tls13', client: server, server: client } };
  }
  const keyBlock = mirroredKeyBlock(state.suite, state.secrets.keyBlock);
  return { ...state, secrets: { kind: 'tls12', keyBlock } };
}

/** Client key, server key, client IV, server IV (RFC 5246 6.3). */
function mirroredKeyBlock({ keyBytes, fixedIvBytes }: CipherSuite, block: Buffer): Buffer {
  const ivs = 2 * keyBytes;
  return Buffer.concat([
    block.subarray(keyBytes, ivs),
    block.subarray(0, keyBytes),
    block.subarray(ivs + fixedIvBytes, ivs + 2 * fixedIvBytes),
    block.subarray(ivs, ivs + fixedIvBytes),
  ]);
}
