/** The contract of a fault: what is done to which process. Times and targets come from the trial's plan. */
export interface FaultTarget {
  /** Sends a signal to the replica that is primary of the flows. */
  signalPrimary(signal: NodeJS.Signals): void;
}

export interface Fault {
  /** Kebab-case, unique. */
  readonly id: string;
  readonly title: string;
  /** The question it answers, one line. */
  readonly question: string;
  /** Does it, synchronously: the harness takes the time of the fault right before the call. */
  inject(target: FaultTarget): void;
}
