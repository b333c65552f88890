/**
 * What every fault must keep to. An outside author calls {@link describeFault} with a fault from a vitest file of their
 * own. Scripts run against a simulated cluster, whose clock jumps from one event to the next.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/base/prng.js';
import { faultProblem } from '../../../src/cluster/faults/index.js';
import type {
  Fault,
  FaultAction,
  FaultEvidence,
  FaultRoles,
  FaultSignal,
  FaultTarget,
  ProcessState,
} from '../../../src/contracts/fault.js';

/** As many as a run may have. */
const MAX_REPLICAS = 16;
const DETECTION_MS = 300;
/** Between the death of a process and what the director sees of it. */
const END_OF_STREAM_MS = 1;
/** In which flows move, and in which a process starts. */
const DRAIN_MS = 80;
const START_MS = 150;

const roles: fc.Arbitrary<FaultRoles> = fc
  .record({ replicas: fc.integer({ min: 2, max: MAX_REPLICAS }), primary: fc.nat(MAX_REPLICAS - 1) })
  .map(({ replicas, primary }) => {
    const index = primary % replicas;
    return { replicas, primary: index, backup: (index + 1) % replicas };
  });
const seeds = fc.integer({ min: 0, max: 2 ** 31 });

export function describeFault(fault: Fault): void {
  describe(`fault ${fault.id}`, () => {
    describeIdentity(fault);
    describePromises(fault);
    describeScript(fault);
    describeVerification(fault);
  });
}

function describeIdentity(fault: Fault): void {
  it('says what it is', () => {
    expect(faultProblem(fault)).toBeUndefined();
    expect(fault.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    for (const text of [fault.title, fault.question]) {
      expect(text.trim()).toBe(text);
      expect(text).not.toMatch(/^$|\n/);
    }
  });
}

function describePromises(fault: Fault): void {
  it('says why what cannot be kept cannot be kept, whatever the number of replicas', () => {
    for (let replicas = 2; replicas <= MAX_REPLICAS; replicas++) {
      const outcome = fault.outcome(replicas);
      expect(fault.outcome(replicas)).toEqual(outcome);
      expect(['kept', 'reset', 'untouched']).toContain(outcome.connections);
      expect(['continues', 'ends']).toContain(outcome.service);
      expect(outcome.reason === null).toBe(outcome.connections !== 'reset');
      // Without anybody to serve them, connections are not kept either.
      if (outcome.service === 'ends') expect(outcome.connections).toBe('reset');
    }
  });

  it('ends the service only when it strikes every replica', () => {
    fc.assert(
      fc.property(roles, (given) => {
        const victims = new Set(fault.victims(given));
        if (fault.outcome(given.replicas).service === 'ends') expect(victims.size).toBe(given.replicas);
      }),
    );
  });

  it('takes no shorter for a slower detection', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(100_000), (one, other) => {
        const [fast, slow] = [Math.min(one, other), Math.max(one, other)];
        expect(fault.durationMs(fast, 3)).toBeGreaterThanOrEqual(0);
        expect(fault.durationMs(fast, 3)).toBeLessThanOrEqual(fault.durationMs(slow, 3));
        expect(fault.durationMs(fast, 3)).toBeLessThanOrEqual(fault.durationMs(fast, 4));
        expect(Number.isFinite(fault.durationMs(slow, MAX_REPLICAS))).toBe(true);
      }),
    );
  });
}

function describeScript(fault: Fault): void {
  it('does something to its victims, and to nobody else', async () => {
    await fc.assert(
      fc.asyncProperty(roles, seeds, async (given, seed) => {
        const { events } = await run(fault, given, seed);
        const struck = new Set(events.flatMap(({ replica }) => replica ?? []));
        expect([...struck].sort()).toEqual([...new Set(fault.victims(given))].sort());
      }),
    );
  });

  it('is the same for the same seed', async () => {
    await fc.assert(
      fc.asyncProperty(roles, seeds, async (given, seed) => {
        expect(await run(fault, given, seed)).toEqual(await run(fault, given, seed));
      }),
    );
  });

  it('begins at once, takes no longer than it says, and leaves no process stopped', async () => {
    await fc.assert(
      fc.asyncProperty(roles, seeds, async (given, seed) => {
        const { events, fates } = await run(fault, given, seed);
        expect(events[0]?.atMs).toBe(0);
        expect(events.at(-1)?.atMs).toBeLessThanOrEqual(fault.durationMs(DETECTION_MS, given.replicas));
        expect(fates.map(({ state }) => state)).not.toContain('stopped');
      }),
    );
  });
}

