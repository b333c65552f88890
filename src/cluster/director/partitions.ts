/** Replicas that are cut off from the director, and the director from them, for as long as a fault wants it. */
import type { UpstreamTrunk } from './flow.js';

export class Partitions {
  readonly #trunkOf: (replica: number) => UpstreamTrunk;
  readonly #cut = new Map<number, UpstreamTrunk>();

  constructor(trunkOf: (replica: number) => UpstreamTrunk) {
    this.#trunkOf = trunkOf;
  }

  /** Neither side hears the other any more, nor of its end. */
  cut(replica: number): void {
    const trunk = this.#trunkOf(replica);
    trunk.suspend?.();
    this.#cut.set(replica, trunk);
  }

  /** A process that was declared failed meanwhile learns that it has no director. */
  heal(replica: number): void {
    this.#cut.get(replica)?.resume?.();
    this.#cut.delete(replica);
  }

  healAll(): void {
    for (const replica of [...this.#cut.keys()]) this.heal(replica);
  }
}
