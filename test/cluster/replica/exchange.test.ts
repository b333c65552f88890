import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExchangeTracker } from '../../../src/cluster/replica/exchange.js';
import { TrackedResponse } from '../../../src/cluster/replica/tracked-response.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody';

function response(): TrackedResponse {
  return new TrackedResponse(new IncomingMessage(new Socket()));
}

function push(tracker: ExchangeTracker, ...texts: readonly string[]): void {
  for (const text of texts) tracker.push(Buffer.from(text));
}

describe('ExchangeTracker', () => {
  it('is at a boundary when everything read is answered', () => {
    const tracker = new ExchangeTracker();
    expect(tracker.atBoundary).toBe(true);
    push(tracker, GET);
    expect([tracker.atBoundary, tracker.completedByNextAnswer]).toEqual([false, true]);
    tracker.answer();
    expect([tracker.atBoundary, tracker.first]).toEqual([true, false]);
    tracker.restart();
    expect([tracker.atBoundary, tracker.first, tracker.input]).toEqual([true, true, []]);
  });

  it('is not at one while a part of a next request has been read', () => {
    const tracker = new ExchangeTracker();
    push(tracker, GET, 'G');
    tracker.answer();
    expect(tracker.atBoundary).toBe(false);
    push(tracker, GET.slice(1));
    expect([tracker.atBoundary, tracker.completedByNextAnswer]).toEqual([false, true]);
    tracker.answer();
    expect(tracker.atBoundary).toBe(true);
  });

  it('waits for the whole body of a request', () => {
    const tracker = new ExchangeTracker();
    push(tracker, POST.slice(0, -2));
    expect(tracker.completedByNextAnswer).toBe(false);
    tracker.answer();
    expect(tracker.atBoundary).toBe(false);
    push(tracker, 'dy');
    expect(tracker.atBoundary).toBe(true);
  });

  it('counts the answers of pipelined requests', () => {
    const tracker = new ExchangeTracker();
    push(tracker, GET + GET + GET);
    const [a, b] = [response(), response()];
    tracker.respond(a);
    tracker.respond(b);
    expect([tracker.current, tracker.first, tracker.completedByNextAnswer]).toEqual([a, true, false]);
    tracker.answer();
    expect([tracker.current, tracker.first]).toEqual([b, false]);
    tracker.answer();
    expect([tracker.current, tracker.completedByNextAnswer]).toEqual([undefined, true]);
  });

  it.each([
    ['GET', true],
    ['HEAD', true],
    ['OPTIONS', true],
    ['PUT', true],
    ['DELETE', true],
    ['POST', false],
    ['PATCH', false],
    ['LOCK', false],
    ['get', false],
  ])('knows whether a request may be executed again: %s, %s', (method, expected) => {
    const tracker = new ExchangeTracker();
    push(tracker, `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(tracker.idempotent).toBe(expected);
  });

  it('is not idempotent until the exchange ends in which one request is not', () => {
    const tracker = new ExchangeTracker();
    push(tracker, GET);
    expect(tracker.idempotent).toBe(true);
    push(tracker, POST, GET);
    for (let i = 0; i < 3; i++) {
      expect(tracker.idempotent).toBe(false);
      tracker.answer();
    }
    expect(tracker.idempotent).toBe(false);
    tracker.restart();
    expect(tracker.idempotent).toBe(true);
  });

  it('has no boundary any more behind what is no request', () => {
    const tracker = new ExchangeTracker();
    push(tracker, 'HTTP?\r\n\r\n', GET);
    expect([tracker.atBoundary, tracker.completedByNextAnswer]).toEqual([false, false]);
    expect(Buffer.concat(tracker.input).toString()).toBe(`HTTP?\r\n\r\n${GET}`);
  });

  it('does not depend on how the requests were cut', () => {
    const requests = fc.array(fc.constantFrom(GET, POST), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(requests, fc.array(fc.integer({ min: 1, max: 30 })), (list, cuts) => {
        const tracker = new ExchangeTracker();
        const text = list.join('');
        let at = 0;
        for (const cut of [...cuts, text.length]) {
          if (at < text.length) push(tracker, text.slice(at, at + cut));
          at += cut;
        }
        expect(tracker.idempotent).toBe(!list.includes(POST));
        for (const left of list.keys()) {
          expect(tracker.completedByNextAnswer).toBe(left === list.length - 1);
          tracker.answer();
        }
        expect(tracker.atBoundary).toBe(true);
      }),
    );
  });
});