function describeVerification(fault: Fault): void {
  const given: FaultRoles = { primary: 0, backup: 1, replicas: 3 };
  const undisturbed = { endedBy: null, state: 'running', answers: true } as const;

  it('accepts what its script leads to, as often as it is asked', async () => {
    await fc.assert(
      fc.asyncProperty(roles, seeds, async (each, seed) => {
        const evidence = await run(fault, each, seed);
        expect(fault.verify(evidence)).toEqual([]);
        expect(fault.verify(evidence)).toEqual([]);
      }),
    );
  });

  it('refuses a script that was not carried out', async () => {
    const evidence = await run(fault, given, 1);
    const fates = evidence.fates.map(() => undisturbed);
    const nothing = { events: [], failures: [], exits: [], returns: [], drained: [] };
    expect(fault.verify({ ...evidence, ...nothing, fates })).not.toEqual([]);
    expect(fault.verify({ ...evidence, events: [] })).not.toEqual([]);
  });

  describeNotice(fault, given);

  it('refuses victims that ended in another way', async () => {
    const evidence = await run(fault, given, 1);
    for (const victim of fault.victims(given)) {
      const fates = evidence.fates.map((fate, index) =>
        index === victim ? ({ endedBy: 'SIGSEGV', state: 'ended', answers: false } as const) : fate,
      );
      expect(fault.verify({ ...evidence, fates }).join()).toContain('SIGSEGV');
    }
  });
}

/** What the director has to have seen, and when. */
function describeNotice(fault: Fault, given: FaultRoles): void {
  const { noticed = 'failure' } = fault;
  const early = <T>(seen: readonly T[]): T[] => seen.map((each) => ({ ...each, atMs: -5 }));

  if (noticed === 'nothing') {
    it('leaves nothing for the director to see of the replicas', async () => {
      const evidence = await run(fault, given, 1);
      expect(evidence.failures).toEqual([]);
      expect(evidence.drained).toEqual([]);
    });
    return;
  }

  it('refuses a fault that nobody noticed', async () => {
    const evidence = await run(fault, given, 1);
    expect(fault.verify({ ...evidence, failures: [], drained: [] }).join()).toContain('did not see');
  });

  it('refuses what was noticed before the fault', async () => {
    const { failures, drained, ...evidence } = await run(fault, given, 1);
    const reasons = fault.verify({ ...evidence, failures: early(failures), drained: early(drained) }).join();
    expect(reasons).toMatch(/before (anything was done|it did)/);
  });

  if (noticed === 'handover') {
    it('refuses victims that failed instead of ending as planned', async () => {
      const evidence = await run(fault, given, 1);
      for (const replica of fault.victims(given)) {
        const failures = [{ replica, cause: 'drain-timeout', atMs: 5 }];
        expect(fault.verify({ ...evidence, failures }).join()).toContain('drain-timeout');
        const exits = evidence.exits.map((exit) => ({ ...exit, code: 1 }));
        expect(fault.verify({ ...evidence, exits }).join()).toContain('exit code 1');
      }
    });
  }
}

/** Everything that would be seen of the fault in a cluster in which processes do as they are told. */
export async function run(fault: Fault, given: FaultRoles, seed: number): Promise<FaultEvidence> {
  const cluster = new SimulatedCluster(given, seed);
  await fault.inject(cluster);
  return cluster.evidence();
}

class SimulatedCluster implements FaultTarget {
  readonly primary: number;
  readonly backup: number;
  readonly replicas: number;
  readonly #roles: FaultRoles;
  readonly #uniform: () => number;
  readonly #states: ProcessState[];
  readonly #events: FaultEvidence['events'][number][] = [];
  readonly #failures: FaultEvidence['failures'][number][] = [];
  readonly #exits: FaultEvidence['exits'][number][] = [];
  readonly #returns: FaultEvidence['returns'][number][] = [];
  readonly #drained: FaultEvidence['drained'][number][] = [];
  readonly #stoppedAtMs = new Map<number, number>();
  readonly #drainedAtMs = new Map<number, number>();
  readonly #exitsBySignal = new Map<number, number>();
  readonly #endedAsPlanned = new Set<number>();
  #nowMs = 0;

