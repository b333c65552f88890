import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/base/errors.js';
import { OTHER_BUILD, OURS } from './names.js';

export const USAGE =
  'main.js [--loops closed,open] [--connections N,N] [--rates N,N] [--bytes N] [--rounds N] [--against DIST]';

const LOOPS = ['closed', 'open'] as const;

export interface Options {
  readonly loops: readonly string[];
  readonly connections: readonly number[];
  /** Of open arrivals: requests of all connections together. */
  readonly ratesPerSecond: readonly number[];
  readonly replyBytes: number;
  readonly rounds: number;
  /** Load clients by their name, with the folder `dist` of their build; undefined for this one. */
  readonly builds: ReadonlyMap<string, string | undefined>;
}

/** @throws UsageError naming the option, its value and what is allowed */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      loops: { type: 'string', default: LOOPS.join(',') },
      connections: { type: 'string', default: '32,500' },
      rates: { type: 'string', default: '1000,5000' },
      bytes: { type: 'string', default: '128' },
      rounds: { type: 'string', default: '5' },
      against: { type: 'string' },
    },
  });
  const loops = values.loops.split(',');
  const unknown = loops.find((loop) => !LOOPS.some((known) => known === loop));
  if (unknown !== undefined) throw new UsageError(`--loops: "${unknown}" is none of ${LOOPS.join(', ')}`);
  const other: [string, string][] =
    values.against === undefined ? [] : [[OTHER_BUILD, resolve(values.against)]];
  return {
    loops,
    connections: values.connections.split(',').map((text) => positive('--connections', text)),
    ratesPerSecond: values.rates.split(',').map((text) => positive('--rates', text)),
    replyBytes: positive('--bytes', values.bytes),
    rounds: positive('--rounds', values.rounds),
    builds: new Map([[OURS, undefined], ...other]),
  };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`${option}: "${text}" is not a whole number from 1 on`);
}
