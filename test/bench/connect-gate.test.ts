import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectGate, type Leave } from '../../src/bench/connect-gate.js';

describe('ConnectGate', () => {
  it('lets in at once as long as there is a place, and then one for each that leaves, in their order', () => {
    const gate = new ConnectGate(2);
    const entered: number[] = [];
    const leave = [0, 1, 2, 3].map((each) => gate.pass(() => entered.push(each)));
    expect(entered).toEqual([0, 1]);
    leave[1]?.();
    expect(entered).toEqual([0, 1, 2]);
    // Once more is nothing.
    leave[1]?.();
    expect(entered).toEqual([0, 1, 2]);
    leave[0]?.();
    expect(entered).toEqual([0, 1, 2, 3]);
  });

  it('does not let in who no longer waits', () => {
    const gate = new ConnectGate(1);
    const entered: number[] = [];
    const leave = [0, 1, 2].map((each) => gate.pass(() => entered.push(each)));
    leave[1]?.();
    leave[0]?.();
    expect(entered).toEqual([0, 2]);
  });

  it('never holds more than its places, and holds as many as it can', () => {
    const steps = fc.array(fc.option(fc.nat(20), { nil: undefined }), { maxLength: 100 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), steps, (places, plan) => {
        const gate = new ConnectGate(places);
        const passes: { leave: Leave; entered: boolean; left: boolean }[] = [];
        for (const step of plan) {
          const chosen = step === undefined ? undefined : passes[step];
          if (chosen !== undefined) {
            chosen.left = true;
            chosen.leave();
          } else {
            const pass = { leave: () => {}, entered: false, left: false };
            pass.leave = gate.pass(() => (pass.entered = true));
            passes.push(pass);
          }
          const present = passes.filter(({ left }) => !left);
          expect(present.filter(({ entered }) => entered)).toHaveLength(Math.min(places, present.length));
        }
      }),
    );
  });
});
