/** A server that is not ours tells neither what it executed nor which handshakes it made: that is unknown, not none. */
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { evaluateTrial } from '../../src/bench/evaluate.js';
import { RunAccumulator } from '../../src/bench/summarize.js';
import type { TrialResult } from '../../src/contracts/results.js';
import { FULL, observe, reconnectedStory, spec } from './observations.js';

const STORIES = [reconnectedStory(0, false), reconnectedStory(1, false)];

function trialOn(engine: 'external' | 'adopted', executions: null | undefined): TrialResult {
  return evaluateTrial(
    observe(STORIES, FULL, {
      spec: spec({ engine, connections: STORIES.length, strategy: 'full-handshake' }),
      survivors: observe(STORIES, FULL).survivors.map((each) => ({ ...each, handshakes: [] })),
      ...(executions === null ? { executions } : {}),
    }),
  );
}

describe('what a server of the user does not tell', () => {
  it('disturbs no trial of it, and is null', () => {
    const trial = trialOn('external', null);
    expect(trial).toMatchObject({ status: 'completed', measurements: { executions: null } });
  });

  it('disturbs a trial of ours: handshakes that no replica made are somebody else’s', () => {
    expect(trialOn('adopted', undefined)).toMatchObject({ status: 'inconclusive' });
  });

  it('stays null in cells, and is added to nothing in those of several kinds', () => {
    const unknown = trialOn('external', null);
    expect(executionsOf([unknown, unknown])).toBeNull();
    const known = evaluateTrial(
      observe(STORIES, FULL, { spec: spec({ connections: STORIES.length, strategy: 'full-handshake' }) }),
    );
    expect(executionsOf([unknown, known])).toEqual(executionsOf([known]));
    expect(executionsOf([known])).not.toBeNull();
  });
});

function executionsOf(trials: readonly TrialResult[]) {
  const accumulator = new RunAccumulator([], createPrng(1));
  for (const trial of trials) accumulator.add(trial);
  return accumulator.summary().cells[0]?.executions;
}
