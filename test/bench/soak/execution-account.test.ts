import { describe, expect, it } from 'vitest';
import { ExecutionAccount } from '../../../src/bench/soak/execution-account.js';
import type { RequestColumns, RequestOutcome } from '../../../src/contracts/load.js';
import type { Method } from '../../../src/contracts/workload.js';

type Row = readonly [id: string, method: Method, outcome: RequestOutcome];

function columns(rows: readonly Row[]): RequestColumns {
  return {
    connection: new Uint32Array(rows.length),
    id: rows.map(([id]) => id),
    method: rows.map(([, method]) => method),
    intendedMs: new Float64Array(rows.length),
    sentMs: new Float64Array(rows.length),
    begunMs: new Float64Array(rows.length),
    repliedMs: new Float64Array(rows.length),
    outcome: rows.map(([, , outcome]) => outcome),
    closing: rows.map(() => false),
  };
}

const NOTHING = columns([]);
const NONE = new Map<string, number>();

describe('the account of executions', () => {
  it('counts what ran twice, POSTs apart, and what was answered without having run', () => {
    const account = new ExecutionAccount();
    account.add(
      columns([
        ['0-0', 'GET', 'ok'],
        ['0-1', 'GET', 'ok'],
        ['0-2', 'POST', 'ok'],
        ['0-3', 'GET', 'ok'],
        ['0-4', 'GET', 'failed'],
      ]),
      new Map([
        ['0-0', 1],
        ['0-1', 2],
        ['0-2', 2],
      ]),
    );
    account.close();
    expect(account.counts()).toEqual({ zero: 1, more: 2, moreNonIdempotent: 1 });
  });

  it('adds up what came before and after a rotation', () => {
    const account = new ExecutionAccount();
    account.add(columns([['0-0', 'POST', 'ok']]), new Map([['0-0', 1]]));
    account.add(NOTHING, new Map([['0-0', 1]]));
    account.add(NOTHING, NONE);
    account.add(NOTHING, NONE);
    expect(account.counts()).toEqual({ zero: 0, more: 1, moreNonIdempotent: 1 });
  });

  it('waits for requests that run through many rotations', () => {
    const account = new ExecutionAccount();
    account.add(NOTHING, new Map([['0-0', 1]]));
    for (let rotation = 0; rotation < 5; rotation++) account.add(NOTHING, NONE);
    account.add(columns([['0-0', 'GET', 'ok']]), new Map([['0-0', 1]]));
    account.close();
    expect(account.counts()).toEqual({ zero: 0, more: 1, moreNonIdempotent: 0 });
  });

  it('forgets what is settled, however long it goes on', () => {
    const account = new ExecutionAccount();
    for (let rotation = 0; rotation < 100; rotation++) {
      const ids = Array.from({ length: 50 }, (_, at) => `0-${rotation * 50 + at}`);
      account.add(columns(ids.map((id) => [id, 'GET', 'ok'])), new Map(ids.map((id) => [id, 1])));
      expect(account.size).toBeLessThanOrEqual(3 * 50);
    }
    expect(account.counts()).toEqual({ zero: 0, more: 0, moreNonIdempotent: 0 });
  });
});
