import { expect, it } from 'vitest';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import { encodeRequest } from '../../src/bench/load-request.js';

const bodies = createSeededBytes(1);
const GET = { id: '0-1', method: 'GET', target: '/reply/0-1?bytes=2', bodyBytes: 0, atMs: 0 } as const;

it('writes a request without a body', () => {
  expect(encodeRequest(GET, { host: 'replica.test' }, bodies).toString('latin1')).toBe(
    'GET /reply/0-1?bytes=2 HTTP/1.1\r\nHost: replica.test\r\n\r\n',
  );
});

it('writes the seeded body, also over the end of the table of seeded bytes', () => {
  const bodyBytes = 2 * 1024 * 1024;
  const bytes = encodeRequest({ ...GET, method: 'POST', bodyBytes }, { host: 'x' }, bodies);
  const headBytes = bytes.indexOf('\r\n\r\n') + 4;
  expect(bytes.toString('latin1', 0, headBytes)).toContain(`\r\nContent-Length: ${bodyBytes}\r\n`);
  expect(bytes.length).toBe(headBytes + bodyBytes);
  for (const offset of [0, 1024 * 1024, bodyBytes - 10]) {
    const expected = bodies.slice('request:0-1', offset, 10);
    const at = headBytes + offset;
    expect(bytes.subarray(at, at + expected.length).equals(expected)).toBe(true);
  }
});

it('says that a POST has no content', () => {
  expect(encodeRequest({ ...GET, method: 'POST' }, { host: 'x' }, bodies).toString('latin1')).toContain(
    'Content-Length: 0\r\n',
  );
});
