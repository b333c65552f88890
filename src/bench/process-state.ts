/** The state of a process, as `/proc` tells it. */
import { existsSync, readFileSync } from 'node:fs';
import type { ProcessState } from '../contracts/fault.js';

/** Letters of `/proc/PID/stat`, see proc(5): T by a signal, t by a tracer; Z and X have ended. All others can run. */
const STATES: Readonly<Record<string, ProcessState>> = {
  T: 'stopped',
  t: 'stopped',
  Z: 'ended',
  X: 'ended',
  x: 'ended',
};

/** `unknown` on a system without `/proc`. */
export function processState(pid: number): ProcessState {
  if (!existsSync('/proc/self/stat')) return 'unknown';
  try {
    return stateOfStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return 'ended';
  }
}

/** The letter follows the name of the program, which is in brackets and may hold any character, brackets included. */
export function stateOfStat(stat: string): ProcessState {
  const letter = stat.slice(stat.lastIndexOf(')') + 2)[0];
  return letter === undefined ? 'unknown' : (STATES[letter] ?? 'running');
}
