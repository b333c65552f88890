/** Which secrets a strategy spreads, from the fields that it replicates. */
import type { StrategyDescription } from '../../src/contracts/report.js';
import type { StateField } from '../../src/contracts/strategy.js';
import { formatList, NONE } from '../parts/format.js';

/** What is secret in a field that holds plaintext. Sequence numbers are no secret. */
const PLAINTEXT: Partial<Readonly<Record<StateField, string>>> = {
  input: 'requests',
  output: 'replies',
  outcome: 'replies to requests that are not idempotent',
  'application-state': 'application state',
};

/** In words; a dash for a strategy that these results do not describe. */
export function exposure(strategy: StrategyDescription | undefined): string {
  if (strategy === undefined) return NONE;
  const fields = strategy.replicates.map(({ field }) => field);
  const plaintext = fields.flatMap((field) => PLAINTEXT[field] ?? []);
  const found = [
    ...(strategy.sharesTicketKeys ? ['ticket keys, on all replicas'] : []),
    ...(fields.includes('secrets') ? ['traffic secrets, on the backup'] : []),
    ...(plaintext.length > 0 ? [`plaintext of ${formatList(plaintext)}, on the backup`] : []),
  ];
  return found.length === 0 ? 'none' : found.join('; ');
}
