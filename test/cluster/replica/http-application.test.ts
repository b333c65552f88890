import { afterEach, describe, expect, it } from 'vitest';
import { AppStream } from '../../../src/cluster/replica/app-stream.js';
import { HttpApplication } from '../../../src/cluster/replica/http-application.js';
import type { Application } from '../../../src/contracts/workload.js';
import { until } from './harness.js';

const NO_LEDGER = { record(): void {} };
const LIMITS = { headersTimeoutMs: 50, requestTimeoutMs: 100, checkIntervalMs: 10 };
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
const REPLY: Application = (request, response) => {
  request.resume();
  request.on('end', () => response.end('reply.'));
};

/** What a client of the application sees of a connection. */
class Client {
  received = '';
  closed = false;
  readonly stream = new AppStream({
    output: (chunks, _bytes, callback) => {
      this.received += Buffer.concat(chunks).toString('latin1');
      callback();
    },
    outputEnd() {},
    inputWanted() {},
    abandoned: () => {
      this.closed = true;
    },
  });

  send(text: string): void {
    this.stream.push(Buffer.from(text));
  }
}

const clients: Client[] = [];
afterEach(() => {
  for (const { stream } of clients.splice(0)) stream.destroy();
});

function connected(count: number): Client[] {
  const application = new HttpApplication(REPLY, NO_LEDGER, LIMITS);
  const opened = Array.from({ length: count }, () => new Client());
  for (const { stream } of opened) application.serve(stream);
  clients.push(...opened);
  return opened;
}

describe('a request that does not end', () => {
  it.each([
    ['in its head', 'GET / HTTP/1.1\r\nHost: loc'],
    ['in its first line', 'G'],
    ['in its content', 'PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345'],
  ])('is answered with 408 and closed: %s', async (_where, text) => {
    const [client = new Client()] = connected(1);
    client.send(text);
    await until(() => client.closed);
    expect(client.received).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe('a connection without a request', () => {
  it('is not closed, neither a new one nor one whose last request is answered', async () => {
    const [silent = new Client(), served = new Client(), slow = new Client()] = connected(3);
    served.send(GET);
    await until(() => served.received.endsWith('reply.'));
    slow.send('G');
    await until(() => slow.closed);
    // By now the time of a request would be over for the others too.
    const [later = new Client()] = connected(1);
    later.send('G');
    await until(() => later.closed);
    for (const client of [silent, served]) {
      client.received = '';
      client.send(GET);
      await until(() => client.received.endsWith('reply.'));
      expect(client.closed).toBe(false);
    }
  });
});
