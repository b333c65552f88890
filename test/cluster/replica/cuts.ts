/** Where a primary can be cut off: after each record that it sends. */
import { isTlsRecord, type TestCluster } from './harness.js';

/** The trunk records up to the end of the handshake of the first flow. */
export function handshakeRecords(cluster: TestCluster): number {
  return cluster.passed(0).findIndex((type) => !isTlsRecord(type));
}

/**
 * Does `exercise` undisturbed, and then once for every `step`-th record behind the handshake, after which the primary is cut
 * off: at once, or when it wants to send the next one. Each time in a cluster of its own, which `start` has to stop when
 * its test ends.
 */
export async function atEachCut(
  start: () => Promise<TestCluster>,
  exercise: (cluster: TestCluster) => Promise<void>,
  step = 1,
): Promise<void> {
  const undisturbed = await start();
  await exercise(undisturbed);
  const records = undisturbed.passed(0).length;
  const first = handshakeRecords(undisturbed) + 1;
  if (first >= records) throw new Error('the primary sends nothing behind the handshake');
  for (let after = first; after < records; after += step) {
    const cluster = await start();
    cluster.plan(0, { after, moment: after % 2 === 0 ? 'at-once' : 'on-next' });
    await exercise(cluster);
    cluster.stop();
  }
}
