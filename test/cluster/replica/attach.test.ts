/** Directors that a replica, and replicas and clients that a director takes in, on sockets that are connected already. */
import { createSecureContext } from 'node:tls';
import { expect, it } from 'vitest';
import { createClock } from '../../../src/base/clock.js';
import { MemoryDirector, readTrunk } from '../../../src/bench/micro/memory-director.js';
import { MemorySocket } from '../../../src/bench/micro/memory-socket.js';
import { HttpApplication } from '../../../src/cluster/replica/http-application.js';
import { Replica } from '../../../src/cluster/replica/replica.js';
import { ControlType } from '../../../src/net/control-records.js';
import { spr } from '../../../strategies/spr.js';

const clock = createClock(process.hrtime.bigint());

it('a replica serves one director: a second one is closed, and the first goes on', () => {
  const application = new HttpApplication((_request, response) => void response.end(), { record() {} });
  const replica = new Replica(
    {
      index: 0,
      incarnation: 0,
      strategy: spr,
      engine: 'adopted',
      secureContext: createSecureContext(),
      application,
      clusterKey: Buffer.alloc(32),
      heartbeatIntervalMs: 60_000,
    },
    { handshake() {}, takenOver() {}, refused() {} },
    clock,
  );
  const [first, second] = [new MemorySocket(), new MemorySocket()];
  replica.attach(first);
  const { trunk } = replica;
  replica.attach(second);
  expect([first.destroyed, second.destroyed]).toEqual([false, true]);
  expect(replica.trunk).toBe(trunk);
  replica.stop();
});

it('a director opens the flows of its clients at the first replica that it took in', async () => {
  const director = new MemoryDirector(3, clock);
  await director.settle();
  const opened: number[] = [];
  await readTrunk(Buffer.concat(director.replicas[0]?.received ?? []), {
    controlRecord(flowId, type) {
      if (type === ControlType.open) opened.push(flowId);
    },
  });
  expect(opened).toEqual([1, 2, 3]);
  expect(director.replicas[1]?.received).toEqual([]);
  director.close();
  expect(director.clients.every(({ destroyed }) => destroyed)).toBe(true);
});
