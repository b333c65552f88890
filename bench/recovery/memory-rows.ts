/** Whether processes that live on keep something of connections that are long closed. Pure. */
import type { ProcessMemory } from '../../src/base/process-memory.js';
import { fitLine, type Point } from '../../src/stats/linear-fit.js';
import { atMost, missingRow, type Row, rowOfCount, rowOfFigures, rowOfInterval } from './goal.js';
import { growthOverRange } from './growth-rows.js';

/** Behind one round: its connections are closed, and garbage is collected. */
export interface MemoryRound {
  /** By the name of the process. */
  readonly memory: Readonly<Record<string, ProcessMemory>>;
  /** Connections that were on the replica that was killed, and those of them that lived on. */
  readonly connections: number;
  readonly kept: number;
}

/** In these a process still grows to its working size: compiled code, what V8 learns of it, tables for 10,000 connections. */
export const GROWING_ROUNDS = 3;
/** The smallest object of V8 (its map and one field): less is nothing that each connection leaves behind. */
const HEAP_GROWTH = atMost(16, 'B');
/**
 * The system takes pages back when it likes, so that one round differs from the next by a tenth. One KiB outside of the heap
 * that each of 10,000 connections left behind would make twice as much in the rounds that count.
 */
const RESIDENT_GROWTH = atMost(0.25);
const BYTES_PER_MIB = 1024 * 1024;

/** @param rounds in their order */
export function memoryRows(rounds: readonly MemoryRound[]): Row[] {
  const total = (of: (round: MemoryRound) => number): number =>
    rounds.reduce((sum, round) => sum + of(round), 0);
  const processes = Object.keys(rounds[0]?.memory ?? {});
  return [
    ...processes.flatMap((process) => processRows(process, rounds)),
    rowOfCount(
      'connections kept, of all rounds',
      total(({ kept }) => kept),
      total(({ connections }) => connections),
    ),
  ];
}

function processRows(process: string, rounds: readonly MemoryRound[]): Row[] {
  const settled = rounds.slice(GROWING_ROUNDS);
  const pointsOf = (of: keyof ProcessMemory): Point[] =>
    settled.flatMap(({ memory }, x) => {
      const y = memory[process]?.[of];
      return y === undefined ? [] : [{ x, y }];
    });
  const [heap, resident] = [pointsOf('heapBytes'), pointsOf('residentBytes')];
  return [
    rowOfFigures(`${process}, heap behind a round`, heap.map(toMebibytes), 'MiB'),
    heapRow(`${process}, heap: growth per connection`, heap, settled[0]?.connections ?? 0),
    rowOfFigures(`${process}, resident behind a round`, resident.map(toMebibytes), 'MiB'),
    residentRow(`${process}, resident: growth over the rounds`, resident),
  ];
}

/** @param connections of each round */
function heapRow(what: string, points: readonly Point[], connections: number): Row {
  const fit = fitLine(points);
  if (fit === null || connections === 0) return missingRow(what, HEAP_GROWTH);
  const { slope, slopeLow, slopeHigh } = fit;
  const growth = { value: slope / connections, low: slopeLow / connections, high: slopeHigh / connections };
  return rowOfInterval(what, growth, HEAP_GROWTH);
}

function residentRow(what: string, points: readonly Point[]): Row {
  const growth = growthOverRange(points);
  return growth === null ? missingRow(what, RESIDENT_GROWTH) : rowOfInterval(what, growth, RESIDENT_GROWTH);
}

function toMebibytes({ y }: Point): number {
  return y / BYTES_PER_MIB;
}
