/** The alarm of the load client with its real thread. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createClock } from '../../src/base/clock.js';
import type { Alarm } from '../../src/bench/alarm.js';
import { fineAlarm } from '../../src/bench/fine-alarm.js';
import { ROOT } from './support/program.js';

const THREAD = pathToFileURL(join(ROOT, 'dist/src/main/alarm-thread.js'));

let alarm: Alarm | undefined;
afterEach(() => alarm?.clear());

describe('the alarm thread', () => {
  it('rings for each time that it is told, never early, also when it was told another one before', async () => {
    const clock = createClock(process.hrtime.bigint());
    let rung = (): void => {};
    alarm = fineAlarm(THREAD, createClock(0n))(clock, () => rung());
    for (const waitMs of [5, 0, 0.5, 3.25, 1, 0.05]) {
      const dueMs = clock() + waitMs;
      const ringing = new Promise<void>((resolve) => {
        rung = resolve;
      });
      // An hour: only what it was told last counts.
      alarm.set(dueMs + 3_600_000);
      alarm.set(dueMs);
      await ringing;
      expect(clock()).toBeGreaterThanOrEqual(dueMs);
    }
  });
});
