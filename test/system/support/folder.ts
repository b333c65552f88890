/** Temporary folders of tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

/** A new folder, removed when the test is over. Call it in a test. */
export function temporaryFolder(): string {
  const folder = create();
  onTestFinished(() => remove(folder));
  return folder;
}

/** A new folder, removed when all tests of the suite are over. Call it in `describe`. */
export function suiteFolder(): string {
  const folder = create();
  afterAll(() => remove(folder));
  return folder;
}

function create(): string {
  return mkdtempSync(join(tmpdir(), 'spr-bench-test-'));
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
