/**
 * The primary hangs, is replaced, and a watchdog ends it before it can wake up. Answers the question: what does a hang cost
 * by itself, without what a primary does that wakes up?
 *
 * Plain JavaScript: an editor that understands JSDoc checks the types all the same.
 */

/** @typedef {import('spr-bench').Fault} Fault */
/** @typedef {import('spr-bench').FaultEvidence} FaultEvidence */

/**
 * Why it did not happen as planned: every trace that the script must leave is looked for.
 *
 * @param {FaultEvidence} evidence
 * @returns {string[]}
 */
function verify({ primary, events, failures, fates }) {
  const endedBy = fates[primary]?.endedBy ?? 'nothing';
  const failure = failures.find(({ replica }) => replica === primary);
  const [stopped, killed] = events;
  if (stopped === undefined || killed === undefined) return ['the script was not carried out'];
  if (endedBy !== 'SIGKILL') return [`the primary was ended by ${endedBy}, not by SIGKILL`];
  if (killed.stateBefore === 'running') return ['the primary did not hang until it was killed'];
  if (failure === undefined) return ['the director did not see the primary fail'];
  if (failure.atMs < stopped.atMs) return ['the primary failed before anything was done to it'];
  if (failure.atMs > killed.atMs) return ['the primary was killed before anybody noticed that it hung'];
  return [];
}

/** @type {Fault} */
const hangThenKill = {
  id: 'hang-then-kill',
  title: 'Hang, then die',
  question: 'what does a primary cost that hangs (SIGSTOP), is replaced, and then killed (SIGKILL)?',
  victims: ({ primary }) => [primary],
  durationMs: (detectionMs) => 2 * detectionMs,
  outcome: () => ({ connections: 'kept', service: 'continues', reason: null }),
  async inject(target) {
    target.signal(target.primary, 'SIGSTOP');
    await target.untilDetected(target.primary);
    target.signal(target.primary, 'SIGKILL');
  },
  verify,
};

export default hangThenKill;
