import { describe, expect, it } from 'vitest';
import { PhaseSamples } from '../../src/bench/phase-samples.js';
import { connectionOutcomes } from '../../src/bench/timeline.js';
import type { ConnectionOutcome, PhaseAtFault } from '../../src/contracts/results.js';
import {
  FAULT_MS,
  KEPT,
  keptStory,
  observe,
  type RequestRow,
  reconnectedStory,
  type Story,
  transport,
} from './observations.js';

function phaseOf(changes: Partial<Story>): PhaseAtFault | null | undefined {
  return connectionOutcomes(observe([{ ...keptStory(0), ...changes }], KEPT))[0]?.phaseAtFault;
}

function request(sentMs: number, repliedMs: number, changes: Partial<RequestRow> = {}): RequestRow {
  return { id: `0-${sentMs}`, connection: 0, sentMs, repliedMs, ...changes };
}

describe('the phase of a connection at the fault', () => {
  it('is idle when nothing is outstanding: not what is answered, nor what comes later', () => {
    const requests = [
      request(900, FAULT_MS - 1, { begunMs: 950 }),
      request(FAULT_MS, 1010, { begunMs: 1005 }),
    ];
    expect(phaseOf({ requests })).toBe('idle');
    expect(phaseOf({ requests: [] })).toBe('idle');
  });

  it('is mid-request until the reply begins, also when it never comes', () => {
    expect(phaseOf({ requests: [request(990, 1010, { begunMs: FAULT_MS })] })).toBe('mid-request');
    expect(phaseOf({ requests: [request(990, Number.NaN, { outcome: 'failed' })] })).toBe('mid-request');
  });

  it('is mid-response from its beginning to its end', () => {
    expect(phaseOf({ requests: [request(990, 1010, { begunMs: FAULT_MS - 0.01 })] })).toBe('mid-response');
    expect(phaseOf({ requests: [request(990, FAULT_MS, { begunMs: 995 })] })).toBe('mid-response');
    const cut = request(990, Number.NaN, { begunMs: 995, outcome: 'failed' });
    expect(phaseOf({ requests: [cut] })).toBe('mid-response');
  });

  it('is that of the request that got furthest, where several are outstanding', () => {
    const requests = [request(980, 1010, { begunMs: 990 }), request(985, 1020), request(986, 1030)];
    expect(phaseOf({ requests })).toBe('mid-response');
  });

  it('is handshake from the start of a transport until it is secure', () => {
    const ended = transport(0, { endedMs: 990, cause: 'closed as planned' });
    const again = (secureMs: number | null) => transport(0, { localPort: 5300, startedMs: 991, secureMs });
    expect(phaseOf({ transports: [ended, again(1015)] })).toBe('handshake');
    expect(phaseOf({ transports: [ended, again(null)] })).toBe('handshake');
    expect(phaseOf({ transports: [ended, again(995)], requests: [] })).toBe('idle');
  });

  it('has nothing to do with a request that an earlier transport took with it', () => {
    const transports = [
      transport(0, { endedMs: 980, cause: 'ECONNRESET' }),
      transport(0, { localPort: 5300, startedMs: 981, secureMs: 990, afterLoss: true }),
    ];
    const requests = [request(970, Number.NaN, { begunMs: 975, outcome: 'failed' })];
    expect(phaseOf({ transports, requests })).toBe('idle');
  });

  it('is unknown between two transports', () => {
    const transports = [
      transport(0, { endedMs: 980, cause: 'ECONNRESET' }),
      transport(0, { localPort: 5300, startedMs: FAULT_MS, secureMs: 1010, afterLoss: true }),
    ];
    expect(phaseOf({ transports })).toBeNull();
  });

  it('is told of lost connections, and each of its own', () => {
    const stories = [reconnectedStory(0, false), { ...keptStory(1), requests: [] }];
    const outcomes = connectionOutcomes(observe(stories, KEPT));
    expect(outcomes.map(({ phaseAtFault }) => phaseAtFault)).toEqual(['mid-request', 'idle']);
  });
});

function outcome(
  phaseAtFault: PhaseAtFault | null | undefined,
  recoveryTimeMs: number | null,
): ConnectionOutcome {
  const [first] = connectionOutcomes(observe([keptStory(0)], KEPT));
  if (first === undefined) throw new Error('a story is a connection');
  return { ...first, phaseAtFault, recoveryTimeMs };
}

describe('recovery by phase', () => {
  it('has a median for each phase, in the order of a connection, over trials and cells', () => {
    const samples = new PhaseSamples();
    samples.addTrial([outcome('mid-response', 30), outcome('idle', null), outcome('mid-response', null)]);
    const others = new PhaseSamples();
    others.addTrial([outcome('mid-response', 10), outcome('mid-response', 20), outcome(null, 99)]);
    samples.merge(others);
    expect(samples.summary()).toEqual([
      { phase: 'idle', connections: 1, recovered: 0, recoveryP50Ms: null },
      { phase: 'mid-response', connections: 4, recovered: 3, recoveryP50Ms: 20 },
    ]);
  });

  it('is unknown of trials that do not tell', () => {
    const samples = new PhaseSamples();
    samples.addTrial([outcome(undefined, 10)]);
    expect(samples.summary()).toBeUndefined();
  });
});
