import { expect, it } from 'vitest';
import { createClock } from '../../src/base/clock.js';

it('counts milliseconds from the start that it is given', () => {
  const now = process.hrtime.bigint();
  const early = createClock(now - 5_000_000_000n)();
  expect(early).toBeGreaterThanOrEqual(5000);
  expect(createClock(now + 10n ** 12n)()).toBeLessThan(0);
  const clock = createClock(now);
  const first = clock();
  expect(clock()).toBeGreaterThanOrEqual(first);
});
