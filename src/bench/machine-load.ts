/** What else the machine did while something was measured. */
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';

/** Processor time since the machine started, over all processors, in ticks of the kernel's clock. */
export interface ProcessorTicks {
  readonly total: number;
  /** Wanted, but given to another virtual machine (proc(5)). */
  readonly stolen: number;
}

export interface MachineLoad {
  /** Share of the processor time that other virtual machines took, 0 to 1; null where the system does not tell. */
  readonly stealShare: number | null;
  /** Of the last minute, when the measurement began: most of it is what ran before. 0 where the system has none. */
  readonly loadAverage: number;
}

/** Begins to watch; the function that it returns ends it. */
export function watchMachine(): () => MachineLoad {
  const before = readProcessorTicks();
  const [loadAverage = 0] = loadavg();
  return () => ({ stealShare: stealShare(before, readProcessorTicks()), loadAverage });
}

/** Undefined where there is no `/proc/stat`. */
function readProcessorTicks(): ProcessorTicks | undefined {
  try {
    return parseProcessorTicks(readFileSync('/proc/stat', 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The line `cpu` of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal, and two of which user and nice
 * are told to hold the time already.
 */
export function parseProcessorTicks(text: string): ProcessorTicks | undefined {
  const match = /^cpu +(\d+(?: \d+){7})/m.exec(text);
  if (match === null) return undefined;
  const ticks = (match[1] ?? '').split(' ').map(Number);
  return { total: ticks.reduce((sum, each) => sum + each, 0), stolen: ticks[7] ?? 0 };
}

/** Null when nothing can be said: no such counters, or not one tick between them. */
export function stealShare(
  before: ProcessorTicks | undefined,
  after: ProcessorTicks | undefined,
): number | null {
  if (before === undefined || after === undefined || after.total <= before.total) return null;
  return Math.min(1, Math.max(0, (after.stolen - before.stolen) / (after.total - before.total)));
}
