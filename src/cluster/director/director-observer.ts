import type { DirectorFlow } from './flow.js';

/** What happens at the director, with its time (ms of the shared clock). */
export interface DirectorObserver {
  flowOpened(flow: DirectorFlow, atMs: number): void;
  replicaFailed(index: number, cause: string, atMs: number): void;
  /** The flow was sent to its backup. */
  flowRedirected(flow: DirectorFlow, atMs: number): void;
  /** Its owner handed it over. `idle`: nobody waits for anything. */
  flowHandedOver(flow: DirectorFlow, from: number, idle: boolean, atMs: number): void;
  /** The client speaks for the first time since its flow has another owner, which has said nothing yet. */
  flowAsked(flow: DirectorFlow, atMs: number): void;
  /** It has ended as planned: no flow was left on it. */
  replicaDrained(index: number, atMs: number): void;
  /** First server byte after a takeover. */
  flowResumed(flow: DirectorFlow, atMs: number): void;
  flowEnded(flow: DirectorFlow, cause: string, atMs: number): void;
  stateCommitted(bytes: number): void;
}
