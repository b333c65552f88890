/** `spr-bench compare` under each fault: it really happens, and what is promised under it is what clients see. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Cell, Measurements, Summary, TrialResult } from '../../src/contracts/results.js';
import { suiteFolder, temporaryFolder } from './support/folder.js';
import { ROOT, runCli } from './support/program.js';
import { cellOf, parseSummary, readTrials } from './support/results.js';

const CONNECTIONS = 8;
const STRATEGIES = ['full-handshake', 'session-resumption', 'full-state-copy', 'spr'];
const RECONNECTING = ['full-handshake', 'session-resumption'];
const KEEPING = ['full-state-copy', 'spr'];
const WORKLOAD = 'request-reply';
/** Long enough for a replica on a busy machine to be heard, short enough for a test. */
const HEARTBEATS = ['--heartbeat-interval-ms', '25', '--heartbeat-missed', '20'];

interface Run {
  readonly code: number | null;
  readonly stderr: string;
  readonly summary: Summary;
  readonly trials: readonly TrialResult[];
}

async function compare(folder: string, ...args: string[]): Promise<Run> {
  const common = ['--quick', '--trials', '1', '--connections', String(CONNECTIONS), '--seed', '5', '--json'];
  const { code, stdout, stderr } = await runCli(
    ['compare', ...common, ...HEARTBEATS, '--out', folder, ...args],
    {
      cwd: ROOT,
    },
  );
  return { code, stderr, summary: parseSummary(stdout), trials: readTrials(folder) };
}

/** The trial counts, nothing was violated, and every request has one outcome and is in one class of executions. */
function expectCounted({ code, stderr, summary, trials }: Run): void {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(summary.rejected).toEqual([]);
  expect(summary.violations).toEqual([]);
  for (const { corruptedBytes } of summary.cells) expect(corruptedBytes).toBe(0);
  for (const trial of trials) {
    const { requests, executions } = measured(trial);
    if (executions === null) throw new Error('nobody knows the executions');
    const outcomes = requests.ok + requests.failed + requests.unknown;
    expect(executions.zero + executions.once + executions.more).toBe(outcomes);
    // A right reply was executed at least once.
    expect(executions.once + executions.more).toBeGreaterThanOrEqual(requests.ok);
  }
}

function measured({ measurements }: TrialResult): Measurements {
  if (measurements === null) throw new Error('a trial without measurements');
  return measurements;
}

function trialOf({ trials }: Run, strategy: string): Measurements {
  const trial = trials.find(({ spec }) => spec.strategy === strategy);
  if (trial === undefined) throw new Error(`no trial of ${strategy}`);
  return measured(trial);
}

function actionsOf({ faultEvents }: Measurements): string[] {
  return faultEvents.map(({ action, replica }) => `${action} ${replica}`);
}

describe('hang: the primary stops, is replaced, and wakes up', () => {
  const folder = suiteFolder();
  let hung: Run;
  const cell = (strategy: string): Cell => cellOf(hung.summary, strategy, WORKLOAD);

  beforeAll(async () => {
    hung = await compare(folder, '--faults', 'hang');
  });

  it('every cell counts', () => expectCounted(hung));

  it.each(STRATEGIES)('stops it, and wakes it up after its failure was seen: %s', (strategy) => {
    const trial = trialOf(hung, strategy);
    expect(actionsOf(trial)).toEqual(['SIGSTOP 0', 'SIGCONT 0']);
    const [stopped, woken] = trial.faultEvents;
    if (process.platform === 'linux') expect(woken?.stateBefore).toBe('stopped');
    expect(trial.failureDetectedMs).toBeGreaterThan(stopped?.atMs ?? Number.NaN);
    expect(trial.failureDetectedMs).toBeLessThan(woken?.atMs ?? Number.NaN);
  });

  it.each(KEEPING)('keeps every connection, and no request fails: %s', (strategy) => {
    expect(cell(strategy).connections).toEqual({ kept: CONNECTIONS, reconnected: 0, lost: 0, opened: 0 });
    expect(cell(strategy).requests).toMatchObject({ failed: 0, unknown: 0 });
    expect(cell(strategy).recoveryTimeMs?.count).toBe(CONNECTIONS);
  });

  it.each(RECONNECTING)('has every client reconnect when it is reset: %s', (strategy) => {
    expect(cell(strategy).connections).toEqual({ kept: 0, reconnected: CONNECTIONS, lost: 0, opened: 0 });
    const { connections, failureDetectedMs, faultInjectedMs } = trialOf(hung, strategy);
    // Nobody can know before the director does.
    const detectionMs = (failureDetectedMs ?? Number.NaN) - faultInjectedMs;
    for (const { phases } of connections) expect(phases?.detectionMs).toBeGreaterThanOrEqual(detectionMs);
  });

  it('has nothing that nothing could recover', () => {
    for (const strategy of STRATEGIES) expect(cell(strategy).notRecoverable).toBeNull();
  });
});

