import { describe, expect, it } from 'vitest';
import type { ClientLink } from '../../../src/cluster/director/client-link.js';
import { CorkedFlows } from '../../../src/cluster/director/corked-flows.js';

function flow(pendingBytes: number) {
  const link = { pendingBytes } as ClientLink;
  return {
    link,
    uncorked: 0,
    uncork() {
      this.uncorked += 1;
    },
  };
}

describe('flows that were written to', () => {
  it('are uncorked once each', () => {
    const corked = new CorkedFlows();
    const flows = [flow(0), flow(0)];
    for (const each of flows) corked.add(each);
    corked.uncork();
    corked.uncork();
    expect(flows.map(({ uncorked }) => uncorked)).toEqual([1, 1]);
    expect(corked.takeWaiting()).toBe(false);
  });

  it('are known to wait until that is asked for, also when others are uncorked meanwhile', () => {
    const corked = new CorkedFlows();
    corked.add(flow(0));
    corked.add(flow(1));
    corked.uncork();
    corked.add(flow(0));
    corked.uncork();
    expect(corked.takeWaiting()).toBe(true);
    expect(corked.takeWaiting()).toBe(false);
  });
});
