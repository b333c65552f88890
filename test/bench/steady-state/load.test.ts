import { describe, expect, it } from 'vitest';
import { wrkProblems } from '../../../bench/steady-state/load.js';

const GOOD = `Running 10m test @ https://127.0.0.1:36781/reply/0-0?bytes=128
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.97ms    1.51ms  29.31ms   88.01%
    Req/Sec     8.21k   843.21     9.61k    83.33%
  24563 requests in 3.01s, 5.32MB read
Requests/sec:   8160.20
Transfer/sec:      1.77MB
`;

describe('what wrk prints', () => {
  it('has no problems when all requests were answered', () => {
    expect(wrkProblems(GOOD)).toBe('');
  });

  it('names connections that failed, and replies that are none', () => {
    const errors = '  Socket errors: connect 0, read 3, write 0, timeout 1\n';
    const refused = '  Non-2xx or 3xx responses: 24563\n';
    expect(wrkProblems(GOOD.replace('Requests/sec', `${errors}${refused}Requests/sec`))).toBe(
      'Socket errors: connect 0, read 3, write 0, timeout 1; Non-2xx or 3xx responses: 24563',
    );
  });
});
