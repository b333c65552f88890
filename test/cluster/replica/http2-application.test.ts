import { connect } from 'node:http2';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AppStream } from '../../../src/cluster/replica/app-stream.js';
import { Http2Application } from '../../../src/cluster/replica/http2-application.js';
import type { Application } from '../../../src/contracts/workload.js';
import { until } from './harness.js';

const REPLY = Buffer.alloc(512 * 1024, 'reply');
/** More than the head of the reply, and less than a client's windows let through. */
const TAKEN_BYTES = 32 * 1024;

/** The stream of a connection, and a client behind it that takes so many bytes of output and then no more. */
function connected(takenBytes: number) {
  let left = takenBytes;
  const client = new Duplex({
    read() {},
    write: (chunk: Buffer, _encoding, done) => {
      stream.push(Buffer.from(chunk));
      done();
    },
  });
  const stream: AppStream = new AppStream({
    output: (chunks, bytes, done) => {
      left -= bytes;
      for (const chunk of chunks) client.push(Buffer.from(chunk));
      if (left > 0) done();
    },
    outputEnd() {},
    inputWanted() {},
    abandoned() {},
  });
  return { stream, client };
}

function serve(application: Application, stream: AppStream): void {
  new Http2Application(application, { record() {} }).serve(stream);
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe('HTTP/2', () => {
  it('answers', async () => {
    const { stream, client } = connected(Number.POSITIVE_INFINITY);
    serve((_request, response) => void response.end(REPLY), stream);
    const session = connect('http://replica', { createConnection: () => client });
    const received: Buffer[] = [];
    const request = session.request({ ':path': '/' });
    request.on('data', (chunk: Buffer) => received.push(chunk));
    await new Promise((resolve) => request.on('end', resolve));
    expect(Buffer.concat(received).equals(REPLY)).toBe(true);
    session.destroy();
  });

  const leave = {
    'is reset': (stream: AppStream) => void stream.destroy(),
    'finishes sending, and is reset': async (stream: AppStream) => {
      stream.push(null);
      await turns(3);
      stream.destroy();
    },
  };
  const cases = Object.keys(leave).flatMap((how) => [1, 8].map((requests) => ({ how, requests })));

  it.each(cases)(
    'survives a client that $how in the middle of $requests replies',
    async ({ how, requests }) => {
      const { stream, client } = connected(TAKEN_BYTES);
      let asked = 0;
      let ended = 0;
      serve((_request, response) => {
        asked += 1;
        response.on('close', () => {
          ended += 1;
        });
        response.end(REPLY);
      }, stream);
      const session = connect('http://replica', { createConnection: () => client });
      session.on('error', () => {});
      for (let index = 0; index < requests; index++) session.request({ ':path': '/' }).on('error', () => {});
      await until(() => asked === requests);
      await turns(5);
      await leave[how as keyof typeof leave](stream);
      await until(() => stream.destroyed && ended === requests);
      await turns(5);
      session.destroy();
    },
  );
});
