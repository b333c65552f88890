import { describe, expect, it } from 'vitest';
import { withTwins } from '../../../src/bench/gate/calibration-run.js';
import { trialsOfOriginals, trialsOfTwins } from '../../../src/bench/gate/twins.js';
import { planTrials } from '../../../src/bench/plan.js';
import { parseRunOptions } from '../../../src/bench/run-options.js';
import { fixtureTrial } from '../../fixtures/results.js';

const OPTIONS = await parseRunOptions({ strategies: 'full-handshake,spr', workloads: 'request-reply' }, 1);

describe('twins', () => {
  it('are loaded from where their originals are, and differ in nothing but the name', () => {
    const { strategies } = withTwins(OPTIONS);
    expect(strategies.map(({ plugin }) => plugin.id)).toEqual([
      'full-handshake',
      'spr',
      'full-handshake.again',
      'spr.again',
    ]);
    expect(strategies.map(({ specifier }) => specifier)).toEqual([
      'full-handshake',
      'spr',
      'full-handshake',
      'spr',
    ]);
    const [, original, , twin] = strategies;
    expect(twin?.plugin).toEqual({ ...original?.plugin, id: 'spr.again' });
  });

  it('run once in each block, with the seed of their originals', () => {
    const specs = planTrials(withTwins(OPTIONS)).filter(({ block }) => block === 2);
    expect(specs).toHaveLength(4);
    expect(new Set(specs.map(({ seed }) => seed)).size).toBe(1);
  });

  it('are told from their originals afterwards', () => {
    const named = (strategy: string) => ({ ...fixtureTrial(), spec: { ...fixtureTrial().spec, strategy } });
    const trials = ['spr', 'spr.again', 'full-handshake', 'full-handshake.again', 'spr.other'].map(named);
    const names = (list: typeof trials) => list.map(({ spec }) => spec.strategy);
    expect(names(trialsOfOriginals(trials) as typeof trials)).toEqual(['spr', 'full-handshake']);
    expect(names(trialsOfTwins(trials, 'again') as typeof trials)).toEqual(['spr', 'full-handshake']);
    expect(names(trialsOfTwins(trials, 'other') as typeof trials)).toEqual(['spr']);
  });
});
