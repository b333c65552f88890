import { describe, expect, it } from 'vitest';
import { directorRestart } from '../../../src/cluster/faults/director-restart.js';
import { double } from '../../../src/cluster/faults/double.js';
import { drain } from '../../../src/cluster/faults/drain.js';
import { hang } from '../../../src/cluster/faults/hang.js';
import { FAULTS, faultProblem, loadFault } from '../../../src/cluster/faults/index.js';
import { kill } from '../../../src/cluster/faults/kill.js';
import { partition } from '../../../src/cluster/faults/partition.js';
import { restart } from '../../../src/cluster/faults/restart.js';
import { rolling } from '../../../src/cluster/faults/rolling.js';
import { slow } from '../../../src/cluster/faults/slow.js';
import type { FaultEvidence, FaultRoles, ReplicaFate } from '../../../src/contracts/fault.js';
import { describeFault, run } from './conformance.js';

const ROLES: FaultRoles = { primary: 0, backup: 1, replicas: 3 };

for (const fault of FAULTS) describeFault(fault);

it('ids are unique', () => {
  const ids = FAULTS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

function withFate(evidence: FaultEvidence, replica: number, changes: Partial<ReplicaFate>): FaultEvidence {
  const fates = evidence.fates.map((fate, index) => (index === replica ? { ...fate, ...changes } : fate));
  return { ...evidence, fates };
}

describe('kill', () => {
  it('is refused when the primary still runs, or had died by itself', async () => {
    const evidence = await run(kill, ROLES, 1);
    const alive = withFate(evidence, 0, { endedBy: null, state: 'running', answers: true });
    expect(kill.verify(alive)).toEqual(['the primary was not killed: it still runs']);
    const events = evidence.events.map((event) => ({ ...event, stateBefore: 'ended' as const }));
    expect(kill.verify({ ...evidence, events })).toEqual(['the primary had ended before it was killed']);
  });
});

describe('hang', () => {
  it('wakes the primary up at a moment that the seed draws, after the detection', async () => {
    const wakings = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const { events, failures } = await run(hang, ROLES, seed);
      expect(events.map(({ action }) => action)).toEqual(['SIGSTOP', 'SIGCONT']);
      const [detectedMs = Number.NaN] = failures.map(({ atMs }) => atMs);
      const [, wokenMs = Number.NaN] = events.map(({ atMs }) => atMs);
      expect(wokenMs).toBeGreaterThan(detectedMs);
      wakings.add(wokenMs);
    }
    expect(wakings.size).toBe(20);
  });

  it.each<[string, (evidence: FaultEvidence) => FaultEvidence, string]>([
    [
      'a primary that was not stopped',
      (evidence) => ({
        ...evidence,
        events: evidence.events.map((event) => ({ ...event, stateBefore: 'running' })),
      }),
      'the primary did not hang: it was running before it was woken up',
    ],
    [
      'a failure seen otherwise than by missed heartbeats',
      (evidence) => ({
        ...evidence,
        failures: evidence.failures.map((failure) => ({ ...failure, cause: 'end of stream' })),
      }),
      'the director saw the primary fail by end of stream, not by missed-heartbeats',
    ],
    [
      'a primary that was woken up too early',
      (evidence) => ({
        ...evidence,
        failures: evidence.failures.map((failure) => ({ ...failure, atMs: 1e6 })),
      }),
      'the primary was woken up before the director had declared it failed',
    ],
    [
      'a primary that was never woken up',
      (evidence) => ({ ...evidence, events: evidence.events.slice(0, 1) }),
      'the primary was not stopped and woken up',
    ],
    [
      'a primary that died of it',
      (evidence) => withFate(evidence, 0, { endedBy: 'SIGABRT', state: 'ended', answers: false }),
      'the primary did not live on: SIGABRT',
    ],
    [
      'a primary that does not run again',
      (evidence) => withFate(evidence, 0, { answers: false }),
      'the primary did not run again after it was woken up',
    ],
    [
      'a primary that is still stopped',
      (evidence) => withFate(evidence, 0, { state: 'stopped' }),
      'the primary did not run again after it was woken up',
    ],
  ])('is refused for %s', async (_, change, reason) => {
    expect(hang.verify(change(await run(hang, ROLES, 1)))).toEqual([reason]);
  });

  it('believes what it cannot look at: a system without /proc', async () => {
    const evidence = await run(hang, ROLES, 1);
    const events = evidence.events.map((event) => ({ ...event, stateBefore: 'unknown' as const }));
    expect(hang.verify({ ...evidence, events })).toEqual([]);
  });
});

describe('double', () => {
  it('is refused when the backup lives, and names it', async () => {
    const evidence = await run(double, ROLES, 1);
    const alive = withFate(evidence, 1, { endedBy: null, state: 'running', answers: true });
    expect(double.verify(alive)).toEqual(['the backup was not killed: it still runs']);
    const failures = evidence.failures.filter(({ replica }) => replica === 0);
    expect(double.verify({ ...evidence, failures })).toEqual(['the director did not see the backup fail']);
  });

  it('leaves nobody of two replicas, and one of three that serves new connections', () => {
    expect(double.outcome(2)).toMatchObject({ connections: 'reset', service: 'ends' });
    expect(double.outcome(3)).toMatchObject({ connections: 'reset', service: 'continues' });
  });
});

describe('drain and rolling', () => {
  it('are refused when a replica was killed, was never told, or left before it was told', async () => {
    for (const fault of [drain, rolling]) {
      const evidence = await run(fault, ROLES, 1);
      const killed = evidence.exits.map((exit) => ({ ...exit, code: null, signal: 'SIGKILL' }));
      expect(fault.verify({ ...evidence, exits: killed })).toContainEqual(
        expect.stringContaining('did not end as planned: SIGKILL'),
      );
      expect(fault.verify({ ...evidence, exits: [] }).join()).toContain('exit code none');
      const events = evidence.events.filter(({ action }) => action !== 'SIGTERM');
      expect(fault.verify({ ...evidence, events }).join()).toContain('was not told to end');
    }
  });

  it('take the end of a program by the signal that told it to end for what it is: as planned', async () => {
    for (const signal of ['SIGTERM', 'SIGQUIT', 'SIGINT']) {
      const evidence = await run(drain, ROLES, 1);
      const exits = evidence.exits.map((exit) => ({ ...exit, code: null, signal }));
      const ended = withFate(evidence, ROLES.primary, { endedBy: signal, state: 'ended', answers: false });
      expect(drain.verify({ ...ended, exits })).toEqual([]);
    }
  });

  it('rolling goes round from the primary, one after the other, and is refused when one does not come back', async () => {
    const given = { primary: 1, backup: 2, replicas: 3 };
    const evidence = await run(rolling, given, 1);
    expect(evidence.events.map(({ action, replica }) => `${action} ${replica}`)).toEqual(
      [1, 2, 0].flatMap((replica) => [`SIGTERM ${replica}`, `restart ${replica}`]),
    );
    const returns = evidence.returns.filter(({ replica }) => replica !== 0);
    expect(rolling.verify({ ...evidence, returns })).toEqual(['replica 0 was not started again']);
  });
});

describe('partition', () => {
  it('is refused when the primary hung, or the network healed before anybody had noticed', async () => {
    const evidence = await run(partition, ROLES, 1);
    const events = evidence.events.map((event) => ({ ...event, stateBefore: 'stopped' as const }));
    expect(partition.verify({ ...evidence, events }).join()).toContain('did not live on');
    const failures = evidence.failures.map((failure) => ({ ...failure, atMs: 10_000 }));
    expect(partition.verify({ ...evidence, failures }).join()).toContain('healed before');
    const ended = evidence.failures.map((failure) => ({ ...failure, cause: 'end of stream' }));
    expect(partition.verify({ ...evidence, failures: ended }).join()).toContain('by end of stream');
  });
});

describe('restart', () => {
  it('is refused when the old process ended in another way, or no new one came', async () => {
    const evidence = await run(restart, ROLES, 1);
    const exits = evidence.exits.map((exit) => ({ ...exit, signal: 'SIGSEGV' }));
    expect(restart.verify({ ...evidence, exits })).toEqual(['the primary was not killed']);
    expect(restart.verify({ ...evidence, returns: [] })).toEqual(['the primary was not started again']);
  });
});

describe('slow', () => {
  it('stops the primary for nine tenths of a second, and is refused when it was not stopped for most of it', async () => {
    const evidence = await run(slow, ROLES, 1);
    expect(evidence.events).toHaveLength(20);
    const never = evidence.events.map((event) => ({ ...event, stateBefore: 'running' as const }));
    expect(slow.verify({ ...evidence, events: never }).join()).toContain('for 0 % of the time');
    // A stop that a busy machine let take effect late is not counted, and one of ten is not missed.
    const [first, second, ...others] = evidence.events;
    if (first === undefined || second === undefined) throw new Error('no events');
    const late = [first, { ...second, stateBefore: 'running' as const }, ...others];
    expect(slow.verify({ ...evidence, events: late })).toEqual([]);
    expect(slow.verify({ ...evidence, events: evidence.events.slice(2) }).join()).toContain('in turn');
  });

  it('is refused when the director replaced the primary', async () => {
    const evidence = await run(slow, ROLES, 1);
    const failures = [{ replica: 0, cause: 'missed-heartbeats', atMs: 50 }];
    expect(slow.verify({ ...evidence, failures }).join()).toContain('declared the slow primary failed');
    const elsewhere = [{ replica: 1, cause: 'missed-heartbeats', atMs: 50 }];
    expect(slow.verify({ ...evidence, failures: elsewhere })).toEqual([]);
  });
});

describe('director-restart', () => {
  it('is refused when the director did not die, did not come back, or took a replica with it', async () => {
    const evidence = await run(directorRestart, ROLES, 1);
    expect(directorRestart.verify({ ...evidence, exits: [] })).toEqual(['the director was not killed']);
    expect(directorRestart.verify({ ...evidence, returns: [] })).toEqual(['the director did not come back']);
    const gone = withFate(evidence, 2, { endedBy: 'SIGABRT', state: 'ended', answers: false });
    expect(directorRestart.verify(gone)).toEqual(['replica 2 did not live on: SIGABRT']);
  });
});

describe('loading', () => {
  it('finds the entries by id', async () => {
    for (const fault of FAULTS) expect(await loadFault(fault.id)).toBe(fault);
    await expect(loadFault('flood')).rejects.toThrow(
      'fault "flood" is unknown: the ids are kill, hang, double',
    );
  });

  it.each([
    [null, 'is not an object'],
    [{ ...kill, id: '' }, 'has no id, title and question'],
    [{ ...kill, question: 5 }, 'has no id, title and question'],
    [{ ...kill, verify: undefined, inject: 'SIGKILL' }, 'lacks inject, verify'],
  ])('says what a module lacks: %#', (value, problem) => {
    expect(faultProblem(value)).toBe(problem);
  });
});
