import { describe, expect, it } from 'vitest';
import { atMost, rowOfFigures, rowOfTrials } from '../../../bench/recovery/goal.js';
import { renderTable } from '../../../bench/recovery/table.js';

const PARTS = [
  {
    id: 'stall',
    title: 'stalls',
    rows: [
      rowOfTrials('p50', [12, 30], atMost(40, 'ms')),
      rowOfTrials('p99', [90, 130], atMost(100, 'ms')),
      rowOfFigures('others', [400], 'ms'),
    ],
  },
  { id: 'cpu', title: 'processor time', rows: [rowOfTrials('share', [0.5], atMost(0.2))] },
];

describe('the table of goals', () => {
  it('has a line for each figure, below the name of its part', () => {
    expect(renderTable(PARTS, [])).toBe(
      [
        '                                measured       goal        verdict',
        'stall: stalls',
        '  p50                   21 (12 to 30) ms   <= 40 ms            met',
        '  p99                 110 (90 to 130) ms  <= 100 ms  met in 1 of 2',
        '  others             400 (400 to 400) ms',
        'cpu: processor time',
        '  share                 0.5 (0.5 to 0.5)     <= 0.2         missed',
        '1 of 3 goals met',
        '',
      ].join('\n'),
    );
  });

  it('says below what is to be said of single trials', () => {
    const text = renderTable(PARTS, [
      { kind: 'rejected', text: 'stall: trial 3, spr: inconclusive: too busy' },
      { kind: 'violation', text: 'stall: trial 4, spr: completed: 3 wrong bytes reached a client' },
    ]);
    expect(text.split('\n').slice(-3)).toEqual([
      'rejected: stall: trial 3, spr: inconclusive: too busy',
      'violation: stall: trial 4, spr: completed: 3 wrong bytes reached a client',
      '',
    ]);
  });
});
