/** The recovery times of a cell by what the connections were doing at the fault. */
import {
  type Cell,
  type ConnectionOutcome,
  PHASES_AT_FAULT,
  type PhaseAtFault,
} from '../contracts/results.js';
import { quantile } from '../stats/quantile.js';
import { Sample } from '../stats/sample.js';

interface OfPhase {
  connections: number;
  readonly recoveryTimesMs: Sample;
}

export class PhaseSamples {
  readonly #phases = new Map<PhaseAtFault, OfPhase>();

  addTrial(connections: readonly ConnectionOutcome[]): void {
    for (const { phaseAtFault, recoveryTimeMs } of connections) {
      if (phaseAtFault == null) continue;
      const phase = this.#of(phaseAtFault);
      phase.connections += 1;
      if (recoveryTimeMs !== null) phase.recoveryTimesMs.add(recoveryTimeMs);
    }
  }

  merge(other: PhaseSamples): void {
    for (const [name, { connections, recoveryTimesMs }] of other.#phases) {
      const phase = this.#of(name);
      phase.connections += connections;
      phase.recoveryTimesMs.merge(recoveryTimesMs);
    }
  }

  /** In the order of a connection's life; undefined where no trial tells. */
  summary(): Cell['recoveryByPhase'] {
    if (this.#phases.size === 0) return undefined;
    return PHASES_AT_FAULT.flatMap((name) => {
      const phase = this.#phases.get(name);
      if (phase === undefined) return [];
      const { connections, recoveryTimesMs } = phase;
      const { count } = recoveryTimesMs;
      const recoveryP50Ms = count === 0 ? null : quantile(recoveryTimesMs.sorted(), 0.5);
      return [{ phase: name, connections, recovered: count, recoveryP50Ms }];
    });
  }

  #of(name: PhaseAtFault): OfPhase {
    const phase = this.#phases.get(name) ?? { connections: 0, recoveryTimesMs: new Sample() };
    this.#phases.set(name, phase);
    return phase;
  }
}
