/** Director and primary stop hearing each other, and nobody is told: the network's version of a zombie. */
import type { Fault, FaultEvidence } from '../../contracts/fault.js';
import { notAlive, notDetected } from './verify.js';

const MISSED_HEARTBEATS = 'missed-heartbeats';
/** Between detection and healing: long enough for busy flows to have moved, and drawn, so that it beats no time. */
const MIN_PARTED_MS = 50;
const PARTED_SPAN_MS = 100;
/** The director checks once per interval, and may itself be late. */
const LATE_DETECTION_FACTOR = 2;

export const partition: Fault = {
  id: 'partition',
  title: 'Partition and healing',
  question:
    'what does a primary do that the director no longer hears, while it lives on and still replicates, until the network heals?',
  victims: ({ primary }) => [primary],
  durationMs: (detectionMs) => LATE_DETECTION_FACTOR * detectionMs + MIN_PARTED_MS + PARTED_SPAN_MS,
  outcome: () => ({ connections: 'kept', service: 'continues', reason: null }),
  async inject(target) {
    await target.partition(target.primary);
    await target.untilDetected(target.primary);
    await target.sleep(MIN_PARTED_MS + PARTED_SPAN_MS * target.uniform());
    await target.heal(target.primary);
  },
  verify: (evidence) => [
    ...notParted(evidence),
    ...notDetected(evidence, evidence.primary, 'primary', MISSED_HEARTBEATS),
    ...notAlive(evidence, evidence.primary, 'the primary'),
  ],
};

/** It must have run all the time: otherwise it merely hung. */
function notParted({ events, failures, primary }: FaultEvidence): string[] {
  const parted = events.find(({ action }) => action === 'partition');
  const healed = events.find(({ action }) => action === 'heal');
  if (parted === undefined || healed === undefined)
    return ['director and primary were not parted and healed'];
  const found: string[] = [];
  for (const { stateBefore, action } of [parted, healed]) {
    if (stateBefore === 'running' || stateBefore === 'unknown') continue;
    found.push(`the primary was ${stateBefore} before the ${action}: it did not live on`);
  }
  const failure = failures.find(({ replica }) => replica === primary);
  if (failure !== undefined && failure.atMs > healed.atMs) {
    found.push('the network healed before the director had declared the primary failed');
  }
  return found;
}
