import { createServer } from 'node:http';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpFramingError, type HttpMessageKind, HttpMessageReader } from '../../src/http/message-reader.js';

interface Seen {
  readonly head: object;
  readonly content: string;
}

/** A reader and the complete messages that it has seen. */
function collect<K extends HttpMessageKind>(kind: K): { reader: HttpMessageReader<K>; messages: Seen[] } {
  const messages: Seen[] = [];
  let head: object = {};
  let content = '';
  const reader = new HttpMessageReader(kind, {
    head: (next) => {
      head = next;
      content = '';
    },
    content: (bytes) => {
      content += bytes.toString('latin1');
    },
    end: () => messages.push({ head, content }),
  });
  return { reader, messages };
}

function read(kind: HttpMessageKind, text: string): Seen[] {
  const { reader, messages } = collect(kind);
  reader.push(Buffer.from(text, 'latin1'));
  return messages;
}

const HEAD = { contentLength: undefined, chunked: false, connectionClose: false, upgrade: false };

describe('HttpMessageReader: requests', () => {
  it('reads a request without content', () => {
    expect(read('request', 'GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n')).toEqual([
      { head: { ...HEAD, method: 'GET', target: '/a?b=c' }, content: '' },
    ]);
  });

  it('reads content by its length', () => {
    expect(read('request', 'POST / HTTP/1.1\r\ncontent-LENGTH:\t5 \r\n\r\nhello')).toEqual([
      { head: { ...HEAD, method: 'POST', target: '/', contentLength: 5 }, content: 'hello' },
    ]);
  });

  it('reads chunked content with extensions and trailers', () => {
    const text =
      'POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b;c="d"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX: y\r\nContent-Length: 3\r\n\r\n';
    expect(read('request', text)).toEqual([
      { head: { ...HEAD, method: 'POST', target: '/', chunked: true }, content: 'hello0123456789' },
    ]);
  });

  it('reads pipelined requests, with empty lines before them', () => {
    const text =
      '\r\n\r\nGET /1 HTTP/1.1\r\n\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET /3 HTTP/1.1\r\n\r\n';
    expect(read('request', text).map(({ head }) => 'target' in head && head.target)).toEqual([
      '/1',
      '/2',
      '/3',
    ]);
  });

  it.each([
    ['HTTP/1.1\r\nConnection: keep-alive, Close', true],
    ['HTTP/1.1\r\nConnection: foo\r\nConnection: close', true],
    ['HTTP/1.1\r\nConnection: closed', false],
    ['HTTP/1.1', false],
    ['HTTP/1.0', true],
    ['HTTP/1.0\r\nConnection: Keep-Alive', false],
  ])('knows whether "%s" closes the connection', (lines, connectionClose) => {
    expect(read('request', `GET / ${lines}\r\n\r\n`)).toMatchObject([{ head: { connectionClose } }]);
  });

  const upgrade = 'GET /1 HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n';

  it('hands on what follows an upgrade, however the stream is cut, where somebody takes it', () => {
    const bytes = Buffer.from(`GET /0 HTTP/1.1\r\n\r\n${upgrade}GET /2 HTTP/1.1\r\n\r\n`);
    for (let at = 1; at < bytes.length; at += 1) {
      const heads: string[] = [];
      const upgraded: Buffer[] = [];
      const reader = new HttpMessageReader('request', {
        head: ({ target }) => heads.push(target),
        end() {},
        upgraded: (part) => upgraded.push(Buffer.from(part)),
      });
      reader.push(bytes.subarray(0, at));
      reader.push(bytes.subarray(at));
      expect([heads, String(Buffer.concat(upgraded))]).toEqual([['/0', '/1'], 'GET /2 HTTP/1.1\r\n\r\n']);
      expect(reader.atBoundary).toBe(false);
    }
  });

  it('takes a request that asks for an upgrade as one like any other where nobody does', () => {
    const text = `${upgrade}GET /2 HTTP/1.1\r\n\r\n`;
    expect(read('request', text)).toMatchObject([
      { head: { target: '/1', upgrade: true } },
      { head: { target: '/2', upgrade: false } },
    ]);
  });

  it.each(['Upgrade: websocket', 'Connection: Upgrade', 'Connection: close\r\nUpgrade: websocket'])(
    'sees no upgrade in "%s" alone',
    (fields) => {
      expect(read('request', `GET / HTTP/1.1\r\n${fields}\r\n\r\n`)).toMatchObject([
        { head: { upgrade: false } },
      ]);
    },
  );

  it('refuses an upgrade with content: whether it comes before or after would be a guess', () => {
    const reader = new HttpMessageReader('request', { end() {}, upgraded() {} });
    const withContent = upgrade.replace('\r\n\r\n', '\r\nContent-Length: 1\r\n\r\n');
    expect(() => reader.push(Buffer.from(withContent))).toThrow('has content');
  });
});