describe('--fault-phase', () => {
  const folder = suiteFolder();

  it('strikes when a connection is in a phase that they are rarely in', async () => {
    const seldom = ['--workloads', 'request-reply:think-ms=500', '--rtt-ms', '20'];
    const run = await compare(folder, '--strategies', 'spr', '--fault-phase', 'mid-request', ...seldom);
    expectCounted(run);
    const { connections } = trialOf(run, 'spr');
    expect(connections.map(({ phaseAtFault }) => phaseAtFault)).toContain('mid-request');
    expect(connections.every(({ fate }) => fate === 'kept')).toBe(true);
  });
});

describe('double: the primary and its backup die at once', () => {
  describe('of two replicas', () => {
    const folder = suiteFolder();
    let run: Run;
    const cell = (strategy: string): Cell => cellOf(run.summary, strategy, WORKLOAD);

    beforeAll(async () => {
      run = await compare(folder, '--faults', 'double');
    });

    it('every cell counts, although nothing recovers', () => expectCounted(run));

    it.each(STRATEGIES)('every connection is reset, none hangs: %s', (strategy) => {
      expect(actionsOf(trialOf(run, strategy))).toEqual(['SIGKILL 0', 'SIGKILL 1']);
      expect(cell(strategy).connections).toEqual({ kept: 0, reconnected: 0, lost: CONNECTIONS, opened: 0 });
      expect(cell(strategy).recoveryTimeMs).toBeNull();
      expect(cell(strategy).notRecoverable).toEqual({
        connections: CONNECTIONS,
        reason: 'primary and backup died, and no replica is left',
      });
      for (const { cause } of trialOf(run, strategy).connections) expect(cause).toBe('ECONNRESET');
    });

    it.each(STRATEGIES)('the requests of the rest of the trial fail: %s', (strategy) => {
      const { ok, failed, unknown } = cell(strategy).requests;
      expect(ok).toBeGreaterThan(0);
      expect(failed + unknown).toBeGreaterThanOrEqual(CONNECTIONS);
    });

    it('what the backup had received counts, although it died', () => {
      for (const strategy of KEEPING)
        expect(cell(strategy).replication?.bytesPerConnection).toBeGreaterThan(0);
    });
  });

  describe('of three replicas', () => {
    const folder = suiteFolder();
    let run: Run;
    const cell = (strategy: string): Cell => cellOf(run.summary, strategy, WORKLOAD);

    beforeAll(async () => {
      run = await compare(folder, '--faults', 'double', '--replicas', '3');
    });

    it('every cell counts', () => expectCounted(run));

    it.each(RECONNECTING)('the third serves whoever reconnects: %s', (strategy) => {
      expect(cell(strategy).connections).toEqual({ kept: 0, reconnected: CONNECTIONS, lost: 0, opened: 0 });
      expect(cell(strategy).recoveryTimeMs?.count).toBe(CONNECTIONS);
      expect(cell(strategy).notRecoverable).toBeNull();
    });

    it.each(KEEPING)(
      'the third had no state of these connections: they are reset and made anew: %s',
      (strategy) => {
        expect(cell(strategy).connections).toEqual({ kept: 0, reconnected: CONNECTIONS, lost: 0, opened: 0 });
        expect(cell(strategy).notRecoverable).toMatchObject({ connections: CONNECTIONS });
        expect(cell(strategy).notRecoverable?.reason).toContain('no other replica had the state');
      },
    );
  });
});

describe('several faults in one run', () => {
  it('have cells of their own, a fault from a module among them', async () => {
    const file = './examples/faults/hang-then-kill.js';
    const run = await compare(temporaryFolder(), '--strategies', 'spr', '--faults', `kill,double,${file}`);
    expectCounted(run);
    expect(run.summary.cells.map(({ fault }) => fault)).toEqual(['double', 'hang-then-kill', 'kill']);
    expect(run.summary.cells.map(({ connections }) => connections.kept)).toEqual([
      0,
      CONNECTIONS,
      CONNECTIONS,
    ]);
  });
});
