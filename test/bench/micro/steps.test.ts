/** Every step does what its name says: it checks its own result, and these tests check that the check can fail. */
import { afterAll, describe, expect, it } from 'vitest';
import { createClock } from '../../../src/base/clock.js';
import { UsageError } from '../../../src/base/errors.js';
import { allSteps, matches, requireMatch } from '../../../src/bench/micro/catalogue.js';
import { coldTakeoverNames, firstTakeovers } from '../../../src/bench/micro/cold-takeover.js';
import { handshake, NativeServer } from '../../../src/bench/micro/handshake-pair.js';
import { Endpoints, Identities } from '../../../src/bench/micro/handshake-steps.js';
import { MemoryReplica } from '../../../src/bench/micro/memory-replica.js';
import { takeOver } from '../../../src/bench/micro/replica-steps.js';
import { Stopwatch } from '../../../src/bench/micro/step.js';
import { COMMON_SUITES } from '../../../src/bench/micro/suites.js';

const clock = createClock(process.hrtime.bigint());
const steps = allSteps(clock);
const names = [...steps, ...coldTakeoverNames()];

afterAll(() => {
  for (const step of steps) if (step.kind === 'turns') step.close?.();
});

describe('each step', () => {
  it.each(steps.map((step) => [step.id, step] as const))('%s is right, once and again', async (_, step) => {
    await step.verify();
    if (step.kind === 'call') step.call();
    else await step.run(new Stopwatch());
    await step.verify();
  });

  it.each(steps.filter((step) => step.kind === 'turns').map((step) => [step.id, step] as const))(
    '%s counts some time',
    async (_, step) => {
      const stopwatch = new Stopwatch();
      await step.run(stopwatch);
      expect(stopwatch.elapsedUs).toBeGreaterThan(0);
    },
  );
});

describe('the list of steps', () => {
  it('names each once, and in a line of 80 columns', () => {
    expect(new Set(names.map(({ id }) => id)).size).toBe(names.length);
    for (const { title } of names) expect(title.length).toBeLessThanOrEqual(41);
  });

  it.each([
    ['serialize.', 6],
    ['restore.', 6],
    ['derive-one.', 6],
    ['derive.', 6],
    ['seal.', 6 * 3],
    ['open.', 6 * 3],
    ['deframe.', 1],
    ['bare.', 2 * 3],
    ['native.', 2 * 3],
    ['replicate.', 2],
    ['director.forward.', 2],
    ['director.takeover.', 2],
    ['takeover.idle.', 2 + 2],
    ['takeover.busy.', 2 + 2],
    ['request.', 2],
    ['handshake.full.', 2 * 2 * 3],
    ['handshake.resumed.', 2 * 2 * 3],
  ])('has those of %s', (prefix, count) => {
    expect(names.filter(({ id }) => id.startsWith(prefix))).toHaveLength(count);
  });

  it('is filtered by any part of a name, whatever the case', () => {
    const found = (filter: string) => names.filter((name) => matches(name, filter)).map(({ id }) => id);
    expect(found('DEFRAME')).toEqual(['deframe.128']);
    expect(found('takeover.idle.tls12')).toEqual(['takeover.idle.tls12']);
    expect(found('director')).toHaveLength(4);
    expect(names.filter((name) => matches(name, undefined))).toHaveLength(names.length);
  });

  it('refuses a filter that leaves nothing, and names the groups', () => {
    expect(() => requireMatch(names, 'nothing')).toThrow(UsageError);
    expect(() => requireMatch(names, 'nothing')).toThrow('Static state, Records');
  });
});

const [suite] = COMMON_SUITES;
if (suite === undefined) throw new Error('there is no cipher suite');

describe('what does not go on is found', () => {
  it('a flow whose state the replica does not have', async () => {
    const [holder, other] = [new MemoryReplica(suite, clock), new MemoryReplica(suite, clock)];
    try {
      await Promise.all([holder.start(), other.start()]);
      const foreign = await holder.replicate(1);
      await expect(other.exchange(await other.takes(foreign, 1), { replies: 1 })).rejects.toThrow(
        'the replica does not answer',
      );
      expect(other.serves).toBe(0);
    } finally {
      holder.close();
      other.close();
    }
  });

  it('flows that stay from before', async () => {
    const replica = new MemoryReplica(suite, clock);
    try {
      await replica.start();
      const left = await replica.replicate(1);
      await replica.exchange(await replica.takes(left, 0), { takeovers: left.length, replies: 0 });
      await expect(takeOver(replica, { kind: 'idle', flows: 2 })).rejects.toThrow('serves 3 of 2 flows');
    } finally {
      replica.close();
    }
  });

  it('a handshake of which the client does not believe the server', async () => {
    const identities = new Identities();
    const ours = new Endpoints('1.3', 'ecdsa-p256', identities);
    const others = new Endpoints('1.3', 'ecdsa-p256', new Identities());
    const secureContext = await others.server();
    const options = { server: () => new NativeServer(secureContext), client: await ours.client('full') };
    await expect(handshake(options)).rejects.toThrow('does not come to an end');
  });
});

describe('the first takeovers of a process', () => {
  it.each(['idle', 'busy'] as const)('go on, before and behind the rehearsal: %s', async (kind) => {
    const { cold, rehearsed } = await firstTakeovers(kind, clock);
    expect(cold.timeUs).toBeGreaterThan(0);
    expect(rehearsed.timeUs).toBeGreaterThan(0);
  });
});
