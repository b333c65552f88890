/**
 * SPR, but every flow is taken over as soon as the failure is known, the idle ones too. Answers the question: what does
 * it cost to have nothing left to do when an idle client speaks again?
 *
 * Plain JavaScript: an editor that understands JSDoc checks the types all the same.
 */

/** @typedef {import('spr-bench').RecoveryStrategy} RecoveryStrategy */
/** @typedef {import('spr-bench').ReplicationDecision} ReplicationDecision */
/** @typedef {import('spr-bench').TakeoverDecision} TakeoverDecision */

/**
 * What the primary replicates, and what its output waits for.
 *
 * @param {import('spr-bench').Occasion} occasion
 * @returns {ReplicationDecision}
 */
function decide({ moment, idempotent }) {
  switch (moment) {
    // Without the secrets nobody can go on: nothing leaves before the backup has them.
    case 'established':
    case 'rekeyed':
      return { replicate: ['secrets'], output: 'release-when-acknowledged' };
    // The reply to a request that must not run twice waits until the backup could repeat it word for word.
    case 'output':
      return idempotent ? {} : { output: 'hold' };
    case 'answered':
      return idempotent ? {} : { replicate: ['outcome'], output: 'release-when-acknowledged' };
    // A long reply goes on from its last checkpoint; the director keeps the sealed state of the application.
    case 'checkpoint':
      return idempotent ? { commit: 'sealed-state' } : {};
    default:
      return {};
  }
}

/**
 * How the backup goes on, from what it kept and what the director saw.
 *
 * @param {import('spr-bench').KeptState} kept
 * @param {import('spr-bench').Evidence} evidence
 * @returns {TakeoverDecision}
 */
function takeOver({ established }, { commit, delivered }) {
  if (established === undefined) return { kind: 'refuse', reason: 'state-missing' };
  if (commit.recordsRead >= established.recordsRead) return { kind: 'replay', from: 'commit' };
  if (delivered < established.recordsWritten) return { kind: 'refuse', reason: 'handshake-unfinished' };
  return { kind: 'replay', from: 'established' };
}

/** @type {RecoveryStrategy} */
const eagerSpr = {
  id: 'eager-spr',
  title: 'Eager SPR',
  summary: 'kept; as spr, but idle flows are taken over at once instead of when their client speaks',
  expects: { handshake: 'none', transport: 'kept' },
  replicates: ['secrets', 'outcome', 'application-state'],
  sharesTicketKeys: false,
  client: { onTransportLost: 'full-handshake' },
  primary: { decide },
  backup: { idleFlows: 'eager', takeOver },
};

export default eagerSpr;
