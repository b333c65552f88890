/** How output becomes contents of records (RFC 8446 5.1). */
import { MAX_PLAINTEXT_BYTES } from '../../tls/record.js';

/** Small neighbours share a record, long chunks are cut. Nothing in, nothing out. */
export function fragments(chunks: readonly Buffer[]): readonly Buffer[] {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (bytes === 0) return [];
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined && bytes <= MAX_PLAINTEXT_BYTES) return [first];
  if (bytes <= MAX_PLAINTEXT_BYTES) return [Buffer.concat(chunks)];
  const cut: Buffer[] = [];
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += MAX_PLAINTEXT_BYTES) {
      cut.push(chunk.subarray(at, at + MAX_PLAINTEXT_BYTES));
    }
  }
  return cut;
}
