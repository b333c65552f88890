import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { parseSoakOptions, type SoakArguments } from '../../src/main/commands/soak-options.js';
import { SOAK_ARGUMENTS } from '../fixtures/soak-arguments.js';

function parse(given: Partial<SoakArguments>) {
  return parseSoakOptions({ ...SOAK_ARGUMENTS, ...given });
}

describe('the options of a soak', () => {
  it('without an interval: a mix, whose requests come at their times', async () => {
    const plan = await parse({ seed: '5' });
    expect(plan).toMatchObject({
      kind: 'soak',
      options: { seed: 5, durationMs: 60_000, faultEveryMs: undefined, arrivals: 'open', connections: 24 },
    });
    expect(plan.kind === 'soak' && plan.options.workload.specifier).toBe(
      'request-reply,bulk-download,idle-fleet',
    );
  });

  it('with an interval: replies of one kind, asked for one after the other, unless it is said', async () => {
    const plan = await parse({ faultEveryMs: '2000' });
    expect(plan).toMatchObject({ kind: 'soak', options: { faultEveryMs: 2000, arrivals: 'closed' } });
    expect(plan.kind === 'soak' && plan.options.workload.specifier).toBe('request-reply:think-ms=20');
    const said = await parse({ faultEveryMs: '2000', arrivals: 'open', workloads: 'bulk-download' });
    expect(said).toMatchObject({ options: { arrivals: 'open', workload: { specifier: 'bulk-download' } } });
  });

  it('with several of either is a series, all strategies with one interval after the other', async () => {
    const plan = await parse({ strategies: 'spr,full-handshake', faultEveryMs: '1000,500', seed: '9' });
    const soaks = plan.kind === 'series' ? plan.soaks : [];
    expect(soaks.map(({ strategy, faultEveryMs, seed }) => [strategy.plugin.id, faultEveryMs, seed])).toEqual(
      [
        ['spr', 1000, 9],
        ['full-handshake', 1000, 9],
        ['spr', 500, 9],
        ['full-handshake', 500, 9],
      ],
    );
    expect(await parse({ faultEveryMs: '1000,500' })).toMatchObject({ kind: 'series' });
    expect(await parse({ strategies: 'spr', faultEveryMs: '500' })).toMatchObject({ kind: 'soak' });
  });

  it.each<[Partial<SoakArguments>, string]>([
    [
      { strategies: 'spr,full-handshake' },
      '--strategies spr,full-handshake: several are compared with --fault-every-ms',
    ],
    [{ strategy: 'all' }, '--strategy all: soak takes one strategy'],
    [{ strategy: 'spr', strategies: 'spr' }, '--strategy spr: --strategies is given as well'],
    [{ faultEveryMs: '99' }, '--fault-every-ms 99: must be whole numbers from 100 to 3600000'],
    [{ faultEveryMs: '500,' }, '--fault-every-ms 500,: must be whole numbers'],
    [{ faultEveryMs: '500.5' }, '--fault-every-ms 500.5: must be whole numbers'],
    [{ faultEveryMs: '500,1000,500' }, '--fault-every-ms 500,1000,500: has a value twice'],
    [
      { faultEveryMs: '500,5000', durationS: '13' },
      '--duration-s 13: a fault every 5000 ms takes more than 13 s: 3 s before the first one, and 2 intervals',
    ],
    [{ workloads: 'http2' }, '--workloads http2: spr cannot keep its connections'],
  ])('refuse %j', async (given, message) => {
    const error: unknown = await parse(given).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(message);
  });
});
