/** The load client's end of an event stream, without a transport. */
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/base/prng.js';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import { EventStreamProtocol } from '../../../src/bench/load-protocol/event-stream.js';
import { LoadRecorder, type RequestRow } from '../../../src/bench/load-recorder.js';
import type { PlannedRequest } from '../../../src/contracts/workload.js';
import { eventStream } from '../../../workloads/event-stream.js';
import { eventBlock, parseEventTarget } from '../../../workloads/parts/events.js';
import { SEED, SERVERNAME } from '../load-support.js';

const BODIES = createSeededBytes(SEED);
const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** The first events of a stream as they are planned, and as they come. */
function plannedEvents(): readonly PlannedRequest[] {
  const options = { connections: 1, durationMs: 1000, arrivals: 'open' } as const;
  const [requests = []] = eventStream.plan(options, createPrng(SEED)).connections;
  return [...requests].slice(0, 6);
}

function chunked(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n')]);
}

/** A stream whose client asks for an event when the test says so. */
class Stream {
  readonly events = plannedEvents();
  readonly recorder = new LoadRecorder();
  readonly written: string[] = [];
  readonly replied: RequestRow[] = [];
  readonly failures: string[] = [];
  readonly protocol = new EventStreamProtocol(
    {
      workload: eventStream,
      bodies: BODIES,
      clock: () => 0,
      recorder: this.recorder,
      servername: SERVERNAME,
    },
    {
      write: (bytes) => this.written.push(bytes.toString('latin1')),
      ready() {},
      replied: (row) => this.replied.push(row),
      failed: (problem) => this.failures.push(problem),
      finished() {},
    },
  );

  ask(index: number): void {
    const request = this.#event(index);
    this.protocol.send(request, this.recorder.sent(0, request, request.atMs, request.atMs, false));
  }

  /** The bytes of the event; not those of its end, if only a part of it comes. */
  receive(index: number, bytes?: number): void {
    const target = parseEventTarget(this.#event(index).target);
    if (target === undefined) throw new Error('no event');
    this.protocol.receive(chunked(eventBlock(target, index, BODIES).subarray(0, bytes)));
  }

  begin(): void {
    this.protocol.begin();
    this.protocol.receive(Buffer.from(HEAD));
  }

  /** Of each time that the stream was opened. */
  get lastIds(): (string | undefined)[] {
    return this.written.map((request) => /Last-Event-ID: (\S+)/.exec(request)?.[1]);
  }

  get verified(): string[] {
    return this.replied.filter(({ outcome }) => outcome === 'ok').map(({ id }) => id);
  }

  #event(index: number): PlannedRequest {
    const request = this.events[index];
    if (request === undefined) throw new Error(`no event ${index}`);
    return request;
  }
}

/** The first event has been asked for and has come. */
function begun(): Stream {
  const stream = new Stream();
  stream.protocol.begin();
  stream.ask(0);
  stream.protocol.receive(Buffer.from(HEAD));
  stream.receive(0);
  return stream;
}

describe('an event stream', () => {
  it('is opened when its first event is asked for', () => {
    const stream = new Stream();
    stream.protocol.begin();
    expect(stream.written).toEqual([]);
    stream.ask(0);
    expect(stream.lastIds).toEqual([undefined]);
  });

  it('is opened again at once after a loss, also when no event is due', () => {
    const stream = begun();
    stream.protocol.transportLost();
    stream.begin();
    expect(stream.lastIds).toEqual([undefined, '0-0']);
    stream.receive(1);
    stream.ask(1);
    expect(stream.verified).toEqual(['0-0', '0-1']);
    expect(stream.lastIds).toHaveLength(2);
  });

  it('keeps an event that came before it was asked for, and fetches it no second time after a loss', () => {
    const stream = begun();
    stream.receive(1);
    stream.receive(2);
    stream.receive(3, 20);
    stream.protocol.transportLost();
    stream.begin();
    expect(stream.lastIds).toEqual([undefined, '0-2']);
    for (const index of [1, 2, 3]) stream.ask(index);
    expect(stream.verified).toEqual(['0-0', '0-1', '0-2']);
    stream.receive(3);
    expect(stream.verified).toEqual(['0-0', '0-1', '0-2', '0-3']);
    expect(stream.recorder.report(0).corruptedBytes).toBe(0);
  });

  it('keeps what the server had sent when it ended the stream', () => {
    const stream = begun();
    stream.receive(1);
    stream.protocol.receive(Buffer.from('0\r\n\r\n'));
    stream.ask(1);
    expect(stream.verified).toEqual(['0-0', '0-1']);
    expect(stream.written).toHaveLength(1);
    stream.ask(2);
    expect(stream.lastIds).toEqual([undefined, '0-1']);
  });

  it('that was refused is asked for with its next event only', () => {
    const stream = begun();
    stream.ask(1);
    stream.protocol.transportLost();
    stream.protocol.begin();
    stream.protocol.receive(Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy'));
    expect(stream.replied.map(({ outcome }) => outcome)).toEqual(['ok', 'failed']);
    stream.protocol.transportLost();
    stream.begin();
    expect(stream.lastIds).toEqual([undefined, '0-0']);
    stream.ask(2);
    expect(stream.lastIds).toEqual([undefined, '0-0', '0-0']);
  });

  it('of which nobody wants more is not opened again', () => {
    const stream = begun();
    stream.ask(1);
    stream.protocol.giveUp();
    stream.protocol.transportLost();
    stream.protocol.begin();
    expect(stream.written).toHaveLength(1);
  });

  it('is given up when an event has no end, and not opened again for its own sake', () => {
    const stream = begun();
    const piece = chunked(Buffer.alloc(64 * 1024, 'x'));
    for (let count = 0; count < 17; count++) stream.protocol.receive(piece);
    expect(stream.failures).toEqual(['an event without end']);
    stream.protocol.transportLost();
    stream.protocol.begin();
    expect(stream.written).toHaveLength(1);
    stream.ask(1);
    expect(stream.lastIds).toEqual([undefined, '0-0']);
  });
});
