import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { phaseTable } from '../../reports/html/phase-at-fault.js';
import { type CellGroup, groupCells } from '../../reports/parts/cells.js';
import { phaseLines } from '../../reports/table/phase-at-fault.js';
import type { Cell, Summary } from '../../src/contracts/results.js';
import { fixtureSummary } from '../fixtures/results.js';

type Phases = Cell['recoveryByPhase'];

const ENOUGH: Phases = [
  { phase: 'handshake', connections: 4, recovered: 4, recoveryP50Ms: 70 },
  { phase: 'idle', connections: 12, recovered: 5, recoveryP50Ms: 21.34 },
  { phase: 'mid-response', connections: 1500, recovered: 1500, recoveryP50Ms: 3.4 },
];
const TOO_FEW: Phases = ENOUGH.filter(({ phase }) => phase !== 'idle');

function groupOf(recoveryByPhase: Phases): { group: CellGroup; summary: Summary } {
  const plain = fixtureSummary();
  const summary = {
    ...plain,
    cells: plain.cells.map((cell) => ({ ...cell, ...(cell.strategy === 'spr' && { recoveryByPhase }) })),
  };
  const [group] = groupCells(summary);
  if (group === undefined) throw new Error('the fixture has cells');
  return { group, summary };
}

function lines(recoveryByPhase: Phases, width = 100): string[] {
  return phaseLines(groupOf(recoveryByPhase).group, { width, colours: pc.createColors(false) });
}

function markup(recoveryByPhase: Phases): string {
  const { group, summary } = groupOf(recoveryByPhase);
  return phaseTable(group, summary).text;
}

describe('recovery by phase at the fault', () => {
  it('is a line per strategy that tells, of the phases that enough connections recovered in', () => {
    expect(lines(ENOUGH)).toEqual([
      'recovery p50 in ms, by phase at the fault',
      'spr  idle 21.3 (5), mid-response 3.4 (1,500)',
    ]);
    for (const line of lines(ENOUGH, 40)) expect([...line].length).toBeLessThanOrEqual(40);
  });

  it('has all phases in HTML, without a median of few', () => {
    const page = markup(ENOUGH);
    expect(page).toContain('<td>handshake</td><td>4</td><td>4</td><td>–</td>');
    expect(page).toContain('<td>idle</td><td>12</td><td>5</td><td>21.3</td>');
  });

  it('is shown only where two phases can be compared', () => {
    for (const phases of [TOO_FEW, undefined]) {
      expect(lines(phases)).toEqual([]);
      expect(markup(phases)).toBe('');
    }
  });
});
