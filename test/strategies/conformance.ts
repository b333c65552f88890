/**
 * What every recovery strategy must keep to. An outside author calls {@link describeStrategy} with a strategy from a
 * vitest file of their own.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BackupRole,
  type Evidence,
  type KeptState,
  type Moment,
  type Occasion,
  type PrimaryRole,
  type RecoveryStrategy,
  type ReplicationDecision,
  STATE_FIELDS,
  type StateField,
} from '../../src/contracts/strategy.js';
import { strategyProblem } from '../../strategies/index.js';

const MOMENTS = [
  'established',
  'rekeyed',
  'input',
  'output',
  'checkpoint',
  'answered',
  'boundary',
] as const satisfies readonly Moment[];
const OCCASIONS: readonly Occasion[] = MOMENTS.flatMap((moment) =>
  [true, false].map((idempotent) => Object.freeze({ moment, idempotent })),
);
const REFUSAL_REASONS = ['state-missing', 'handshake-unfinished', 'state-mismatch', 'diverged'];
const NOTHING_KEPT: KeptState = { established: undefined, snapshot: undefined, outcomes: [] };

export function describeStrategy(strategy: RecoveryStrategy): void {
  describe(`strategy ${strategy.id}`, () => {
    describeIdentity(strategy);
    describeExpectation(strategy);
    const { primary, backup } = strategy;
    if (primary !== undefined) describePrimary(strategy, primary);
    if (backup !== undefined) describeBackup(backup);
  });
}

function describeIdentity(strategy: RecoveryStrategy): void {
  it('says what it is', () => {
    expect(strategyProblem(strategy)).toBeUndefined();
    expect(strategy.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(strategy.title.trim()).not.toBe('');
    expect(strategy.summary.trim()).not.toBe('');
    expect(strategy.summary).not.toContain('\n');
  });
}

function describeExpectation({ expects, primary, backup, client, ...rest }: RecoveryStrategy): void {
  if (expects.transport === 'kept') {
    it('has the roles that keep a transport, and makes no second handshake', () => {
      expect(primary).toBeDefined();
      expect(backup).toBeDefined();
      expect(expects.handshake).toBe('none');
      expect(rest.replicates).toContain('secrets');
    });
    return;
  }
  it('replicates nothing for a transport that it does not keep', () => {
    expect([primary, backup]).toEqual([undefined, undefined]);
    expect(rest.replicates).toEqual([]);
  });

  it('has its clients do what it expects to see', () => {
    const resumes = client.onTransportLost === 'resume-session';
    expect(expects.handshake).toBe(resumes ? 'resumed' : 'full');
    // Another replica can only resume a session whose ticket it can open.
    expect(rest.sharesTicketKeys).toBe(resumes);
  });
}

function describePrimary(strategy: RecoveryStrategy, primary: PrimaryRole): void {
  const decisions = () => OCCASIONS.map((occasion) => primary.decide(occasion));

  it('decides the same at the same occasion, whatever was asked before', () => {
    const first = structuredClone(decisions());
    const backwards = [...OCCASIONS].reverse().map((occasion) => primary.decide(occasion));
    expect(backwards.reverse()).toEqual(first);
    expect(decisions()).toEqual(first);
  });

  it('replicates what it declares, all of it and nothing else', () => {
    const used = new Set(decisions().flatMap(fieldsOf));
    expect([...used].sort()).toEqual([...new Set(strategy.replicates)].sort());
    for (const field of used) expect(STATE_FIELDS).toHaveProperty(field);
  });

  it('has the secrets acknowledged before anything is released that needs them', () => {
    for (const occasion of OCCASIONS) {
      if (occasion.moment !== 'established' && occasion.moment !== 'rekeyed') continue;
      const { replicate, output } = primary.decide(occasion);
      expect(replicate).toContain('secrets');
      expect(output).toBe('release-when-acknowledged');
    }
  });

  it('commits in the middle of a reply only with state to go on from', () => {
    for (const occasion of OCCASIONS) {
      const { commit, replicate = [] } = primary.decide(occasion);
      if (occasion.moment !== 'checkpoint') expect(commit).toBeUndefined();
      if (commit === 'plain') expect(replicate).toContain('application-state');
    }
  });

  it('releases at the end of an exchange what it holds', () => {
    for (const idempotent of [true, false]) {
      const rules = MOMENTS.map((moment) => primary.decide({ moment, idempotent }).output);
      if (!rules.includes('hold')) continue;
      const last = (['answered', 'boundary'] as const).map((moment) =>
        primary.decide({ moment, idempotent }),
      );
      expect(last.some(({ output }) => output?.startsWith('release'))).toBe(true);
    }
  });
}

/** The sealed state of a commit is application state too, though it goes through the director. */
function fieldsOf({ replicate = [], commit }: ReplicationDecision): readonly StateField[] {
  return commit === 'sealed-state' ? [...replicate, 'application-state'] : replicate;
}

function describeBackup(backup: BackupRole): void {
  it('says when it takes idle flows over', () => {
    expect(['eager', 'lazy']).toContain(backup.idleFlows);
  });

  it('refuses what it has no state of', () => {
    fc.assert(
      fc.property(evidence, (seen) => {
        expect(backup.takeOver(NOTHING_KEPT, seen)).toEqual({ kind: 'refuse', reason: 'state-missing' });
      }),
    );
  });

  it('decides the same about the same flow, and leaves what it is shown alone', () => {
    fc.assert(
      fc.property(keptStates, evidence, (kept, seen) => {
        const before = structuredClone({ kept, seen });
        const decision = structuredClone(backup.takeOver(kept, seen));
        expect(backup.takeOver(kept, seen)).toEqual(decision);
        expect({ kept, seen }).toEqual(before);
      }),
    );
  });

  it('decides on nothing that the state does not allow', () => {
    fc.assert(
      fc.property(keptStates, evidence, (kept, seen) => {
        const decision = backup.takeOver(kept, seen);
        switch (decision.kind) {
          case 'restore':
            expect(kept.snapshot).toBeDefined();
            break;
          case 'replay':
            expect(['commit', 'established']).toContain(decision.from);
            expect(kept.established).toBeDefined();
            break;
          default:
            expect(decision.kind).toBe('refuse');
            expect(REFUSAL_REASONS).toContain(decision.reason);
        }
      }),
    );
  });
}

const count = fc.nat(20);
const position = fc.record({ recordsRead: count, recordsWritten: count });
const evidence: fc.Arbitrary<Evidence> = fc
  .record({ commit: position, more: position, applicationState: fc.boolean() })
  .map(({ commit, more, applicationState }) => ({
    commit,
    delivered: commit.recordsWritten + more.recordsWritten,
    received: commit.recordsRead + more.recordsRead,
    applicationState,
  }));
const keptStates: fc.Arbitrary<KeptState> = fc.record({
  established: fc.option(position, { nil: undefined }),
  snapshot: fc.option(
    fc.record({
      recordsRead: count,
      recordsWritten: count,
      outputFrom: count,
      answered: fc.boolean(),
      applicationState: fc.boolean(),
    }),
    { nil: undefined },
  ),
  outcomes: fc.array(fc.record({ from: position, through: count }), { maxLength: 3 }),
});
