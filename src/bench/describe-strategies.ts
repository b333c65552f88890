/** Strategies as reports name and explain them. */
import type { StrategyDescription } from '../contracts/report.js';
import { type RecoveryStrategy, STATE_FIELDS } from '../contracts/strategy.js';

/** What reports say about the strategies of a run. */
export function describeStrategies(strategies: readonly RecoveryStrategy[]): StrategyDescription[] {
  return strategies.map(({ id, title, summary, sharesTicketKeys, replicates }) => ({
    id,
    title,
    summary,
    sharesTicketKeys,
    replicates: replicates.map((field) => ({ field, meaning: STATE_FIELDS[field] })),
  }));
}
