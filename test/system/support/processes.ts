/** What the operating system knows of processes: their children, whether they run, their memory, their ports. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { until } from './until.js';

const BYTES_PER_KIB = 1024;
/** State of a listening socket in `/proc/net/tcp`. */
const TCP_LISTEN = '0A';
/** A child that was told to end has 2 s before it is killed; a busy machine takes its time. */
const GONE_TIMEOUT_MS = 10_000;

/** All processes below `pid`: its children, theirs, and so on. */
export function descendantsOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const line of ps('-e', '-o', 'pid=,ppid=').split('\n')) {
    const [child = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const below = (parent: number): number[] =>
    (children.get(parent) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

/** Those of `pids` that run; a zombie does not. */
export function running(pids: readonly number[]): number[] {
  if (pids.length === 0) return [];
  return ps('-o', 'pid=,stat=', '-p', pids.join(','))
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([pid, state]) => pid !== '' && state?.startsWith('Z') !== true)
    .map(([pid]) => Number(pid));
}

/** Waits until none of `pids` runs. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  await until(
    () => running(pids).length === 0,
    () => `processes still run: ${running(pids).join(', ')}`,
    GONE_TIMEOUT_MS,
  );
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number): number {
  return Number(ps('-o', 'rss=', '-p', String(pid))) * BYTES_PER_KIB;
}

/** Processor time that a process has used, ms. Linux only. */
export function cpuMs(pid: number): number {
  // Behind the name, which may have spaces: state is field 3, utime and stime are 14 and 15, in ticks of 10 ms.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** TCP ports that a process listens on. Linux only. */
export function listeningPorts(pid: number): number[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).map(
      (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1],
    ),
  );
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === TCP_LISTEN && sockets.has(columns[9]))
    .map((columns) => Number.parseInt(columns[1]?.split(':')[1] ?? '', 16));
}

/** A descriptor may be closed between listing and reading it. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** `ps` exits with 1 when it finds nothing. */
function ps(...args: string[]): string {
  try {
    return execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
