/** What tells a program to end as planned: `SIGTERM` by default; nginx ends its connections first on `SIGQUIT`. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGQUIT', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/** Whether the signal that ended a process is one of them: a program that does not handle it is ended by it. */
export function isStopSignal(signal: string | null | undefined): boolean {
  return STOP_SIGNALS.some((known) => known === signal);
}
