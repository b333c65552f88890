import { expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { FaultInjection, type InjectionOptions, ReplicaDetections } from '../../src/bench/fault-injection.js';
import { hang } from '../../src/cluster/faults/hang.js';
import type { Fault, FaultAction } from '../../src/contracts/fault.js';

/** Far longer than any test: what waits for it would fail the test. */
const NEVER_MS = 3_600_000;

interface Bench {
  readonly injection: FaultInjection;
  readonly detections: ReplicaDetections;
  readonly signals: (readonly [number, FaultAction])[];
  readonly abort: AbortController;
  /** What was asked of the cluster beside signals. */
  readonly done: readonly string[];
}

function createBench(changes: Partial<InjectionOptions> = {}): Bench {
  const signals: (readonly [number, FaultAction])[] = [];
  const done: string[] = [];
  const exit = { code: 0, signal: null };
  const abort = new AbortController();
  const detections = new ReplicaDetections();
  let nowMs = 0;
  const cluster = {
    directorPid: process.pid,
    replicaPids: [process.pid, process.pid],
    replicaExited: async () => exit,
    restartReplica: async (index: number) => void done.push(`restart ${index}`),
    untilProtected: async () => void done.push('protected'),
    partitionReplica: async (index: number, cut: boolean) =>
      void done.push(`${cut ? 'cut' : 'mend'} ${index}`),
    killDirector: async () => {
      done.push('kill');
      return { code: null, signal: 'SIGKILL' };
    },
    startDirector: async () => void done.push('start'),
    signalReplica: (index: number, action: FaultAction) => void signals.push([index, action]),
  };
  const injection = new FaultInjection(cluster, detections, {
    roles: { primary: 0, backup: 1, replicas: 2 },
    clock: () => nowMs++,
    prng: createPrng(1),
    detectionTimeoutMs: NEVER_MS,
    signal: abort.signal,
    ...changes,
  });
  return { injection, detections, signals, abort, done };
}

function scripted(inject: Fault['inject']): Fault {
  return { ...hang, inject };
}

it('delivers each signal at once, and notes when and in which state the process was', async () => {
  const { injection, signals } = createBench();
  await injection.run(
    scripted(async (target) => {
      target.signal(target.backup, 'SIGSTOP');
      target.signal(target.primary, 'SIGKILL');
    }),
  );
  expect(signals).toEqual([
    [1, 'SIGSTOP'],
    [0, 'SIGKILL'],
  ]);
  const stateBefore = process.platform === 'linux' ? 'running' : expect.any(String);
  expect(injection.events).toEqual([
    { atMs: 0, action: 'SIGSTOP', replica: 1, stateBefore },
    { atMs: 1, action: 'SIGKILL', replica: 0, stateBefore },
  ]);
});

it('does what is no signal through the cluster, and notes what came of it', async () => {
  const { injection, signals, done } = createBench();
  await injection.run(
    scripted(async (target) => {
      target.signal(0, 'SIGTERM');
      await target.untilEnded(0);
      await target.restart(0);
      await target.partition(1);
      await target.heal(1);
      await target.killDirector();
      await target.startDirector();
    }),
  );
  expect(signals).toEqual([[0, 'SIGTERM']]);
  expect(done).toEqual(['restart 0', 'protected', 'cut 1', 'mend 1', 'kill', 'start']);
  expect(injection.seen.events.map(({ action, replica }) => [action, replica])).toEqual([
    ['SIGTERM', 0],
    ['restart', 0],
    ['partition', 1],
    ['heal', 1],
    ['kill-director', null],
    ['start-director', null],
  ]);
  // The clock of this test counts the notes: an end is noted behind it, a return behind that.
  expect(injection.seen.exits).toEqual([
    { replica: 0, atMs: 1, signal: null, code: 0 },
    { replica: null, atMs: 7, signal: 'SIGKILL', code: null },
  ]);
  expect(injection.seen.returns).toEqual([
    { replica: 0, atMs: 3 },
    { replica: null, atMs: 9 },
  ]);
});

it('refuses a replica that there is not, with nothing done', async () => {
  const { injection, signals } = createBench();
  const wrong = scripted(async (target) => target.signal(2, 'SIGKILL'));
  await expect(injection.run(wrong)).rejects.toThrow('the fault names replica 2 of 2');
  expect([signals, injection.events]).toEqual([[], []]);
});

it('waits for the detection of the very replica, also of one that came before', async () => {
  const { injection, detections } = createBench();
  const seen: string[] = [];
  const waiting = injection.untilDetected(0).then(() => seen.push('primary'));
  detections.failed(1, 'end of stream');
  await injection.untilDetected(1).then(() => seen.push('backup'));
  expect(seen).toEqual(['backup']);
  detections.failed(0, 'end of stream');
  await waiting;
  expect(seen).toEqual(['backup', 'primary']);
});

it('gives a detection up that never comes: the script goes on, and its trial is invalid', async () => {
  const { injection, signals } = createBench({ detectionTimeoutMs: 1 });
  await injection.run({
    ...hang,
    inject: (target) => hang.inject(Object.assign(target, { sleep: async () => {} })),
  });
  expect(signals.map(([, action]) => action)).toEqual(['SIGSTOP', 'SIGCONT']);
  const fates = [0, 1].map(() => ({ endedBy: null, state: 'running', answers: true }) as const);
  const evidence = {
    primary: 0,
    backup: 1,
    replicas: 2,
    ...injection.seen,
    failures: [],
    drained: [],
    fates,
  };
  expect(hang.verify(evidence).join()).toContain('did not see the primary fail');
});

it.each<[string, (injection: FaultInjection) => Promise<void>]>([
  ['sleeps', (injection) => injection.sleep(NEVER_MS)],
  ['waits for a detection', (injection) => injection.untilDetected(0)],
])('ends with the trial when it %s', async (_, wait) => {
  const { injection, abort } = createBench();
  const waiting = wait(injection);
  abort.abort();
  await expect(waiting).rejects.toThrow('aborted');
});

it('draws from the seed it was given', () => {
  expect(createBench().injection.uniform()).toBe(createPrng(1).uniform());
});
