import { createSecureContext } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createClock } from '../../../src/base/clock.js';
import { rehearseTakeover } from '../../../src/cluster/replica/rehearsal.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import { CIPHER_SUITES } from '../../../src/tls/cipher-suites.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';

const clock = createClock(process.hrtime.bigint());
const secureContext = createSecureContext();

/** Counts the takeovers that a strategy is asked about. */
function watched(strategy: RecoveryStrategy, takeOver = strategy.backup?.takeOver) {
  if (strategy.backup === undefined || takeOver === undefined)
    throw new Error(`${strategy.id} has no backup`);
  let asked = 0;
  const backup = {
    ...strategy.backup,
    takeOver: (...args: Parameters<typeof takeOver>) => {
      asked += 1;
      return takeOver(...args);
    },
  };
  return { strategy: { ...strategy, backup }, asked: () => asked };
}

describe.each([spr, fullStateCopy])('the rehearsal of $id', (strategy) => {
  it.each(CIPHER_SUITES.map((suite) => ({ suite, name: suite.name })))(
    'takes every flow over and answers it: $name',
    async ({ suite }) => {
      const { strategy: spied, asked } = watched(strategy);
      await rehearseTakeover({ strategy: spied, secureContext, suite }, clock);
      expect(asked()).toBe(400);
    },
  );
});

const [suite = undefined] = CIPHER_SUITES;
if (suite === undefined) throw new Error('there is no cipher suite');

it('ends when the strategy refuses the flows, which it may', async () => {
  const { strategy, asked } = watched(spr, () => ({ kind: 'refuse', reason: 'state-missing' }));
  await rehearseTakeover({ strategy, secureContext, suite }, clock);
  expect(asked()).toBe(400);
});

it('fails when the strategy throws', async () => {
  const { strategy } = watched(spr, () => {
    throw new Error('no idea');
  });
  await expect(rehearseTakeover({ strategy, secureContext, suite }, clock)).rejects.toThrow(
    'the trunk of the rehearsal has ended',
  );
});
