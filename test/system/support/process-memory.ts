/** The memory of other processes, as a core dump or a debugger would see it. Linux only. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Bytes read at a time. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** All memory, or only that outside of `malloc`'s: in a node process the heap of V8 and the stacks. */
export type MemoryPart = 'all' | 'not-malloc';

interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** Whether the memory of `pid` can be read: the same user may, unless the system forbids tracing. */
export function canReadMemory(pid: number): boolean {
  try {
    const [mapping] = privateMappings(pid);
    if (mapping === undefined) return false;
    const file = openSync(`/proc/${pid}/mem`, 'r');
    try {
      return readSync(file, Buffer.alloc(1), 0, 1, mapping.start) === 1;
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}

/**
 * Calls `visit` with all that `pid` has written or may write: heaps of V8 and of malloc, stacks, globals. Each chunk
 * repeats the last `overlapBytes` bytes of the one before it, so that nothing is missed between two. A chunk is valid
 * during its call. The name of its mapping is that of /proc/PID/maps, empty for memory of no name.
 */
export function readMemory(
  pid: number,
  part: MemoryPart,
  overlapBytes: number,
  visit: (chunk: Buffer, mapping: string) => void,
): void {
  const file = openSync(`/proc/${pid}/mem`, 'r');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  try {
    for (const { start, end, name } of privateMappings(pid)) {
      if (part === 'not-malloc' && name === '[heap]') continue;
      for (let at = start; at < end; at += CHUNK_BYTES - overlapBytes) {
        const bytes = readSome(file, buffer, at, Math.min(CHUNK_BYTES, end - at));
        visit(buffer.subarray(0, bytes), name);
        if (at + bytes >= end) break;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** A mapping may be gone, or its pages be of no memory, since the list was read. */
function readSome(file: number, buffer: Buffer, at: number, bytes: number): number {
  try {
    return readSync(file, buffer, 0, bytes, at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') return 0;
    throw error;
  }
}

/** Readable mappings that are writable or belong to no file: the rest is what the files on disk say. */
function privateMappings(pid: number): Mapping[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .map((line) => /^([0-9a-f]+)-([0-9a-f]+) r([w-])\S+ \S+ \S+ (\d+)\s*(\S*)/.exec(line))
    .filter((found) => found !== null)
    .filter(([, , , writable, inode, name]) => (writable === 'w' || inode === '0') && name !== '[vvar]')
    .map(([, start = '', end = '', , , name = '']) => ({
      start: Number.parseInt(start, 16),
      end: Number.parseInt(end, 16),
      name,
    }));
}
