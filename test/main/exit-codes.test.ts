import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Interruption, onInterruption } from '../../src/main/exit-codes.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let interruption: Interruption | undefined;
/** Those of commands that ran in this process before. */
let listeners: (readonly [NodeJS.Signals, NodeJS.SignalsListener])[] = [];

beforeEach(() => {
  listeners = SIGNALS.flatMap((signal) =>
    process.listeners(signal).map((listener) => [signal, listener] as const),
  );
  for (const [signal, listener] of listeners) process.off(signal, listener);
});

afterEach(() => {
  interruption?.release();
  for (const [signal, listener] of listeners) process.on(signal, listener);
  vi.restoreAllMocks();
});

describe('onInterruption', () => {
  it.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('turns %s into an abort and the exit code %i', (signal, code) => {
    interruption = onInterruption();
    expect(interruption.exitCode()).toBeUndefined();
    expect(interruption.signal.aborted).toBe(false);
    process.emit(signal, signal);
    expect(interruption.exitCode()).toBe(code);
    expect(interruption.signal.aborted).toBe(true);
  });

  it('ends at once on the second signal, with the code of the first', () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    interruption = onInterruption();
    process.emit('SIGINT', 'SIGINT');
    expect(exit).not.toHaveBeenCalled();
    process.emit('SIGTERM', 'SIGTERM');
    expect(exit).toHaveBeenCalledWith(130);
  });

  it('leaves nothing behind when it is released', () => {
    const before = SIGNALS.map((signal) => process.listenerCount(signal));
    interruption = onInterruption();
    expect(SIGNALS.map((signal) => process.listenerCount(signal))).not.toEqual(before);
    interruption.release();
    expect(SIGNALS.map((signal) => process.listenerCount(signal))).toEqual(before);
  });
});
