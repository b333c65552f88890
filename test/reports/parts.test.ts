import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from '../../reports/html/markup.js';
import {
  formatBytes,
  formatCount,
  formatKiB,
  formatList,
  formatMs,
  formatNumberOf,
  formatPercent,
  formatRatio,
  NONE,
} from '../../reports/parts/format.js';
import { printable } from '../../reports/parts/printable.js';
import { problemLines } from '../../reports/parts/problems.js';
import { findingOf, formatComparison, verdict } from '../../reports/parts/verdict.js';
import type { Comparison } from '../../src/contracts/results.js';
import { emptyResults, fixtureSummary } from '../fixtures/results.js';

const COMPARISON: Comparison = {
  strategy: 'spr',
  reference: 'full-handshake',
  workload: 'uploads',
  fault: 'kill',
  metric: 'recoveryTimeMs',
  ratio: 0.5,
  low: 0.4,
  high: 0.6,
  pairs: 10,
};

describe('numbers', () => {
  it.each([
    [formatMs(0.081), '0.08'],
    [formatMs(3.44), '3.4'],
    [formatMs(183.4), '183'],
    [formatMs(2410.2), '2,410'],
    [formatMs(null), NONE],
    [formatCount(1234567), '1,234,567'],
    [formatKiB(41_500), '40.5'],
    [formatKiB(-2048), '-2.0'],
    [formatKiB(-1), '0.0'],
    [formatKiB(null), NONE],
    [formatBytes(0), '0'],
    [formatBytes(1.34), '1.3'],
    [formatBytes(61_000), '61,000'],
    [formatRatio(0.0654), '0.065'],
    [formatRatio(1.018), '1.02'],
    [formatRatio(14.31), '14.3'],
    [formatRatio(0.0000012), '0.0000012'],
    [formatRatio(0.00000012), '1.2e-7'],
    [formatPercent(0.555), '56 %'],
    [formatNumberOf(1, 'trial'), '1 trial'],
    [formatNumberOf(0, 'trial'), '0 trials'],
    [formatList(['a', 'b', 'c']), 'a, b and c'],
  ])('%s is %s', (text, expected) => {
    expect(text).toBe(expected);
  });
});

