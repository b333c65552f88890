/**
 * SPR that takes idle connections over at once, as those with something under way: how the time of a takeover grows is seen
 * where all connections are taken, and not when their clients next speak.
 */
import type { RecoveryStrategy } from '../../src/contracts/strategy.js';
import { spr } from '../../strategies/spr.js';

export const EAGER_SPR = 'eager-spr';

const eagerSpr: RecoveryStrategy = {
  ...spr,
  id: EAGER_SPR,
  title: 'SPR, nothing waits',
  ...(spr.backup === undefined ? {} : { backup: { ...spr.backup, idleFlows: 'eager' as const } }),
};

export default eagerSpr;
