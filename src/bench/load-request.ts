import type { PlannedRequest, SeededBytes } from '../contracts/workload.js';

/** What the field lines of a request say beside its length; all of it from the plan. */
export interface RequestFields {
  readonly host: string;
  /** Event streams only: `Last-Event-ID`, and the time on the shared clock that the times of the events count from. */
  readonly events?: { readonly lastId: string | undefined; readonly startMs: number };
}

/**
 * The bytes of a request (RFC 9112 3) with the first `contentBytes` of its seeded content, for one write.
 *
 * @param contentBytes at most those of the request, which is the default
 */
export function encodeRequest(
  request: PlannedRequest,
  fields: RequestFields,
  bodies: SeededBytes,
  contentBytes = request.bodyBytes,
): Buffer {
  const head = encodeRequestHead(request, fields);
  const bytes = Buffer.allocUnsafe(head.length + contentBytes);
  bytes.write(head, 'latin1');
  fillBody(bytes, head.length, `request:${request.id}`, bodies);
  return bytes;
}

function encodeRequestHead(request: PlannedRequest, { host, events }: RequestFields): string {
  const { method, target, bodyBytes } = request;
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`];
  // A method with content says its length also when that is 0 (RFC 9110 8.6).
  if (bodyBytes > 0 || method !== 'GET') lines.push(`Content-Length: ${bodyBytes}`);
  if (request.close === true) lines.push('Connection: close');
  if (events !== undefined) {
    lines.push('Accept: text/event-stream', `Events-Start: ${events.startMs}`);
    if (events.lastId !== undefined) lines.push(`Last-Event-ID: ${events.lastId}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function fillBody(bytes: Buffer, start: number, key: string, bodies: SeededBytes): void {
  for (let at = start; at < bytes.length; ) {
    at += bodies.slice(key, at - start, bytes.length - at).copy(bytes, at);
  }
}
