import { describe, expect, it } from 'vitest';
import { FaultMoments } from '../../src/bench/fault-moments.js';

function event(atMs: number, action: string, replica = 0) {
  return { atMs, action, replica, stateBefore: 'running' };
}

describe('FaultMoments', () => {
  it('gives medians over the trials, counted from the first action of each', () => {
    const moments = new FaultMoments();
    moments.add([event(1000, 'SIGSTOP'), event(3100, 'SIGCONT')]);
    moments.add([event(1040, 'SIGSTOP'), event(3640, 'SIGCONT')]);
    moments.add([event(1010, 'SIGSTOP'), event(3210, 'SIGCONT')]);
    expect(moments.medians()).toEqual([
      { action: 'SIGSTOP', replica: 0, ms: 0 },
      { action: 'SIGCONT', replica: 0, ms: 2200 },
    ]);
  });

  it('tells the same action at other replicas apart', () => {
    const moments = new FaultMoments();
    moments.add([event(10, 'SIGKILL', 0), event(10.2, 'SIGKILL', 1)]);
    expect(moments.medians().map(({ replica }) => replica)).toEqual([0, 1]);
  });

  it('has nothing for trials that do not tell', () => {
    const moments = new FaultMoments();
    moments.add([]);
    expect(moments.medians()).toEqual([]);
  });

  it('is bounded, whatever a file holds', () => {
    const moments = new FaultMoments();
    for (let trial = 0; trial < 50; trial++) {
      moments.add(Array.from({ length: 1000 }, (_, i) => event(i, `action ${trial}`, i)));
    }
    expect(moments.medians()).toHaveLength(32);
  });
});
