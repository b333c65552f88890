import { describe, expect, it } from 'vitest';
import { parseRecoveryOptions, usageText } from '../../../bench/recovery/options.js';
import { UsageError } from '../../../src/base/errors.js';

const PARTS = ['busy', 'idle', 'memory'];
const parse = (...args: string[]) => parseRecoveryOptions(args, PARTS);

describe('options of bench:recovery', () => {
  it('are all parts, at full size, when nothing is given', () => {
    expect(parse()).toEqual({
      only: PARTS,
      trials: undefined,
      quick: false,
      seed: 1,
      out: 'spr-bench-results/recovery',
    });
  });

  it('choose parts, which run in their own order', () => {
    expect(parse('--only', 'memory, busy', '--trials', '3', '--quick', '--seed', '0', '--out', 'x')).toEqual({
      only: ['busy', 'memory'],
      trials: 3,
      quick: true,
      seed: 0,
      out: 'x',
    });
  });

  it.each([
    [['--only', 'busy,growth'], '--only: "growth" is none of busy, idle, memory'],
    [['--only', ''], '--only: "" is none of busy, idle, memory'],
    [['--trials', '0'], '--trials: "0" is not a whole number from 1 on'],
    [['--trials', 'two'], '--trials: "two" is not a whole number from 1 on'],
    [['--seed', '-1.5'], '--seed'],
    [['--seed', ''], '--seed'],
    [['--rounds', '3'], '--rounds'],
    [['busy'], 'busy'],
  ])('refuse %j', (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(message);
  });

  it('are all named in the usage', () => {
    const usage = usageText(PARTS);
    for (const option of ['--only busy,idle,memory', '--trials', '--quick', '--seed', '--out']) {
      expect(usage).toContain(option);
    }
  });
});
