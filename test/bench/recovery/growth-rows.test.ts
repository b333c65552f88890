import { describe, expect, it } from 'vitest';
import { connectionRows, flatRows, growthOverRange } from '../../../bench/recovery/growth-rows.js';
import type { CompletedTrial } from '../../../bench/recovery/measured-run.js';
import { fixtureTrial } from '../../fixtures/results.js';

const FIXTURE = fixtureTrial();

interface Taken {
  readonly connections: number;
  readonly flows?: number;
  readonly durationMs: number;
  readonly swept?: number;
}

function trial({ connections, flows = connections, durationMs, swept }: Taken): CompletedTrial {
  const { spec, measurements, ...rest } = FIXTURE;
  const sweep = { workload: 'request-reply', parameter: 'bytes-before-fault', value: swept ?? 0 };
  return {
    ...rest,
    spec: { ...spec, connections, ...(swept !== undefined && { sweep }) },
    measurements: { ...measurements, takeovers: { flows, durationMs } },
  };
}

const STRATEGY = FIXTURE.spec.strategy;
const COUNTS = [10, 100, 1000];

describe('growth with the connections', () => {
  it('is linear when a line explains it', () => {
    const rows = connectionRows(
      COUNTS.map((connections) => trial({ connections, durationMs: 3 + 0.05 * connections })),
      STRATEGY,
    );
    expect(rows.map(({ measured, verdict }) => [measured, verdict])).toEqual([
      ['3.5 (3.5 to 3.5) ms', ''],
      ['8 (8 to 8) ms', ''],
      ['53 (53 to 53) ms', ''],
      ['1', 'met'],
      ['50 (50 to 50) us', ''],
    ]);
  });

  it('is not when the takeover of many is dearer than that of few', () => {
    const square = [10, 20, 50, 100, 200, 500, 1000].map((connections) =>
      trial({ connections, durationMs: connections ** 2 / 1000 }),
    );
    expect(connectionRows(square, STRATEGY).find(({ goal }) => goal !== '')?.verdict).toBe('missed');
  });

  it('takes no trial in which not all were taken over, and none of another strategy', () => {
    const whole = COUNTS.map((connections) => trial({ connections, durationMs: connections }));
    const part = trial({ connections: 1000, flows: 999, durationMs: 1 });
    expect(connectionRows([...whole, part], STRATEGY)).toEqual(connectionRows(whole, STRATEGY));
    expect(connectionRows(whole, 'another').map(({ verdict }) => verdict)).toEqual(['not measured']);
  });
});

describe('growth with what went before', () => {
  const swept = (durations: readonly (readonly [number, number])[]): CompletedTrial[] =>
    durations.map(([value, durationMs]) => trial({ connections: 16, durationMs, swept: value }));
  const verdictOf = (trials: readonly CompletedTrial[]): string | undefined =>
    flatRows(trials, STRATEGY, 'bytes before the fault').at(-1)?.verdict;

  it('is none when the takeover takes what it took', () => {
    expect(
      verdictOf(
        swept([
          [0, 10],
          [5e6, 10.2],
          [1e7, 9.9],
          [0, 10.1],
          [5e6, 9.9],
          [1e7, 10],
        ]),
      ),
    ).toBe('met');
  });

  it('is there when what was exchanged is copied', () => {
    expect(
      verdictOf(
        swept([
          [0, 10],
          [5e6, 60],
          [1e7, 110],
          [0, 11],
          [5e6, 61],
          [1e7, 112],
        ]),
      ),
    ).toBe('missed');
  });

  it('cannot be told from trials that differ by more', () => {
    expect(
      verdictOf(
        swept([
          [0, 10],
          [5e6, 30],
          [1e7, 12],
        ]),
      ),
    ).toBe('undecided');
  });

  it('is a share of where the line begins', () => {
    const line = [2, 4, 6, 8].map((x) => ({ x, y: 10 + 5 * x }));
    expect(growthOverRange(line)).toEqual({ value: 1.5, low: 1.5, high: 1.5 });
    expect(growthOverRange(line.slice(0, 2))).toBeNull();
    expect(growthOverRange([1, 2, 3].map((x) => ({ x, y: 0 })))).toBeNull();
  });
});
