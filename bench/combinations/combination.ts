/** One combination of workload, strategy and fault as a small trial, and what it did other than it should. */
import type { Combination } from '../../src/bench/coverage.js';
import { planTrials } from '../../src/bench/plan.js';
import { parseRunOptions } from '../../src/bench/run-options.js';
import { runTrial, SERVERNAME } from '../../src/bench/trial.js';
import { createIdentity } from '../../src/cluster/certificates.js';
import { loadFault } from '../../src/cluster/faults/index.js';
import type { ConnectionOutcome, TrialResult } from '../../src/contracts/results.js';

/** What matters is whether each part works with each other, not how fast. */
const CONNECTIONS = 4;
/** Long content is short here. */
const SETTINGS: Readonly<Record<string, string>> = {
  'bulk-download': ':max-mib=2',
  'bulk-upload': ':max-mib=2',
};
/** Silence is noticed after 1 s. */
const HEARTBEATS = { heartbeatIntervalMs: 100, heartbeatMissed: 10 };
/** After 5 s, where nothing is to be noticed: who gets a tenth of a busy machine may say nothing for a second. */
const PATIENT_HEARTBEATS = { heartbeatIntervalMs: 100, heartbeatMissed: 50 };

/** What may become of a connection. */
const FATES: Readonly<Record<Combination['connections'], readonly ConnectionOutcome['fate'][]>> = {
  kept: ['kept'],
  untouched: ['kept'],
  reconnected: ['reconnected'],
  reset: ['reconnected'],
  ended: ['lost'],
};

/** Rejects when a process cannot be started or fails. */
export async function runCombination(
  { workload, strategy, fault }: Combination,
  seed: number,
): Promise<TrialResult> {
  const names = {
    workloads: [workload + (SETTINGS[workload] ?? '')],
    strategies: [strategy],
    faults: [fault],
  };
  const { noticed } = await loadFault(fault);
  const heartbeats = noticed === 'nothing' ? PATIENT_HEARTBEATS : HEARTBEATS;
  const options = await parseRunOptions(
    { ...names, ...heartbeats, connections: CONNECTIONS, trials: 1, seed },
    seed,
  );
  const [spec] = planTrials(options);
  const [[theStrategy], [theWorkload], [theFault]] = [options.strategies, options.workloads, options.faults];
  if (!spec || !theStrategy || !theWorkload || !theFault) throw new Error('nothing is planned');
  return runTrial({
    spec,
    strategy: theStrategy,
    workload: theWorkload,
    fault: theFault,
    identity: await createIdentity({ key: options.key, servername: SERVERNAME }),
    signal: new AbortController().signal,
  });
}

/** What the trial did other than the matrix says; empty when it did just that. What was disturbed shows nothing. */
export function differences({ connections: promised }: Combination, result: TrialResult): string[] {
  const { status, violations, measurements } = result;
  if (status === 'inconclusive') return violations;
  const seen = measurements?.connections.map(({ fate }) => fate) ?? [];
  const wrong = seen.filter((fate) => fate !== 'opened' && !FATES[promised].includes(fate));
  return [
    ...violations,
    ...(status === 'invalid' ? result.reasons : []),
    ...(seen.length === CONNECTIONS ? [] : [`${seen.length} connections were seen`]),
    ...wrong.map((fate) => `a connection is ${fate}`),
  ];
}
