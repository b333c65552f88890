/** All steps, in the order of the table: from the smallest to what is made of them. */

import type { Clock } from '../../base/clock.js';
import { UsageError } from '../../base/errors.js';
import { bareRecordSteps } from './bare-record-steps.js';
import { directorSteps } from './director-steps.js';
import { handshakeSteps, Identities } from './handshake-steps.js';
import { nativeRecordSteps } from './native-record-steps.js';
import { recordSteps } from './record-steps.js';
import { replicaSteps } from './replica-steps.js';
import { replicationSteps } from './replication-steps.js';
import { stateSteps } from './state-steps.js';
import type { Step } from './step.js';

export function allSteps(clock: Clock): Step[] {
  const identities = new Identities();
  return [
    ...stateSteps(),
    ...recordSteps(),
    ...bareRecordSteps(),
    ...nativeRecordSteps(identities),
    ...replicationSteps(),
    ...directorSteps(clock),
    ...replicaSteps(clock),
    ...handshakeSteps(identities),
  ];
}

/** Something with the name of a step. */
export type Named = Pick<Step, 'id' | 'group' | 'title'>;

/** Whether `filter` occurs in the name of a step; case does not matter. */
export function matches({ id, group, title }: Named, filter: string | undefined): boolean {
  return filter === undefined || `${id} ${group} ${title}`.toLowerCase().includes(filter.toLowerCase());
}

/** @throws UsageError when `filter` occurs in no name */
export function requireMatch(names: readonly Named[], filter: string | undefined): void {
  if (names.some((name) => matches(name, filter))) return;
  const groups = [...new Set(names.map(({ group }) => group))].join(', ');
  throw new UsageError(
    `--filter ${JSON.stringify(filter)} is in no name of a step; the groups are: ${groups}`,
  );
}
