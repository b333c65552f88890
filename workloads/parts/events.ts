/** What both ends of an event stream agree on: its target, the time of each event, and its bytes. */
import type { SeededBytes } from '../../src/contracts/workload.js';

export interface EventTarget {
  /** The stream is that of this connection of the plan. */
  readonly connection: number;
  /** Of the times. */
  readonly seed: number;
  /** Mean time between two events, ms, > 0. */
  readonly everyMs: number;
  /** Data of an event. */
  readonly bytes: number;
  /** After so many the stream ends. */
  readonly events: number;
}

/** Above it an event is a download. */
export const MAX_EVENT_BYTES = 16 * 1024;

const TARGET =
  /^\/events\/(\d{1,9})\?seed=(\d{1,10})&every=(\d{1,5}(?:\.\d{1,9})?)&bytes=(\d{1,5})&events=(\d{1,9})$/;

export function formatEventTarget({ connection, seed, everyMs, bytes, events }: EventTarget): string {
  return `/events/${connection}?seed=${seed}&every=${everyMs}&bytes=${bytes}&events=${events}`;
}

/** The target of a request, or undefined when it is none of ours. */
export function parseEventTarget(target: string | undefined): EventTarget | undefined {
  const [match, ...numbers] = TARGET.exec(target ?? '') ?? [];
  if (match === undefined) return undefined;
  const [connection = 0, seed = 0, everyMs = 0, bytes = 0, events = 0] = numbers.map(Number);
  if (everyMs === 0 || bytes === 0 || bytes > MAX_EVENT_BYTES) return undefined;
  return { connection, seed, everyMs, bytes, events };
}

export function eventId({ connection }: Pick<EventTarget, 'connection'>, index: number): string {
  return `${connection}-${index}`;
}

/** Time of event `index` after the start of the stream, ms: somewhere in the interval of its own, so that times ascend. */
export function eventAtMs({ seed, everyMs }: Pick<EventTarget, 'seed' | 'everyMs'>, index: number): number {
  return (index + unit(seed, index)) * everyMs;
}

/** The bytes of an event. Data has to be text: it is the Base64 of seeded bytes. */
export function eventBlock(target: EventTarget, index: number, bodies: SeededBytes): Buffer {
  const id = eventId(target, index);
  let data = '';
  for (let at = 0; at < target.bytes; ) {
    // Groups of three bytes, so that the pieces join without padding.
    const piece = bodies.slice(`event:${id}`, at, target.bytes - at);
    data += piece.toString('base64');
    at += piece.length;
  }
  return Buffer.from(`id: ${id}\ndata: ${data}\n\n`);
}

/** A number in [0, 1) for each pair: the mixer of MurmurHash3 (32 bits), which neighbouring numbers leave far apart. */
function unit(seed: number, index: number): number {
  let hash = (seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
