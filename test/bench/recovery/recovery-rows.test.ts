import { describe, expect, it } from 'vitest';
import type { Row } from '../../../bench/recovery/goal.js';
import type { CompletedTrial } from '../../../bench/recovery/measured-run.js';
import {
  BUSY_STRATEGIES,
  busyRows,
  cpuRows,
  idleRows,
  SPR,
  stallRows,
} from '../../../bench/recovery/recovery-rows.js';
import { createPrng } from '../../../src/base/prng.js';
import type { Comparison, Measurements, TrialResult } from '../../../src/contracts/results.js';
import { fixtureTrial } from '../../fixtures/results.js';

const FIXTURE = fixtureTrial();
const BLOCKS = [0, 1, 2, 3, 4, 5];
/** Each strategy's time of everything, ms. */
const SCALE: Readonly<Record<string, number>> = { 'full-handshake': 600, 'session-resumption': 300, spr: 30 };

function trial(strategy: string, block: number, changes: Partial<Measurements> = {}): CompletedTrial {
  const { spec, measurements, ...rest } = FIXTURE;
  const ms = (SCALE[strategy] ?? Number.NaN) + block;
  const [first] = measurements.connections;
  if (first === undefined) throw new Error('the fixture has connections');
  const connections = [0.5, 1, 1.5].map((share, index) => ({
    ...first,
    ...{ index, fate: strategy === SPR ? ('kept' as const) : ('reconnected' as const) },
    ...{ recoveryTimeMs: ms * share, interruptionMs: ms * share + 1 },
  }));
  const measured = {
    replicaCpuMsPerRecovery: ms / 1000,
    directorCpuMsPerRecovery: ms / 3000,
    lastRecoveredMs: measurements.faultInjectedMs + 1.5 * ms,
  };
  return {
    ...rest,
    spec: { ...spec, strategy, block, index: block },
    measurements: { ...measurements, connections, ...measured, ...changes },
  };
}

/** What the run says of SPR and of resumption against full handshakes. */
function compared(ratio: number, pairs: number): Comparison[] {
  const name = { reference: 'full-handshake', workload: 'request-reply', fault: 'kill' };
  const metric = 'recoveryTimeMs' as const;
  return [
    { ...name, metric, strategy: SPR, ratio, low: 0.8 * ratio, high: 1.25 * ratio, pairs },
    { ...name, metric, strategy: 'session-resumption', ratio: 0.5, low: 0.4, high: 0.625, pairs },
    { ...name, metric: 'latencyBeforeP50Ms', strategy: SPR, ratio: 1, low: 1, high: 1, pairs },
  ];
}

const all = (): CompletedTrial[] =>
  BLOCKS.flatMap((block) => BUSY_STRATEGIES.map((strategy) => trial(strategy, block)));

function find(rows: readonly Row[], what: string): Row | undefined {
  return rows.find((row) => row.what === what);
}

describe('busy connections', () => {
  const rows = (comparisons: readonly Comparison[], speedup = 10): Row[] =>
    busyRows({ trials: all(), comparisons, rttMs: 50 }, speedup);
  const SPEEDUP = 'RTT 50: recovery p50, full-handshake / spr';

  it('recover as many times as fast as with full handshakes', () => {
    const found = rows(compared(0.0625, 6));
    expect(find(found, 'RTT 50, spr: recovery p50')?.measured).toBe('32.5 (30 to 35) ms');
    expect(find(found, SPEEDUP)).toMatchObject({
      measured: '16 (12.8 to 20) x',
      goal: '>= 10 x',
      verdict: 'met',
    });
    expect(find(found, 'RTT 50: recovery p50, full-handshake / session-resumption')?.measured).toBe(
      '2 (1.6 to 2.5) x',
    );
    expect(find(rows(compared(0.0625, 6), 25), SPEEDUP)?.verdict).toBe('missed');
  });

  it('are not judged by too few pairs, or by none', () => {
    expect(find(rows(compared(0.0625, 5)), SPEEDUP)).toMatchObject({
      measured: '16 x',
      verdict: 'too few trials',
    });
    expect(find(rows([]), SPEEDUP)?.verdict).toBe('not measured');
  });
});

describe('stalls', () => {
  it('are held against the goals trial by trial', () => {
    const rows = stallRows(all());
    expect(find(rows, 'spr: stall p50 of a trial')).toMatchObject({
      measured: '33.5 (31 to 36) ms',
      verdict: 'met',
    });
    expect(find(rows, 'full-handshake: stall p50 of a trial')?.goal).toBe('');
    const slower = trial(SPR, 6);
    const connections = slower.measurements.connections.map((each) => ({ ...each, interruptionMs: 120 }));
    const mixed = [...all(), { ...slower, measurements: { ...slower.measurements, connections } }];
    expect(find(stallRows(mixed), 'spr: stall p99 of a trial')?.verdict).toBe('met in 6 of 7');
  });

  it('count a lost connection of a trial that does not count', () => {
    expect(find(stallRows(all()), 'spr: connections kept')).toMatchObject({
      measured: '18 of 18',
      verdict: 'met',
    });
    const { measurements, ...rest } = trial(SPR, 6);
    const connections = measurements.connections.map((each) => ({ ...each, fate: 'lost' as const }));
    const disturbed: TrialResult = {
      ...rest,
      status: 'inconclusive',
      reasons: ['the machine is too busy'],
      measurements: { ...measurements, connections },
    };
    expect(find(stallRows([...all(), disturbed]), 'spr: connections kept')).toMatchObject({
      measured: '18 of 21',
      verdict: 'missed',
    });
  });
});

describe('an idle fleet', () => {
  const memory = {
    directorBytesPerConnection: 4096,
    primaryBytesPerConnection: 20_480,
    backupBytesPerConnection: 1536,
  };

  it('says when all active connections are served, and what each costs in memory', () => {
    const rows = idleRows([trial(SPR, 0, { memory })]);
    expect(find(rows, 'until all active are served')).toMatchObject({
      measured: '45 (45 to 45) ms',
      verdict: 'met',
    });
    expect(find(rows, 'director, per connection')).toMatchObject({
      measured: '4 (4 to 4) KiB',
      verdict: 'met',
    });
    expect(find(rows, 'backup, per connection')?.verdict).toBe('missed');
  });

  it('has no figure that was not measured', () => {
    const rows = idleRows([trial(SPR, 0, { memory: null, lastRecoveredMs: null })]);
    expect(find(rows, 'until all active are served')?.verdict).toBe('not measured');
    expect(find(rows, 'director, per connection')?.verdict).toBe('not measured');
  });
});

describe('processor time of a recovery', () => {
  it('is that of director and replicas, held against the trial of the same block', () => {
    const rows = cpuRows(all(), createPrng(1));
    expect(find(rows, 'spr: CPU per recovered connection')?.measured).toBe('43.3 (40 to 46.7) us');
    const row = find(rows, 'CPU, spr / full-handshake');
    expect(row?.measured).toMatch(/^0\.0539 \(0\.0\d+ to 0\.0\d+\)$/);
    expect(row?.verdict).toBe('met');
    expect(find(rows, 'CPU, spr / session-resumption')?.verdict).toBe('met');
  });

  it('is not known where the director does not tell', () => {
    const silent = all().map(({ measurements, ...rest }) => {
      const { directorCpuMsPerRecovery: _, ...others } = measurements;
      return { ...rest, measurements: others };
    });
    expect(find(cpuRows(silent, createPrng(1)), 'CPU, spr / full-handshake')?.verdict).toBe('not measured');
  });
});