describe('HttpMessageReader: responses', () => {
  it.each(['HTTP/1.1 200 OK', 'HTTP/1.1 200 ', 'HTTP/1.1 200', 'HTTP/1.0 200 Very well'])(
    'reads "%s"',
    (line) => {
      const [message] = read('response', `${line}\r\nContent-Length: 2\r\n\r\nok`);
      expect(message).toMatchObject({ head: { status: 200 }, content: 'ok' });
    },
  );

  it.each([100, 103, 204, 304])('ends %d with its header section', (status) => {
    const text = `HTTP/1.1 ${status} X\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`;
    expect(read('response', text)).toMatchObject([{ head: { status } }, { head: { status: 200 } }]);
  });

  it('reads to the end of the stream without a length', () => {
    const { reader, messages } = collect('response');
    reader.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\nall'));
    reader.push(Buffer.from(' of it'));
    expect(messages).toEqual([]);
    reader.finish();
    expect(messages).toMatchObject([{ content: 'all of it' }]);
    expect(reader.atBoundary).toBe(true);
  });

  it.each([
    '\r\nHTTP/1.1 200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1  200 OK',
    'HTTP/2 200 OK',
    'HTTP/1.1 999 X',
  ])('refuses %j', (line) => expect(() => read('response', `${line}\r\n\r\n`)).toThrow(HttpFramingError));
});

/** Header sections that two parsers could understand differently, and plain nonsense. */
const BROKEN_REQUESTS: readonly string[] = [
  'POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 5, 6\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 0x5\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length : 5\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n',
  'POST / HTTP/1.1\r\nX: a\r\n Content-Length: 5\r\n\r\n',
  'POST / HTTP/1.1\r\nX: a\nContent-Length: 5\r\n\r\n',
  'POST / HTTP/1.1\r\nX: a\rContent-Length: 5\r\n\r\n',
  'POST / HTTP/1.1\r\nX: a\0b\r\n\r\n',
  'POST / HTTP/1.1\r\n: a\r\n\r\n',
  'POST / HTTP/1.1\r\nno colon\r\n\r\n',
  'GET / HTTP/3.0\r\n\r\n',
  'G@T / HTTP/1.1\r\n\r\n',
  '\0\0\0\0\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n',
];

/** What this reader refuses and node:http, which is older and more lenient, does not. */
const STRICTER_THAN_NODE: readonly string[] = [
  'GET /\r\n\r\n',
  'GET  / HTTP/1.1\r\n\r\n',
  '\nGET / HTTP/1.1\r\n\r\n',
  'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
];

