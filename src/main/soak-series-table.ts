/** The result of a series of soaks as text. Pure. */
import type { SoakSeries } from '../contracts/soak.js';
import { textTable } from './text-table.js';

const MS_PER_S = 1000;

export function soakSeriesTable({ soaks, workload, faults, seed, complete }: SoakSeries): string {
  const head = `${workload}, faults ${faults.join(', ')}, seed ${seed}${complete ? '' : ', not complete'}`;
  const rows = soaks.map(
    ({ strategy, faultEveryMs, goodput, injected, requests, longestInterruptionMs, violations }) => [
      strategy,
      seconds(faultEveryMs),
      seconds(goodput?.meanIntervalMs),
      injected,
      goodput === null ? '-' : (goodput.share * 100).toFixed(1),
      goodput === null ? '-' : goodput.perSecond.toFixed(0),
      goodput === null ? '-' : goodput.beforePerSecond.toFixed(0),
      requests.failed + requests.unknown,
      longestInterruptionMs.toFixed(0),
      violations.length,
    ],
  );
  const columns = [
    'strategy',
    'every, s',
    'was, s',
    'faults',
    'goodput, %',
    'replies/s',
    'before',
    'no reply',
    'longest, ms',
    'violations',
  ];
  const notes = [
    'goodput: verified replies per second from the first fault to the last one, against those before the first. was: the mean interval;',
    'longer than asked for where the cluster was not whole again in time. longest: interruption of a connection that lived.',
  ];
  const broken = soaks.flatMap(({ folder, violations }) => violations.map((text) => `${folder}: ${text}`));
  return [
    head,
    '',
    ...textTable(columns, rows),
    '',
    ...notes,
    ...(broken.length === 0 ? [] : ['', 'VIOLATIONS', ...broken]),
  ].join('\n');
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '-' : (ms / MS_PER_S).toFixed(2);
}