describe('verdict', () => {
  it.each([
    [{}, 'lower', '0.50x [0.40, 0.60]'],
    [{ ratio: 2, low: 1.5, high: 3 }, 'higher', '2.00x [1.50, 3.00]'],
    [{ low: 0.4, high: 1.01 }, 'unclear', '0.50x [0.40, 1.01]'],
    [{ low: 1, high: 1.2, ratio: 1.1 }, 'unclear', '1.10x [1.00, 1.20]'],
    [{ pairs: 5 }, 'too-few', '0.50x (5 pairs)'],
    [{ pairs: 1 }, 'too-few', '0.50x (1 pair)'],
  ] as const)('of %j is %s', (changes, finding, text) => {
    expect(findingOf({ ...COMPARISON, ...changes })).toBe(finding);
    expect(formatComparison({ ...COMPARISON, ...changes })).toBe(text);
  });

  it('claims nothing where the interval includes 1', () => {
    const comparisons = fixtureSummary().comparisons.map((one) => ({
      ...one,
      ratio: 0.9,
      low: 0.7,
      high: 1.1,
    }));
    const { headline, details } = verdict({ ...fixtureSummary(), comparisons });
    const sentences = [headline, ...details].join(' ');
    expect(sentences).toContain(
      'No difference between SPR and Full handshake can be shown in all 3 cases (0.90x, the 95 % interval includes 1)',
    );
    expect(sentences).not.toMatch(/faster|slower/);
  });

  it('says that a strategy is slower', () => {
    const comparisons = [{ ...COMPARISON, ratio: 2, low: 1.5, high: 3 }];
    expect(verdict({ ...fixtureSummary(), comparisons }).headline).toBe(
      'SPR recovered 2.0 times slower than Full handshake [1.5, 3.0].',
    );
  });

  it('names violations', () => {
    const { details } = verdict({ ...fixtureSummary(), violations: ['a'] });
    expect(details).toContain('Correctness: 1 violation and 0 corrupted bytes; 70 completed trials.');
  });

  it('names trials that do not count beside the verdict', () => {
    expect(verdict(fixtureSummary()).details.at(-1)).toBe(
      '2 of 72 trials do not count: 1 invalid, 1 inconclusive.',
    );
  });

  it('says what the best strategy lost and cost, beside the reference', () => {
    const [price] = verdict(fixtureSummary()).details;
    expect(price).toBe(
      "With SPR clients lost no connection, no request and no byte (Full handshake: 486 requests); throughput before the fault was 96 % of the reference's in 1 of 3 cases.",
    );
    const lossy = fixtureSummary().strategies.map((one) =>
      one.id === 'spr' ? { ...one, connections: { ...one.connections, lost: 1 }, corruptedBytes: 7 } : one,
    );
    const twice = fixtureSummary().strategies.map((one) => ({
      ...one,
      executions: one.executions && { ...one.executions, moreNonIdempotent: 2 },
    }));
    expect(verdict({ ...fixtureSummary(), strategies: twice }).details[0]).toContain('; 2 POSTs ran twice; ');
    expect(verdict({ ...fixtureSummary(), strategies: lossy }).details[0]).toContain(
      'With SPR clients lost 1 connection and 7 corrupted bytes (',
    );
  });

  it('claims no cost that no interval shows', () => {
    const comparisons = fixtureSummary().comparisons.map((one) =>
      one.metric === 'throughputBeforePerSecond' ? { ...one, low: 0.9, high: 1.1 } : one,
    );
    expect(verdict({ ...fixtureSummary(), comparisons }).details[0]).toContain(
      'no effect on the throughput before the fault could be shown',
    );
    const few = comparisons.map((one) => ({ ...one, pairs: 2 }));
    expect(verdict({ ...fixtureSummary(), comparisons: few }).details[0]).toContain(
      'too few pairs of trials',
    );
  });

  it('has one claim per finding, and names the strategy once', () => {
    const [one, two] = fixtureSummary().comparisons.filter(
      ({ strategy, metric }) => strategy === 'spr' && metric === 'recoveryTimeMs',
    );
    const comparisons = [one, two].flatMap((comparison, index) =>
      comparison === undefined
        ? []
        : [{ ...comparison, ratio: 0.9, low: 0.7, high: 1.1, pairs: index === 0 ? 6 : 2 }],
    );
    expect(verdict({ ...fixtureSummary(), comparisons }).headline).toBe(
      'No difference between SPR and Full handshake can be shown in 1 of 2 cases (0.90x, the 95 % interval includes 1); ' +
        'without a verdict in 1 of 2 cases (0.90x, fewer than 6 pairs of trials).',
    );
  });

  it('concludes nothing from nothing', () => {
    expect(verdict(emptyResults().summary)).toEqual({
      headline: 'No trial completed: nothing can be concluded.',
      details: ['Correctness: not tested, no trial completed.'],
    });
  });
});

describe('problemLines', () => {
  it('stops after 50 lines and says how many there are', () => {
    const violations = Array.from({ length: 1052 }, (_, i) => `violation ${i}`);
    const lines = problemLines({ ...fixtureSummary(), violations }).violations;
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toBe('and 1,002 more, see trials.ndjson');
  });
});

describe('text', () => {
  it('of any kind is one printable line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect([...printable(text)]).toHaveLength([...text].length);
      }),
    );
  });

  it('never becomes markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: markup } = html`<p title="${text}">${[text, html`<b>${text}</b>`]}</p>`;
        expect(markup.match(/[<>]/g)).toHaveLength(8);
        expect(markup.match(/["']/g)).toHaveLength(2);
      }),
    );
  });
});