describe('HttpMessageReader: broken framing', () => {
  it.each([...BROKEN_REQUESTS, ...STRICTER_THAN_NODE])('refuses %j', (text) => {
    const { reader, messages } = collect('request');
    expect(() => reader.push(Buffer.from(text, 'latin1'))).toThrow(HttpFramingError);
    expect(messages).toEqual([]);
    expect(reader.atBoundary).toBe(false);
    expect(() => reader.push(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toThrow(HttpFramingError);
  });

  it('bounds the header section, however it is cut', () => {
    const line = 'GET / HTTP/1.1\r\n';
    const fits = `${line}X: ${'a'.repeat(16 * 1024 - line.length - 7)}\r\n\r\n`;
    expect(fits.length).toBe(16 * 1024);
    for (const pieceBytes of [fits.length + 2, 1000, 7]) {
      const tooLong = fits.replace('a', 'aa');
      const [right, wrong] = [collect('request'), collect('request')];
      pushInPieces(right.reader, fits, pieceBytes);
      expect(right.messages).toHaveLength(1);
      expect(() => pushInPieces(wrong.reader, tooLong, pieceBytes)).toThrow('longer than 16384 bytes');
    }
  });

  it('bounds an unfinished header section, a chunk extension and a trailer section', () => {
    const chunked = 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(() => read('request', 'a'.repeat(16 * 1024 + 1))).toThrow(HttpFramingError);
    expect(() => read('request', `${chunked}5;${'a'.repeat(300)}`)).toThrow(HttpFramingError);
    expect(() => read('request', `${chunked}${'0'.repeat(20)}`)).toThrow(HttpFramingError);
    expect(() => read('request', `${chunked}0\r\n${'X: y\r\n'.repeat(3000)}`)).toThrow(HttpFramingError);
  });

  it('tells of a stream that ends inside a message', () => {
    for (const text of ['G', 'GET / HTTP/1.1\r\n\r', 'POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n']) {
      const { reader } = collect('request');
      reader.push(Buffer.from(text));
      expect(() => reader.finish()).toThrow(HttpFramingError);
    }
    expect(() => collect('request').reader.finish()).not.toThrow();
  });

  it('never does anything but read or refuse', () => {
    const grammar = fc.constantFrom(
      'GET',
      ' ',
      '/',
      'HTTP/1.1',
      '\r\n',
      '\r',
      '\n',
      'Content-Length',
      ':',
      '3',
      'abc',
      'Transfer-Encoding: chunked',
      '0',
      '\0',
    );
    fc.assert(
      fc.property(
        fc.array(grammar),
        fc.constantFrom<HttpMessageKind>('request', 'response'),
        (parts, kind) => {
          try {
            read(kind, parts.join(''));
          } catch (error) {
            expect(error).toBeInstanceOf(HttpFramingError);
          }
        },
      ),
    );
  });
});

function pushInPieces(reader: HttpMessageReader<HttpMessageKind>, text: string, pieceBytes: number): void {
  for (let at = 0; at < text.length; at += pieceBytes)
    reader.push(Buffer.from(text.slice(at, at + pieceBytes), 'latin1'));
}

interface Message {
  readonly method: string;
  readonly target: string;
  readonly content: string;
  readonly wire: string;
}

const content = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '0', ':', '\xff'), maxLength: 60 });

function chunk(text: string, pieceBytes: number): string {
  let wire = '';
  for (let at = 0; at < text.length; at += pieceBytes) {
    const piece = text.slice(at, at + pieceBytes);
    wire += `${piece.length.toString(16)}\r\n${piece}\r\n`;
  }
  return wire;
}

const message: fc.Arbitrary<Message> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PATCH'),
    target: fc.constantFrom('/', '/a?b=%20', '/very/long/'.repeat(20)),
    fields: fc.array(
      fc.constantFrom('X: y\r\n', 'Contents: 5\r\n', 'Empty:\r\n', 'Long: zzzzzzzzzzzzzzzzzzzzz\r\n'),
    ),
    content,
    pieceBytes: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
    trailer: fc.constantFrom('', 'T: r\r\n', 'T: r\r\nU: s\r\n'),
  })
  .map(({ method, target, fields, content: text, pieceBytes, trailer }) => {
    const start = `${method} ${target} HTTP/1.1\r\nHost: x\r\n${fields.join('')}`;
    const wire =
      pieceBytes === undefined
        ? `${start}Content-Length: ${text.length}\r\n\r\n${text}`
        : `${start}Transfer-Encoding: chunked\r\n\r\n${chunk(text, pieceBytes)}0\r\n${trailer}\r\n`;
    return { method, target, content: text, wire };
  });

