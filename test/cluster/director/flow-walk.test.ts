import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DirectorFlow } from '../../../src/cluster/director/flow.js';
import { FlowWalk } from '../../../src/cluster/director/flow-walk.js';

const FLOWS_PER_TURN = 64;

interface StandIn {
  readonly id: number;
  backup: number | undefined;
}

/** Flows that only know their backup. */
function standIns(backups: readonly (number | undefined)[]): { flows: DirectorFlow[]; all: StandIn[] } {
  const all = backups.map((backup, id) => {
    const flow = {
      id,
      backup,
      protect(next: number) {
        flow.backup = next;
      },
    };
    return flow;
  });
  return { flows: all as unknown as DirectorFlow[], all };
}

/** Gives every flow a backup that has none, if there is one for it. */
function protecting(
  backupFor: (flow: DirectorFlow) => number | undefined,
  done: () => void = () => {},
  turnEnded?: () => void,
): FlowWalk {
  return new FlowWalk({
    pauseMs: 0,
    attend(flow) {
      const backup = flow.backup === undefined ? backupFor(flow) : undefined;
      if (backup !== undefined) flow.protect(backup);
      return backup !== undefined;
    },
    done,
    ...(turnEnded && { turnEnded }),
  });
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

afterEach(() => void vi.useRealTimers());

describe('a walk over all flows', () => {
  it('pauses between two turns, which a restart does not cut short', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
    const seen: number[] = [];
    const attend = ({ id }: DirectorFlow): boolean => seen.push(id) > 0;
    const walk = new FlowWalk({ pauseMs: 5, attend, done: () => {} });
    const { flows } = standIns(new Array(FLOWS_PER_TURN + 1).fill(undefined));
    walk.restart(flows.values());
    vi.advanceTimersByTime(4);
    walk.restart(flows.values());
    expect(seen).toHaveLength(FLOWS_PER_TURN);
    vi.advanceTimersByTime(1);
    expect(seen).toHaveLength(2 * FLOWS_PER_TURN);
    walk.stop();
    vi.advanceTimersByTime(100);
    expect(seen).toHaveLength(2 * FLOWS_PER_TURN);
  });

  it('says when a turn has ended, and before all have been looked at', async () => {
    const { flows, all } = standIns(new Array(FLOWS_PER_TURN + 1).fill(undefined));
    const said: (number | string)[] = [];
    const walk = protecting(
      () => 1,
      () => void said.push('done'),
      () => void said.push(all.filter(({ backup }) => backup === 1).length),
    );
    walk.restart(flows.values());
    await turn();
    await turn();
    expect(said).toEqual([FLOWS_PER_TURN, FLOWS_PER_TURN + 1, 'done']);
  });

  it('gives some flows a backup in each turn, until all have one', async () => {
    const { flows, all } = standIns(new Array(3 * FLOWS_PER_TURN - 1).fill(undefined));
    const walk = protecting(() => 1);
    walk.restart(flows.values());
    const counts = [];
    for (let turns = 0; turns < 4; turns++) {
      counts.push(all.filter(({ backup }) => backup === 1).length);
      await turn();
    }
    expect(walk.pending).toBe(false);
    expect(counts).toEqual([0, FLOWS_PER_TURN, 2 * FLOWS_PER_TURN, 3 * FLOWS_PER_TURN - 1]);
  });

  it('reaches every flow without a backup and no other, whatever the others are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.nat(3), { nil: undefined }), { maxLength: 300 }),
        async (backups) => {
          const { flows, all } = standIns(backups);
          const walk = protecting(({ id }) => (id % 5 === 4 ? undefined : 9));
          walk.restart(flows.values());
          for (let turns = 0; turns < 6; turns++) await turn();
          expect(all.map(({ backup }) => backup)).toEqual(
            backups.map((backup, id) => backup ?? (id % 5 === 4 ? undefined : 9)),
          );
        },
      ),
      { numRuns: 20 },
    );
  });

  it('begins again with the flows of a later call, and ends when it is stopped', async () => {
    const first = standIns([undefined]);
    const second = standIns(new Array(FLOWS_PER_TURN + 1).fill(undefined));
    const walk = protecting(() => 1);
    walk.restart(first.flows.values());
    walk.restart(second.flows.values());
    await turn();
    walk.stop();
    await turn();
    expect(first.all.map(({ backup }) => backup)).toEqual([undefined]);
    expect(second.all.filter(({ backup }) => backup === 1)).toHaveLength(FLOWS_PER_TURN);
  });

  it('tells when it has looked at all of them, also when there was nothing to do', async () => {
    let done = 0;
    const walk = protecting(
      () => 1,
      () => {
        done += 1;
      },
    );
    walk.restart(standIns([3, 4]).flows.values());
    expect(done).toBe(0);
    await turn();
    expect(done).toBe(1);
    walk.restart(standIns(new Array(FLOWS_PER_TURN + 1).fill(undefined)).flows.values());
    await turn();
    expect(done).toBe(1);
    await turn();
    expect(done).toBe(2);
  });
});