  constructor(given: FaultRoles, seed: number) {
    this.primary = given.primary;
    this.backup = given.backup;
    this.replicas = given.replicas;
    this.#roles = given;
    const prng = createPrng(seed);
    this.#uniform = () => prng.uniform();
    this.#states = Array.from({ length: given.replicas }, () => 'running' as const);
  }

  signal(replica: number, action: FaultSignal): void {
    const stateBefore = this.#note(action, replica);
    if (stateBefore === 'ended') return;
    if (action === 'SIGTERM') {
      this.#drainedAtMs.set(replica, this.#nowMs + DRAIN_MS);
      return;
    }
    if (action === 'SIGKILL') this.#exitsBySignal.set(replica, this.#nowMs);
    this.#states[replica] = action === 'SIGKILL' ? 'ended' : action === 'SIGSTOP' ? 'stopped' : 'running';
    if (action === 'SIGKILL') this.#fail(replica, 'end of stream', this.#nowMs + END_OF_STREAM_MS);
    if (action === 'SIGSTOP') this.#stoppedAtMs.set(replica, this.#nowMs);
    if (action === 'SIGCONT') this.#stoppedAtMs.delete(replica);
  }

  async untilEnded(replica: number): Promise<void> {
    const drainedAtMs = this.#drainedAtMs.get(replica);
    const killedAtMs = this.#exitsBySignal.get(replica);
    if (drainedAtMs !== undefined) {
      this.#drained.push({ replica, atMs: drainedAtMs });
      this.#states[replica] = 'ended';
      this.#endedAsPlanned.add(replica);
    }
    this.#nowMs = Math.max(this.#nowMs, drainedAtMs ?? killedAtMs ?? this.#nowMs);
    const ended = killedAtMs === undefined ? { signal: null, code: 0 } : { signal: 'SIGKILL', code: null };
    this.#exits.push({ replica, atMs: this.#nowMs, ...ended });
  }

  async restart(replica: number): Promise<void> {
    this.#note('restart', replica);
    this.#states[replica] = 'running';
    this.#nowMs += START_MS;
    this.#returns.push({ replica, atMs: this.#nowMs });
  }

  async partition(replica: number): Promise<void> {
    this.#note('partition', replica);
    this.#stoppedAtMs.set(replica, this.#nowMs);
  }

  async heal(replica: number): Promise<void> {
    this.#note('heal', replica);
    this.#stoppedAtMs.delete(replica);
  }

  async killDirector(): Promise<void> {
    this.#events.push({ atMs: this.#nowMs, action: 'kill-director', replica: null, stateBefore: 'running' });
    this.#exits.push({ replica: null, atMs: this.#nowMs, signal: 'SIGKILL', code: null });
  }

  async startDirector(): Promise<void> {
    this.#events.push({ atMs: this.#nowMs, action: 'start-director', replica: null, stateBefore: 'ended' });
    this.#nowMs += START_MS;
    this.#returns.push({ replica: null, atMs: this.#nowMs });
  }

  async untilDetected(replica: number): Promise<void> {
    const stoppedAtMs = this.#stoppedAtMs.get(replica);
    if (stoppedAtMs !== undefined) this.#fail(replica, 'missed-heartbeats', stoppedAtMs + DETECTION_MS);
    const failure = this.#failures.find((each) => each.replica === replica);
    this.#nowMs = Math.max(this.#nowMs, failure?.atMs ?? 0);
  }

  async sleep(ms: number): Promise<void> {
    expect(ms).toBeGreaterThanOrEqual(0);
    this.#nowMs += ms;
  }

  uniform(): number {
    return this.#uniform();
  }

  evidence(): FaultEvidence {
    return {
      ...this.#roles,
      events: this.#events,
      failures: this.#failures,
      exits: this.#exits,
      returns: this.#returns,
      drained: this.#drained,
      fates: this.#states.map((state, index) => ({
        endedBy: state === 'ended' && !this.#endedAsPlanned.has(index) ? 'SIGKILL' : null,
        state,
        answers: state === 'running',
      })),
    };
  }

  #note(action: FaultAction, replica: number): ProcessState {
    const stateBefore = this.#states[replica];
    if (stateBefore === undefined) throw new RangeError(`no replica ${replica}`);
    this.#events.push({ atMs: this.#nowMs, action, replica, stateBefore });
    return stateBefore;
  }

  #fail(replica: number, cause: string, atMs: number): void {
    if (this.#failures.some((each) => each.replica === replica)) return;
    this.#failures.push({ replica, cause, atMs });
  }
}
