/** Exit codes of all commands. */
export const ExitCode = {
  ok: 0,
  internal: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** A corrupted byte, or a connection lost that the strategy promises to keep. */
  violation: 3,
  /** `gate`: some metric is worse than the baseline's. */
  regression: 4,
  /** No trial of some cell counts, or `gate` cannot tell. */
  inconclusive: 5,
} as const;

/** 128 + the signal's number, as shells show it. */
const SIGNAL_CODES: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

export interface Interruption {
  readonly signal: AbortSignal;
  /** Exit code of the signal that came; undefined when none did. */
  exitCode(): number | undefined;
  /** Restores what signals do by default. */
  release(): void;
}

/** Turns the first SIGINT, SIGTERM or SIGHUP into an abort, so that everything is cleaned up; a second one ends at once. */
export function onInterruption(): Interruption {
  const controller = new AbortController();
  let code: number | undefined;
  const handler = (signal: NodeJS.Signals): void => {
    if (code !== undefined) process.exit(code);
    code = SIGNAL_CODES[signal] ?? ExitCode.internal;
    controller.abort();
  };
  const signals = Object.keys(SIGNAL_CODES) as NodeJS.Signals[];
  for (const signal of signals) process.on(signal, handler);
  return {
    signal: controller.signal,
    exitCode: () => code,
    release: () => {
      for (const signal of signals) process.off(signal, handler);
    },
  };
}
