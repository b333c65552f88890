/** The end of the load, where replies do not come. */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { LoadClient } from '../../../src/bench/load-client.js';
import { loadProtocolOf } from '../../../src/bench/load-protocol/load-protocol-of.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { createCertificate, type Disturb, limited, loadConfig, startServer } from '../load-support.js';

const certificate = createCertificate();
/** Far longer than the end of a load takes that waits for nothing. */
const LONG_MS = 1000;

/** One connection to a server that answers the first four of ten requests, and hands the others to `disturb`. */
async function untilFifthRequest(disturb: (response: ServerResponse) => void): Promise<LoadClient> {
  const workload = limited(requestReply, 10, () => ({ method: 'GET', bodyBytes: 0 }));
  const takeOver: Disturb = (count, response) => {
    if (count >= 5) disturb(response);
    return count >= 5;
  };
  const server = await startServer(certificate, workload, takeOver);
  onTestFinished(() => server.close());
  const options = { connections: 1, durationMs: 60_000, arrivals: 'closed' } as const;
  const config = loadConfig(server.port, certificate.cert, { options });
  const client = new LoadClient(config, workload, await loadProtocolOf(workload));
  onTestFinished(() => client.close());
  await client.open();
  client.run(0);
  while (server.targets.length < 5) await sleep(2);
  return client;
}

it('finds a connection out that only looks alive', async () => {
  const client = await untilFifthRequest(() => {});
  await client.stop(Number.POSITIVE_INFINITY, 'sent', { repliesMs: 20, checkMs: 20 });
  const { requests, transports } = client.report();
  expect(requests.outcome).toEqual(['ok', 'ok', 'ok', 'ok', 'failed', 'failed']);
  expect(requests.closing.indexOf(true)).toBe(5);
  expect(requests.sentMs[5]).toBeNaN();
  expect(transports).toMatchObject([{ endedMs: null }]);
});

it.each([
  ['waits for replies', 'sent' as const, true],
  ['waits for nothing where no server is left', 'unserved' as const, false],
])('%s', async (_, overdue, waits) => {
  const held: ServerResponse[] = [];
  const client = await untilFifthRequest((response) => held.push(response));
  const stopped = client.stop(0, overdue);
  await Promise.race([stopped, sleep(LONG_MS)]);
  for (const response of held) response.end('late, and wrong');
  await stopped;
  const { requests, corruptedBytes } = client.report();
  expect(requests.outcome.slice(0, 5)).toEqual(['ok', 'ok', 'ok', 'ok', 'failed']);
  // Only who still waits sees what is wrong with it.
  expect(corruptedBytes > 0).toBe(waits);
});
