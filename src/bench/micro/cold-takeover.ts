/** The first takeovers of a process: what a backup pays whose code nobody has run yet, and one that has rehearsed it. */
import { execFile } from 'node:child_process';
import { createSecureContext } from 'node:tls';
import { promisify } from 'node:util';
import { z } from 'zod';
import { spr } from '../../../strategies/spr.js';
import type { Clock } from '../../base/clock.js';
import { processEntry } from '../../cluster/process-entry.js';
import { rehearseTakeover } from '../../cluster/replica/rehearsal.js';
import type { MicroStep } from '../../contracts/micro.js';
import { ascending, quantile } from '../../stats/quantile.js';
import { quantileInterval } from '../../stats/quantile-interval.js';
import type { Named } from './catalogue.js';
import { MemoryReplica } from './memory-replica.js';
import { takeOver } from './replica-steps.js';
import { must, Stopwatch } from './step.js';
import { COMMON_SUITES, suiteTitle, versionId } from './suites.js';

/** Of each kind: as few as an interval of a median takes. */
export const PROCESSES = 6;
/** Starts in a fraction of a second; only ends what hangs. */
const TIMEOUT_MS = 60_000;
const KINDS = ['idle', 'busy'] as const;
const MOMENTS = ['cold', 'rehearsed'] as const;
const TITLES = { idle: 'idle flow', busy: 'busy flow' } as const;
const MOMENT_TITLES = { cold: 'first of its process', rehearsed: 'first behind the rehearsal' } as const;

type Kind = (typeof KINDS)[number];
type Moment = (typeof MOMENTS)[number];

const timesSchema = z.object({ timeUs: z.number().nonnegative(), cpuUs: z.number().nonnegative() });
const firstTakeoversSchema = z.object({ cold: timesSchema, rehearsed: timesSchema });
export type FirstTakeovers = z.infer<typeof firstTakeoversSchema>;

/** Names of what {@link measureColdTakeovers} measures. */
export function coldTakeoverNames(): (Named & { readonly kind: Kind; readonly moment: Moment })[] {
  const suite = coldSuite();
  return KINDS.flatMap((kind) =>
    MOMENTS.map((moment) => ({
      kind,
      moment,
      id: `takeover.${kind}.${versionId(suite.version)}.${moment}`,
      group: `Replica, one flow, ${suiteTitle(suite)}`,
      title: `${TITLES[kind]}, ${MOMENT_TITLES[moment]}`,
    })),
  );
}

/** In this process, which must not have taken anything over before: one flow, the rehearsal, and one more. */
export async function firstTakeovers(kind: Kind, clock: Clock): Promise<FirstTakeovers> {
  const suite = coldSuite();
  const replica = new MemoryReplica(suite, clock);
  await replica.start();
  const measure = async (): Promise<z.infer<typeof timesSchema>> => {
    const stopwatch = new Stopwatch();
    await takeOver(replica, { kind, flows: 1 }, stopwatch);
    return { timeUs: stopwatch.elapsedUs, cpuUs: stopwatch.cpuUs };
  };
  try {
    const cold = await measure();
    await rehearseTakeover({ strategy: spr, secureContext: createSecureContext(), suite }, clock);
    return { cold, rehearsed: await measure() };
  } finally {
    replica.close();
  }
}

/** @param onProcess called before each process is started, with how many were */
export async function measureColdTakeovers(onProcess: (started: number) => void): Promise<MicroStep[]> {
  const seen: Record<Kind, FirstTakeovers[]> = { idle: [], busy: [] };
  for (let started = 0; started < PROCESSES * KINDS.length; started++) {
    onProcess(started);
    const kind = KINDS[started % KINDS.length] ?? 'idle';
    seen[kind].push(await runProcess(kind));
  }
  return coldTakeoverNames().map(({ kind, moment, ...name }) =>
    summarize(
      name,
      seen[kind].map((times) => times[moment]),
    ),
  );
}

async function runProcess(kind: Kind): Promise<FirstTakeovers> {
  const entry = processEntry('cold-takeover');
  const { stdout } = await promisify(execFile)(process.execPath, [entry.pathname, kind], {
    timeout: TIMEOUT_MS,
  });
  return firstTakeoversSchema.parse(JSON.parse(stdout));
}

/** One value a process, so that they are independent: the interval is that of the order statistics. */
function summarize(name: Named, times: readonly z.infer<typeof timesSchema>[]): MicroStep {
  const sorted = ascending(times.map(({ timeUs }) => timeUs));
  const interval = quantileInterval(sorted, 0.5);
  must(interval !== null, `${times.length} processes are too few for an interval`);
  const cpuUs = times.reduce((sum, each) => sum + each.cpuUs, 0) / times.length;
  return {
    ...name,
    timeUs: { median: quantile(sorted, 0.5), low: interval.low, high: interval.high },
    cpuUs,
    samples: times.length,
  };
}

function coldSuite() {
  const [suite] = COMMON_SUITES;
  must(suite !== undefined, 'there is no cipher suite');
  return suite;
}
