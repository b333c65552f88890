import { describe, expect, it } from 'vitest';
import type { DirectorFlow } from '../../../src/cluster/director/flow.js';
import { type Heir, Takeovers } from '../../../src/cluster/director/takeovers.js';
import { parsePark } from '../../../src/net/control-records.js';
import { until } from '../replica/harness.js';

const FLOWS_PER_TURN = 64;
const BUSY_FLOWS_PER_FLUSH = 16;

interface FakeReplica {
  readonly index: number;
  readonly incarnation: number;
  readonly trunk: object;
  readonly flows: Set<DirectorFlow>;
  alive: boolean;
}

/** Flows of replica 0 that note what is done to them; `steps` has all of it in order. */
function bench(idle: readonly boolean[], idleFlows: 'eager' | 'lazy' = 'lazy') {
  const steps: string[] = [];
  const parked = (body: Buffer): void =>
    void steps.push(...parsePark(body).flowIds.map((flowId) => `park ${flowId}`));
  const trunk = { sendControl: (_flowId: number, _type: number, body: Buffer) => parked(body) };
  const replicas: FakeReplica[] = [0, 1, 2].map((index) => ({
    index,
    incarnation: 0,
    flows: new Set(),
    trunk,
    alive: true,
  }));
  const [failed, heir] = replicas as [FakeReplica, FakeReplica];
  const leaving = new Set<number>();
  const flows = idle.map((isIdle, id) => {
    const note = (what: string) => (): void => void steps.push(`${what} ${id}`);
    const [take, reopen] = [note('take'), note('reopen')];
    const reset = (cause: string): void => void steps.push(`reset ${id}: ${cause}`);
    const journal = { idle: isIdle, recoverable: true };
    const flow = { id, owner: failed, backup: 1, journal, untouched: false, take, reopen, reset };
    return flow as unknown as DirectorFlow;
  });
  const takeovers = new Takeovers(idleFlows, {
    living: (index) =>
      replicas.find((replica) => replica.alive && replica.index === index) as unknown as Heir,
    leaving: (index) => leaving.has(index),
    backupFor: (index) => (index + 1) % replicas.length,
    flows: () => flows.values(),
    flush: () => void steps.push('flush'),
    redirected: () => {},
    settled: () => void steps.push('settled'),
  });
  const fail = (): void => {
    failed.alive = false;
    takeovers.moveAll(flows, failed as unknown as Heir);
  };
  const flowOf = (id: number): DirectorFlow => flows[id] as DirectorFlow;
  return { takeovers, heir, steps, leaving, fail, flowOf };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const times = (count: number, value: boolean): boolean[] => new Array(count).fill(value);

describe('takeovers from a failed replica', () => {
  it('sends busy flows at once, some at a time, and idle ones some per turn behind them', async () => {
    const { takeovers, steps, heir, fail } = bench([
      ...times(FLOWS_PER_TURN + 1, true),
      ...times(BUSY_FLOWS_PER_FLUSH + 1, false),
    ]);
    fail();
    expect(steps.map((step) => step.split(' ')[0])).toEqual([
      ...new Array(BUSY_FLOWS_PER_FLUSH).fill('take'),
      'flush',
      'take',
      'flush',
    ]);
    steps.length = 0;
    await turn();
    expect(steps).toEqual(Array.from({ length: FLOWS_PER_TURN }, (_, id) => `park ${id}`));
    expect(takeovers.pending).toBe(true);
    await until(() => !takeovers.pending);
    expect(steps.slice(FLOWS_PER_TURN)).toEqual([`park ${FLOWS_PER_TURN}`, 'settled']);
    expect(heir.flows.size).toBe(FLOWS_PER_TURN + 1 + BUSY_FLOWS_PER_FLUSH + 1);
  });

  it('sends an idle flow whose client speaks before its turn, once', async () => {
    const { takeovers, steps, fail, flowOf } = bench(times(3, true));
    fail();
    takeovers.wake(flowOf(1));
    expect(steps).toEqual(['flush', 'take 1']);
    expect(flowOf(1)).toMatchObject({ backup: 2, takenFrom: { index: 0 } });
    await turn();
    expect(steps.slice(2)).toEqual(['park 0', 'park 2', 'settled']);
  });

  it('takes idle flows over in their turn when the strategy is eager', async () => {
    const { steps, fail } = bench([true, false], 'eager');
    fail();
    await turn();
    expect(steps).toEqual(['take 1', 'flush', 'take 0', 'settled']);
  });

  it('resets idle flows whose backup fails as well before their turn', async () => {
    const { takeovers, steps, heir, fail, flowOf } = bench(times(2, true));
    fail();
    heir.alive = false;
    takeovers.wake(flowOf(1));
    expect(steps).toEqual(['flush', 'reset 1: no-backup']);
    await turn();
    expect(steps.slice(2, 3)).toEqual(['reset 0: no-backup']);
  });

  it('has a replica that is to end serve idle flows: parked ones it could not hand over', async () => {
    const { steps, leaving, fail } = bench([true]);
    leaving.add(1);
    fail();
    await turn();
    expect(steps).toEqual(['flush', 'take 0', 'settled']);
  });

  it('gives what was parked to a replica that failed since to the next one', async () => {
    const { takeovers, steps, heir, fail, flowOf } = bench([true]);
    fail();
    await turn();
    heir.alive = false;
    takeovers.moveAll([...heir.flows], heir as unknown as Heir);
    await turn();
    expect(steps).toEqual(['flush', 'park 0', 'settled', 'flush', 'park 0', 'settled']);
    expect(flowOf(0)).toMatchObject({ owner: { index: 2 }, takenFrom: { index: 1 } });
  });
});
