import type { PlannedRequest, SeededBytes } from '../contracts/workload.js';

/** The bytes of a request (RFC 9112 3), its seeded body included, for one write. */
export function encodeRequest(request: PlannedRequest, host: string, bodies: SeededBytes): Buffer {
  const head = encodeHead(request, host);
  const bytes = Buffer.allocUnsafe(head.length + request.bodyBytes);
  bytes.write(head, 'latin1');
  if (request.bodyBytes > 0) fillBody(bytes, head.length, `request:${request.id}`, bodies);
  return bytes;
}

function encodeHead({ method, target, bodyBytes }: PlannedRequest, host: string): string {
  // A POST says its length also when that is 0 (RFC 9110 8.6).
  const length = bodyBytes > 0 || method === 'POST' ? `Content-Length: ${bodyBytes}\r\n` : '';
  return `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${length}\r\n`;
}

function fillBody(bytes: Buffer, start: number, key: string, bodies: SeededBytes): void {
  for (let at = start; at < bytes.length; ) {
    at += bodies.slice(key, at - start, bytes.length - at).copy(bytes, at);
  }
}
