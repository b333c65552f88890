import { describe, expect, it } from 'vitest';
import type { Stamps } from '../../../bench/load-client/observed-server.js';
import { selfCaused } from '../../../bench/load-client/self-caused.js';
import { LoadRecorder } from '../../../src/bench/load-recorder.js';
import type { LoadReport } from '../../../src/contracts/load.js';

/** Of the connection, in ms. */
type Times = readonly [connection: number, intended: number, sent: number, replied: number];

/** Connection n comes from port 1000 + n. */
function reportOf(requests: readonly Times[], connections: readonly number[] = [0, 1]): LoadReport {
  const recorder = new LoadRecorder();
  for (const connection of connections) {
    recorder.transportStarted(connection, 0, false).localPort = 1000 + connection;
  }
  for (const [connection, intendedMs, sentMs, repliedMs] of requests) {
    const planned = { id: '0-0', method: 'GET', target: '/', bodyBytes: 0, atMs: intendedMs } as const;
    const row = recorder.sent(connection, planned, intendedMs, sentMs, false);
    recorder.replied(row, repliedMs, true);
  }
  return recorder.report(0);
}

/** Of the ports 1000, 1001: when requests were read and replies written. */
function stampsOf(...connections: readonly (readonly (readonly [number, number])[])[]): Map<number, Stamps> {
  return new Map(
    connections.map((pairs, index) => [
      1000 + index,
      { readMs: pairs.map(([read]) => read), writtenMs: pairs.map(([, written]) => written) },
    ]),
  );
}

describe('what a client causes itself', () => {
  it('is a late start, and the time for which a reply lies in its socket', () => {
    const report = reportOf([[0, 100, 101, 110]], [0]);
    expect(selfCaused(report, stampsOf([[103, 107]]), 0, 1000)).toEqual([
      { startMs: 1, readMs: 3, latencyMs: 10, outsideMs: 6 },
    ]);
  });

  it('is no late start when the connection was waiting for the reply before', () => {
    const requests: Times[] = [
      [0, 100, 100, 120],
      [0, 105, 122, 130],
    ];
    const found = selfCaused(
      reportOf(requests, [0]),
      stampsOf([
        [101, 119],
        [123, 129],
      ]),
      0,
      1000,
    );
    expect(found.map(({ startMs }) => startMs)).toEqual([0, 2]);
  });

  it('finds the times of each request by its connection and its place', () => {
    const requests: Times[] = [
      [0, 10, 10, 15],
      [1, 11, 11, 18],
      [0, 20, 20, 27],
    ];
    const stamps = stampsOf(
      [
        [11, 14],
        [21, 24],
      ],
      [[12, 13]],
    );
    expect(selfCaused(reportOf(requests), stamps, 0, 1000).map(({ readMs }) => readMs)).toEqual([1, 5, 3]);
    expect(selfCaused(reportOf(requests), stamps, 11, 20).map(({ readMs }) => readMs)).toEqual([5]);
  });

  it('cannot be told of requests that the server has not seen, or of a connection that was made twice', () => {
    const report = reportOf([[0, 10, 10, 15]]);
    expect(() => selfCaused(report, stampsOf(), 0, 1000)).toThrow('has not seen request 0 of connection 0');
    expect(() => selfCaused(reportOf([], [0, 0]), stampsOf(), 0, 1000)).toThrow(
      'connection 0 was made twice',
    );
  });
});
