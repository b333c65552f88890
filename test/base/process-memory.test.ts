import { expect, it } from 'vitest';
import { collectedMemory } from '../../src/base/process-memory.js';

const BYTES = 16 * 1024 * 1024;

it('counts what is held, buffers outside of the heap included, and not what is garbage', () => {
  const before = collectedMemory();
  const held: { buffer: Buffer | undefined } = { buffer: Buffer.alloc(BYTES, 1) };
  const holding = collectedMemory();
  expect(holding.heapBytes - before.heapBytes).toBeGreaterThan(BYTES / 2);
  expect(holding.residentBytes).toBeGreaterThan(holding.heapBytes - before.heapBytes);
  expect(held.buffer?.length).toBe(BYTES);
  held.buffer = undefined;
  expect(collectedMemory().heapBytes - before.heapBytes).toBeLessThan(BYTES / 2);
});
