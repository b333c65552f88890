import { defineConfig } from 'vitest/config';
import { fuzzOptions } from './test/fuzz-budget.js';

/** Only ends what hangs: drawing a report takes a second, and on a busy machine ten times that. */
const DEFAULT_TIMEOUT_MS = 30_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/system/**'],
          setupFiles: ['test/fuzz-setup.ts'],
          testTimeout: DEFAULT_TIMEOUT_MS * fuzzOptions().budget,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          // Real processes on two cores: one file at a time, or they measure each other.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
