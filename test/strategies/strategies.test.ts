import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Evidence, KeptState, Moment, RecoveryStrategy } from '../../src/contracts/strategy.js';
import { fullStateCopy } from '../../strategies/full-state-copy.js';
import { loadStrategy, STRATEGIES, strategyProblem } from '../../strategies/index.js';
import { spr } from '../../strategies/spr.js';
import { describeStrategy } from './conformance.js';

for (const strategy of STRATEGIES) describeStrategy(strategy);

describe('the registry', () => {
  it('has an entry for each file of its folder', () => {
    const folder = fileURLToPath(new URL('../../strategies/', import.meta.url));
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'index.ts');
    expect(STRATEGIES.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort());
  });

  it('finds strategies by their id', async () => {
    for (const strategy of STRATEGIES) expect(await loadStrategy(strategy.id)).toBe(strategy);
    await expect(loadStrategy('sprr')).rejects.toThrow(
      'strategy "sprr" is unknown: the ids are full-handshake, session-resumption, full-state-copy, spr',
    );
  });
});

describe('strategyProblem', () => {
  it('finds none in what comes with spr-bench', () => {
    expect(STRATEGIES.map(strategyProblem)).toEqual(STRATEGIES.map(() => undefined));
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /not an object/],
    ['null', null, /not an object/],
    ['a text', 'spr', /not an object/],
    ['no id', { ...spr, id: undefined }, /kebab-case id/],
    ['an id with capitals', { ...spr, id: 'MySpr' }, /kebab-case id/],
    ['an id that is a path', { ...spr, id: '../spr' }, /kebab-case id/],
    ['no title', { ...spr, title: undefined }, /title/],
    ['no summary', { ...spr, summary: 5 }, /summary/],
    ['no expectation', { ...spr, expects: undefined }, /expects.handshake/],
    ['another handshake', { ...spr, expects: { ...spr.expects, handshake: 'half' } }, /expects.handshake/],
    ['another transport', { ...spr, expects: { ...spr.expects, transport: 'moved' } }, /expects.transport/],
    ['no list of fields', { ...spr, replicates: 'secrets' }, /replicates/],
    [
      'a field that does not exist',
      { ...spr, replicates: ['secrets', 'cookies'] },
      /secrets, sequence-numbers/,
    ],
    ['a field of every object', { ...spr, replicates: ['toString'] }, /replicates/],
    ['no client', { ...spr, client: undefined }, /onTransportLost/],
    ['a client that gives up', { ...spr, client: { onTransportLost: 'give-up' } }, /onTransportLost/],
    ['no primary', { ...spr, primary: undefined }, /primary.decide/],
    ['a backup that cannot take over', { ...spr, backup: { idleFlows: 'lazy' } }, /backup.takeOver/],
    [
      'a backup without a time for idle flows',
      { ...spr, backup: { ...spr.backup, idleFlows: 'later' } },
      /idleFlows/,
    ],
  ])('finds %s', (_what, value, problem) => {
    expect(strategyProblem(value)).toMatch(problem);
  });
});

function describeDecisions(strategy: RecoveryStrategy, table: Readonly<Record<string, unknown>>): void {
  it.each(Object.entries(table))('at %s', (at, decision) => {
    const [moment, kind] = at.split(', ') as [Moment, string | undefined];
    expect(strategy.primary?.decide({ moment, idempotent: kind !== 'not idempotent' })).toEqual(decision);
  });
}

const ESTABLISHED = { recordsRead: 3, recordsWritten: 6 };

function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    commit: { recordsRead: 8, recordsWritten: 12 },
    delivered: 12,
    received: 9,
    applicationState: false,
    ...changes,
  };
}

describe('spr', () => {
  const secrets = { replicate: ['secrets'], output: 'release-when-acknowledged' };
  describe('decides', () => {
    describeDecisions(spr, {
      established: secrets,
      rekeyed: secrets,
      input: {},
      output: {},
      'output, not idempotent': { output: 'hold' },
      answered: {},
      'answered, not idempotent': { replicate: ['outcome'], output: 'release-when-acknowledged' },
      checkpoint: { commit: 'sealed-state' },
      'checkpoint, not idempotent': {},
      boundary: {},
    });
  });

  const kept: KeptState = { established: ESTABLISHED, snapshot: undefined, outcomes: [] };
  it.each<[string, Evidence, unknown]>([
    ['from the last commit', evidence(), { kind: 'replay', from: 'commit' }],
    [
      'from the first commit',
      evidence({ commit: ESTABLISHED, delivered: 6 }),
      { kind: 'replay', from: 'commit' },
    ],
    [
      'from the handshake when its commit was lost',
      evidence({ commit: { recordsRead: 0, recordsWritten: 0 }, delivered: 6 }),
      { kind: 'replay', from: 'established' },
    ],
    [
      'not at all when the client has a part of the handshake only',
      evidence({ commit: { recordsRead: 0, recordsWritten: 0 }, delivered: 5 }),
      { kind: 'refuse', reason: 'handshake-unfinished' },
    ],
  ])('goes on %s', (_how, seen, decision) => {
    expect(spr.backup?.takeOver(kept, seen)).toEqual(decision);
  });
});

describe('full-state-copy', () => {
  const kept = (changes: Partial<NonNullable<KeptState['snapshot']>>): KeptState => ({
    established: ESTABLISHED,
    snapshot: {
      recordsRead: 9,
      recordsWritten: 14,
      outputFrom: 12,
      answered: true,
      applicationState: false,
      ...changes,
    },
    outcomes: [],
  });
  it.each<[string, KeptState, string]>([
    ['restores what reaches back to what the client has', kept({}), 'restore'],
    ['restores what the client has all of', kept({ recordsWritten: 12, outputFrom: 14 }), 'restore'],
    ['refuses a copy that is older than the last commit', kept({ recordsRead: 7 }), 'refuse'],
    ['refuses a copy that no longer has what the client lacks', kept({ outputFrom: 13 }), 'refuse'],
  ])('%s', (_what, state, kind) => {
    expect(fullStateCopy.backup?.takeOver(state, evidence())).toMatchObject({ kind });
  });

  it('copies the whole state at every occasion, before it releases output', () => {
    for (const moment of ['established', 'rekeyed', 'input', 'output', 'answered', 'boundary'] as const) {
      expect(fullStateCopy.primary?.decide({ moment, idempotent: true })).toEqual({
        replicate: fullStateCopy.replicates,
        output: 'release-when-acknowledged',
      });
    }
  });
});
