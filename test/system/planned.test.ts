/** Planned ends on real processes, and the faults that are no end of a replica: each really happens, and is counted. */
import { expect, it } from 'vitest';
import type { Measurements, TrialResult } from '../../src/contracts/results.js';
import { temporaryFolder } from './support/folder.js';
import { ROOT, runCli } from './support/program.js';
import { parseSummary, readTrials } from './support/results.js';

const CONNECTIONS = 8;

async function compare(...args: string[]): Promise<ReadonlyMap<string, Measurements>> {
  const folder = temporaryFolder();
  const common = ['--quick', '--trials', '1', '--connections', String(CONNECTIONS), '--seed', '5', '--json'];
  const heartbeats = ['--heartbeat-interval-ms', '25', '--heartbeat-missed', '20'];
  const { code, stdout, stderr } = await runCli(
    ['compare', ...common, ...heartbeats, '--audit', '--out', folder, ...args],
    { cwd: ROOT },
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const { rejected, violations } = parseSummary(stdout);
  expect({ rejected, violations }).toEqual({ rejected: [], violations: [] });
  return new Map(readTrials(folder).map((trial) => [trial.spec.fault, measured(trial)]));
}

function measured({ measurements }: TrialResult): Measurements {
  if (measurements === null) throw new Error('a trial without measurements');
  return measurements;
}

function actionsOf({ faultEvents }: Measurements): string[] {
  return faultEvents.map(({ action, replica }) => `${action} ${replica}`);
}

function fatesOf({ connections }: Measurements): string[] {
  return [...new Set(connections.map(({ fate }) => fate))];
}

it('a deploy under load: every connection outlives both replicas, and no request fails or runs twice', async () => {
  const trial = (await compare('--strategies', 'spr', '--faults', 'rolling')).get('rolling');
  if (trial === undefined) throw new Error('no trial');
  expect(actionsOf(trial)).toEqual(['SIGTERM 0', 'restart 0', 'SIGTERM 1', 'restart 1']);
  expect(fatesOf(trial)).toEqual(['kept']);
  expect(trial.requests).toMatchObject({ failed: 0, unknown: 0 });
  expect(trial.requests.ok).toBeGreaterThan(CONNECTIONS);
  expect(trial.executions).toMatchObject({ zero: 0, more: 0 });
  expect(trial.handshakesAfterFault).toEqual({ full: 0, resumed: 0 });
  // From replica 0, and from replica 1.
  expect(trial.handovers?.moved).toBe(2 * CONNECTIONS);
  expect(trial.handovers?.freezesMs.length).toBeGreaterThan(0);
  expect(trial.audit).toMatchObject({ reusedNonces: 0, unnotedRecords: 0 });
});

it('a planned end where nothing is replicated: clients are told in time, and none loses a request', async () => {
  const trial = (await compare('--strategies', 'full-handshake', '--faults', 'drain')).get('drain');
  if (trial === undefined) throw new Error('no trial');
  expect(actionsOf(trial)).toEqual(['SIGTERM 0']);
  expect(fatesOf(trial)).toEqual(['reconnected']);
  expect(trial.handovers).toBeNull();
  expect(trial.executions).toMatchObject({ zero: 0, more: 0 });
});

it('partition, slow and director-restart with spr: no zombie is heard, nobody fails over too early, all is lost and made anew', async () => {
  const trials = await compare('--strategies', 'spr', '--faults', 'partition,slow,director-restart');
  const [partition, slow, restart] = ['partition', 'slow', 'director-restart'].map((id) => trials.get(id));
  if (partition === undefined || slow === undefined || restart === undefined) throw new Error('no trial');
  expect(actionsOf(partition)).toEqual(['partition 0', 'heal 0']);
  expect(fatesOf(partition)).toEqual(['kept']);
  // Detection is reported apart: nobody recovers before it.
  const detectionMs = (partition.failureDetectedMs ?? Number.NaN) - partition.faultInjectedMs;
  for (const { phases } of partition.connections) expect(phases?.detectionMs).toBeCloseTo(detectionMs, 6);
  expect(fatesOf(slow)).toEqual(['kept']);
  expect(slow.failureDetectedMs).toBeNull();
  expect(slow.requests).toMatchObject({ failed: 0, unknown: 0 });
  expect(actionsOf(restart)).toEqual(['kill-director null', 'start-director null']);
  expect(fatesOf(restart)).toEqual(['reconnected']);
  expect(restart.notRecoverable?.connections).toBe(CONNECTIONS);
});
