/** What the processes of a group do to the machine, as Linux tells it in `/proc` (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in ticks of 10 ms, on all platforms that Node runs on. */
const TICK_MS = 10;
/** Of the fields behind the name of the program, the first of which is the state. */
const GROUP_FIELD = 2;
/** Zombies, and what is about to be one. */
const ENDED = /^[ZXx]$/;
/** utime, stime, and those of children that have ended and were waited for. */
const TIME_FIELDS = [11, 12, 13, 14] as const;

/** Members of a process group, and what they take. Empty, and 0, where there is no `/proc`. */
export class ProcessGroup {
  readonly #groupId: number;
  #members: readonly number[] = [];

  constructor(groupId: number) {
    this.#groupId = groupId;
    this.refresh();
  }

  get members(): readonly number[] {
    return this.#members;
  }

  /** Looks who belongs to the group now. */
  refresh(): void {
    this.#members = processIds().filter((pid) => {
      const fields = statOf(pid);
      return Number(fields?.[GROUP_FIELD] ?? Number.NaN) === this.#groupId && !ENDED.test(fields?.[0] ?? '');
    });
  }

  /** Processor time of all members so far, user and system, ms. */
  cpuMs(): number {
    return this.#members.reduce((sumMs, pid) => sumMs + (cpuMsOf(pid) ?? 0), 0);
  }

  /** Resident memory of all members; pages that they share are counted in each. */
  residentBytes(): number {
    return this.#members.reduce((sum, pid) => sum + residentBytesOf(pid), 0);
  }
}

/** Processor time of one process so far, its threads and what it has waited for included, ms; undefined when it is gone. */
export function cpuMsOf(pid: number): number | undefined {
  const fields = statOf(pid);
  return fields && TIME_FIELDS.reduce((ticks, field) => ticks + Number(fields[field] ?? 0), 0) * TICK_MS;
}

/** The fields behind the name. */
function statOf(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The name of the program is in brackets and may hold any character.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function residentBytesOf(pid: number): number {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '') ?? [];
  return Number(kibibytes) * 1024;
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Undefined for a process that is gone. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
