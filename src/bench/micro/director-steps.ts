/** Steps of the director: forwarding records both ways with the journal kept, and giving flows to their backup. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { ControlType, parseTake, type Take } from '../../net/control-records.js';
import { mirrored, randomState } from '../../tls/random-state.js';
import { ContentType } from '../../tls/record.js';
import { createWriteState } from '../../tls/static-state.js';
import { MemoryDirector, readTrunk, trunkBytes } from './memory-director.js';
import { must, nextTurn, type Stopwatch, type TurnsStep } from './step.js';
import { COMMON_SUITES } from './suites.js';

const GROUP = 'Director';
/** As many as are busy at the fault in the usual run; one turn of the event loop serves them all. */
const FLOWS = 50;
const SMALL_BYTES = 128;
const FULL_BYTES = 16_384;

export function directorSteps(clock: Clock): TurnsStep[] {
  return [
    forwardStep(SMALL_BYTES, clock),
    forwardStep(FULL_BYTES, clock),
    takeoverStep('busy', clock),
    takeoverStep('idle', clock),
  ];
}

/** A record from each client to the replica, and one back to each with the commit behind it. */
function forwardStep(bytes: number, clock: Clock): TurnsStep {
  const director = new MemoryDirector(FLOWS, clock);
  const request = sealed(SMALL_BYTES);
  const reply = sealed(bytes);
  const [primary] = director.replicas;
  must(primary !== undefined, 'the director has no replica');
  let commits = 0;
  const round = async (stopwatch?: Stopwatch): Promise<void> => {
    const replies = await replyBytes(reply, commits + 1);
    commits += 1;
    primary.received.length = 0;
    stopwatch?.start();
    for (const client of director.clients) client.deliver(request);
    await nextTurn();
    primary.socket.deliver(replies);
    await nextTurn();
    stopwatch?.stop();
  };
  return {
    kind: 'turns',
    id: `director.forward.${bytes}`,
    group: GROUP,
    title: `${SMALL_BYTES} B up, ${bytes} B and commit down`,
    operations: FLOWS,
    run: round,
    async verify() {
      await director.settle();
      const atClients: Buffer[] = [];
      for (const client of director.clients) client.sink = (chunk) => atClients.push(chunk);
      await round();
      for (const client of director.clients) client.sink = undefined;
      let forwarded = 0;
      await readTrunk(Buffer.concat(primary.received), {
        tlsRecord(_flowId, record) {
          if (record.equals(request)) forwarded += 1;
        },
      });
      must(forwarded === FLOWS, `the director forwarded ${forwarded} of ${FLOWS} requests`);
      must(
        Buffer.concat(atClients).equals(Buffer.concat(Array.from({ length: FLOWS }, () => reply))),
        'what the director gave to clients are not the replies',
      );
    },
    close: () => director.close(),
  };
}

/** All of the flows in one batch, as a director does when it learns of the failure. */
function takeoverStep(kind: 'busy' | 'idle', clock: Clock): TurnsStep {
  const request = sealed(SMALL_BYTES);
  const reply = sealed(SMALL_BYTES);
  const titles = {
    busy: 'busy flow to its backup',
    idle: 'idle flow to its backup, when woken',
  };
  const move = async (stopwatch?: Stopwatch): Promise<MemoryDirector> => {
    const director = await served(request, reply, clock);
    if (kind === 'busy') for (const client of director.clients) client.deliver(request);
    await nextTurn();
    for (const { received } of director.replicas) received.length = 0;
    stopwatch?.start();
    director.fail();
    if (kind === 'idle') for (const client of director.clients) client.deliver(request);
    await nextTurn();
    stopwatch?.stop();
    return director;
  };
  return {
    kind: 'turns',
    id: `director.takeover.${kind}`,
    group: GROUP,
    title: titles[kind],
    operations: FLOWS,
    async run(stopwatch) {
      (await move(stopwatch)).close();
    },
    async verify() {
      const director = await move();
      // A client that speaks on a parked flow has it taken before its record counts.
      await mustHaveMoved(director, { request, received: kind === 'busy' ? 2 : 1 });
      director.close();
    },
  };
}

/** Each client has had a reply, which is committed. */
async function served(request: Buffer, reply: Buffer, clock: Clock): Promise<MemoryDirector> {
  const director = new MemoryDirector(FLOWS, clock);
  await director.settle();
  for (const client of director.clients) client.deliver(request);
  director.replicas[0]?.socket.deliver(await replyBytes(reply, 1));
  await nextTurn();
  return director;
}

async function mustHaveMoved(
  { replicas }: MemoryDirector,
  expected: { readonly request: Buffer; readonly received: number },
): Promise<void> {
  const takes = new Map<number, Take>();
  const replayed = new Set<number>();
  await readTrunk(Buffer.concat(replicas[1]?.received ?? []), {
    controlRecord(flowId, type, _flags, body) {
      if (type === ControlType.take) takes.set(flowId, parseTake(Buffer.from(body)));
    },
    tlsRecord(flowId, record) {
      if (takes.has(flowId) && record.equals(expected.request)) replayed.add(flowId);
    },
  });
  must(
    takes.size === FLOWS && replayed.size === FLOWS,
    `the director gave ${takes.size} of ${FLOWS} flows to their backup, ${replayed.size} with the request`,
  );
  for (const { commit, delivered, received } of takes.values()) {
    must(
      commit.recordsRead === 1 &&
        commit.recordsWritten === 1 &&
        delivered === 1 &&
        received === expected.received,
      'the director tells the backup of other records than it has seen',
    );
  }
}

/** A reply and its commit for each flow, as one chunk of a trunk. */
function replyBytes(reply: Buffer, recordsRead: number): Promise<Buffer> {
  return trunkBytes((trunk) => {
    for (let flowId = 1; flowId <= FLOWS; flowId++) {
      trunk.sendRecord(flowId, reply);
      trunk.sendCommit(flowId, recordsRead, true);
    }
  });
}

/** The director has no key: any record of that length will do. */
function sealed(bytes: number): Buffer {
  const [suite] = COMMON_SUITES;
  must(suite !== undefined, 'there is no cipher suite');
  const write = createWriteState(mirrored(randomState(suite)), 0);
  return Buffer.concat(write.seal(ContentType.application_data, randomBytes(bytes)));
}
