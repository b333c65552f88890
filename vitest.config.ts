import { defineConfig } from 'vitest/config';
import { fuzzOptions } from './test/fuzz-budget.js';

/** Only ends what hangs: the longest takes seconds, and on a busy machine ten times that. */
const TIMEOUT_MS = 120_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // Also on two cores, where Vitest would take one.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          include: ['test/**/*.test.ts'],
          exclude: ['test/system/**'],
          setupFiles: ['test/fuzz-setup.ts'],
          // Files share the process of their worker: a process and all modules for each of 220 took more than half of some files' time.
          isolate: false,
          // So that no file finds the spies of another one.
          restoreMocks: true,
          testTimeout: TIMEOUT_MS * fuzzOptions().budget,
          hookTimeout: TIMEOUT_MS,
        },
      },
      {
        test: {
          name: 'system',
          // About half of a system test is waiting; with three on two cores trials were disturbed now and then.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          include: ['test/system/**/*.test.ts'],
          testTimeout: TIMEOUT_MS,
          hookTimeout: TIMEOUT_MS,
        },
      },
    ],
  },
});
