import type { SeededBytes } from '../../contracts/workload.js';

/** The first `bytes` of the sequence `key`, in one piece. */
export function seededContent(key: string, bytes: number, bodies: SeededBytes): Buffer {
  const content = Buffer.allocUnsafe(bytes);
  for (let at = 0; at < bytes; ) at += bodies.slice(key, at, bytes - at).copy(content, at);
  return content;
}
