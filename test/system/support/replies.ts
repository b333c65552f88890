/** The replies that the seeded workloads give, computed anew. */
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';

/** Seed of `serve` when none is given. */
const SERVE_SEED = 1;

/** Target of a reply of `bytes` bytes to request `id`, for every workload. */
export function replyTarget(id: string, bytes: number): string {
  return `/reply/${id}?bytes=${bytes}`;
}

/** The content of that reply. */
export function replyContent(id: string, bytes: number): Buffer {
  const seeded = createSeededBytes(SERVE_SEED);
  const content = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; ) at += seeded.slice(`reply:${id}`, at, bytes - at).copy(content, at);
  return content;
}
