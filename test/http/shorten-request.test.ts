import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpMessageReader } from '../../src/http/message-reader.js';
import { shortenRequest } from '../../src/http/shorten-request.js';

/** Targets and content of the messages in `bytes`; the last one may be incomplete. */
function read(bytes: Buffer): { messages: string[]; complete: boolean } {
  const messages: string[] = [];
  const reader = new HttpMessageReader('request', {
    head: ({ method, target, contentLength }) => messages.push(`${method} ${target} ${contentLength} `),
    content: (content) => messages.push((messages.pop() ?? '') + content.toString('latin1')),
    end() {},
  });
  reader.push(bytes);
  return { messages, complete: reader.atBoundary };
}

const CONTENT = Buffer.from('0123456789');
const REQUEST = Buffer.concat([
  Buffer.from('PUT /a HTTP/1.1\r\nHost: x\r\ncontent-length:  10\r\nX-Content-Length: 3\r\n\r\n'),
  CONTENT,
]);

describe('shortenRequest', () => {
  it('leaves the header section but for the length, and the rest of the content', () => {
    expect(shortenRequest(REQUEST, 4)?.toString()).toBe(
      'PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nX-Content-Length: 3\r\n\r\n456789',
    );
  });

  it('can be repeated, at any points, whatever of the content is there and follows it', () => {
    const next = 'GET /b HTTP/1.1\r\nHost: x\r\n\r\n';
    fc.assert(
      fc.property(
        fc.array(fc.nat(5), { maxLength: 5 }),
        fc.nat(10),
        fc.boolean(),
        fc.nat(2),
        (steps, there, pipelined, emptyLines) => {
          let bytes: Buffer = Buffer.concat([
            Buffer.from('\r\n'.repeat(emptyLines)),
            REQUEST.subarray(0, REQUEST.length - 10 + there),
            Buffer.from(pipelined && there === 10 ? next : ''),
          ]);
          let taken = 0;
          for (const step of steps) {
            if (taken + step > there) break;
            bytes = shortenRequest(bytes, step) ?? Buffer.alloc(0);
            taken += step;
          }
          const [first, ...others] = read(bytes).messages;
          const length = 10 - taken;
          expect(first).toBe(`PUT /a ${length} ${CONTENT.toString().slice(taken, there)}`);
          expect(others).toEqual(pipelined && there === 10 ? ['GET /b undefined '] : []);
          expect(read(bytes).complete).toBe(there === 10);
        },
      ),
    );
  });

  it('refuses to take more than there is', () => {
    expect(() => shortenRequest(REQUEST.subarray(0, -2), 9)).toThrow(
      '9 bytes of content were taken, 8 have come',
    );
    expect(() => shortenRequest(REQUEST, -1)).toThrow(RangeError);
    expect(() => shortenRequest(Buffer.from('PUT /a HTTP/1.1\r\n'), 0)).toThrow('is not whole');
  });

  it('cannot shorten content in chunks', () => {
    const chunked = 'PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n';
    expect(shortenRequest(Buffer.from(chunked), 2)).toBeUndefined();
  });
});