describe('HttpMessageReader: any cut', () => {
  it('sees the same messages, and a boundary after each', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (sent, cuts) => {
          const wire = sent.map((each) => each.wire).join('');
          const boundaries = new Set<number>();
          let end = 0;
          for (const each of sent) {
            end += each.wire.length;
            boundaries.add(end);
          }
          const { reader, messages } = collect('request');
          for (let at = 0; at < wire.length; ) {
            const length = cuts.next().value ?? 1;
            reader.push(Buffer.from(wire.slice(at, at + length), 'latin1'));
            at = Math.min(wire.length, at + length);
            expect(reader.atBoundary).toBe(boundaries.has(at));
          }
          expect(messages).toMatchObject(
            sent.map(({ method, target, content: text }) => ({ head: { method, target }, content: text })),
          );
        },
      ),
    );
  });

  it('reads each response as if it were the first, and keeps nothing of a chunk, which is only lent', () => {
    const reply = fc.record({
      // Heads that are often those before them, or differ in a single byte.
      fields: fc.constantFrom('', 'X: y\r\n', 'X: z\r\n', 'Connection: close\r\n', 'Connection: klose\r\n'),
      status: fc.constantFrom(200, 201),
      content: fc.constantFrom('', 'a', 'b', 'HTTP/1.1 200 OK\r\n\r\n'),
    });
    fc.assert(
      fc.property(
        fc.array(reply, { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 300 })),
        (replies, cuts) => {
          const wires = replies.map(({ fields, status, content: text }) => {
            return `HTTP/1.1 ${status} OK\r\n${fields}Content-Length: ${text.length}\r\n\r\n${text}`;
          });
          const wire = Buffer.from(wires.join(''), 'latin1');
          const lent = Buffer.alloc(300);
          const { reader, messages } = collect('response');
          for (let at = 0; at < wire.length; ) {
            const length = wire.copy(lent, 0, at, at + (cuts.next().value ?? 1));
            reader.push(lent.subarray(0, length));
            lent.fill(0);
            at += length;
          }
          expect(messages).toEqual(wires.flatMap((each) => read('response', each)));
        },
      ),
    );
  });

  it('takes a field that reads like the head before it for a field, when the stream is cut right before it', () => {
    const first = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na';
    const { reader, messages } = collect('response');
    for (const piece of [first, 'HTTP/1.1 201 OK\r\nX: ', first, first])
      reader.push(Buffer.from(piece, 'latin1'));
    expect(messages.map(({ head }) => head)).toMatchObject([
      { status: 200 },
      { status: 201 },
      { status: 200 },
    ]);
  });

  it('sees the same responses', () => {
    const text =
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 No\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n0\r\n\r\n';
    const whole = read('response', text);
    expect(whole).toHaveLength(3);
    for (let pieceBytes = 1; pieceBytes < text.length; pieceBytes++) {
      const { reader, messages } = collect('response');
      pushInPieces(reader, text, pieceBytes);
      expect(messages).toEqual(whole);
    }
  });
});

/** What node:http makes of the same bytes. */
function readWithNode(wire: string): Promise<{ messages: object[]; refused: boolean }> {
  return new Promise((resolve) => {
    const messages: object[] = [];
    let refused = false;
    const server = createServer((request, response) => {
      let text = '';
      request.setEncoding('latin1');
      request.on('data', (piece: string) => {
        text += piece;
      });
      request.on('end', () => {
        messages.push({ head: { method: request.method, target: request.url }, content: text });
        response.end();
      });
    });
    server.on('clientError', () => {
      refused = true;
    });
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, callback) => callback() });
    socket.on('error', () => {});
    server.emit('connection', socket);
    socket.push(Buffer.from(wire, 'latin1'));
    // The parser works within the push; the stream hands over in later turns, all of them before a timer.
    setTimeout(() => {
      socket.destroy();
      resolve({ messages, refused });
    }, 20);
  });
}

describe('HttpMessageReader beside node:http', () => {
  it('sees the same requests', async () => {
    const sample = fc.sample(fc.array(message, { minLength: 1, maxLength: 4 }), { numRuns: 20, seed: 1 });
    for (const sent of sample) {
      const wire = sent.map((each) => each.wire).join('');
      const { reader, messages } = collect('request');
      reader.push(Buffer.from(wire, 'latin1'));
      const node = await readWithNode(wire);
      expect(node.refused).toBe(false);
      expect(messages).toMatchObject(node.messages);
      expect(messages).toHaveLength(node.messages.length);
    }
  });

  it('refuses what node:http refuses', async () => {
    for (const wire of BROKEN_REQUESTS)
      expect(await readWithNode(wire), wire).toMatchObject({ refused: true });
  });
});
