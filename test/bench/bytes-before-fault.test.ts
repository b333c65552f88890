import { describe, expect, it } from 'vitest';
import { evaluateTrial } from '../../src/bench/evaluate.js';
import { KEPT, keptStory, observe, type Story } from './observations.js';

/** Its first reply comes after the fault. */
function lateStory(connection: number): Story {
  const story = keptStory(connection);
  return { ...story, requests: story.requests.slice(1) };
}

function reasons(stories: readonly Story[], parameter: string, value: number): readonly string[] {
  const seen = observe([...stories], KEPT);
  const sweep = { workload: 'request-reply', parameter, value };
  const result = evaluateTrial({ ...seen, spec: { ...seen.spec, sweep } });
  return result.status === 'completed' ? [] : result.reasons;
}

describe('a trial with bytes to be exchanged before the fault', () => {
  it('counts when all connections had them', () => {
    expect(reasons([keptStory(0), keptStory(1)], 'bytes-before-fault', 1000)).toEqual([]);
  });

  it('is inconclusive when one had not', () => {
    expect(reasons([keptStory(0), lateStory(1)], 'bytes-before-fault', 1000)).toEqual([
      '1 of 2 connections had not got 1000 bytes before the fault',
    ]);
  });

  it.each([
    ['bytes-before-fault', 0],
    ['connections', 1000],
  ])('does not ask for them where there are none: %s=%i', (parameter, value) => {
    expect(reasons([keptStory(0), lateStory(1)], parameter, value)).toEqual([]);
  });
});
