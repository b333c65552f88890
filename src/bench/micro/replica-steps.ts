/** Steps of the replica: taking flows over, and answering a request on a flow that it serves. */
import type { Clock } from '../../base/clock.js';
import type { CipherSuite } from '../../tls/cipher-suites.js';
import { type MemoryFlow, MemoryReplica } from './memory-replica.js';
import { must, type Stopwatch, type TurnsStep } from './step.js';
import { COMMON_SUITES, suiteTitle, versionId } from './suites.js';

const GROUP = 'Replica, takeover';
const REQUEST_GROUP = 'Replica, steady state';
/** As many as are busy at the fault in the usual run, in one batch as the director sends them. */
const FLOWS = 50;
/** Of the reply to a request: its status line. */
const OK = Buffer.from('HTTP/1.1 200 OK\r\n', 'latin1');

export function replicaSteps(clock: Clock): TurnsStep[] {
  return COMMON_SUITES.flatMap((suite) => [
    takeoverStep('idle', suite, clock),
    takeoverStep('busy', suite, clock),
    requestStep(suite, clock),
  ]);
}

/** Makes the replica when it is first needed, and once. */
class LazyReplica {
  readonly #suite: CipherSuite;
  readonly #clock: Clock;
  #started: Promise<MemoryReplica> | undefined;
  #replica: MemoryReplica | undefined;

  constructor(suite: CipherSuite, clock: Clock) {
    this.#suite = suite;
    this.#clock = clock;
  }

  get(): Promise<MemoryReplica> {
    this.#started ??= this.#start();
    return this.#started;
  }

  close(): void {
    this.#replica?.close();
  }

  async #start(): Promise<MemoryReplica> {
    this.#replica = new MemoryReplica(this.#suite, this.#clock);
    await this.#replica.start();
    return this.#replica;
  }
}

function takeoverStep(kind: 'idle' | 'busy', suite: CipherSuite, clock: Clock): TurnsStep {
  const lazy = new LazyReplica(suite, clock);
  const titles = { idle: 'idle flow', busy: 'busy flow with its reply' };
  return {
    kind: 'turns',
    id: `takeover.${kind}.${versionId(suite.version)}`,
    group: GROUP,
    title: `${titles[kind]}, ${suiteTitle(suite)}`,
    operations: FLOWS,
    async run(stopwatch) {
      await takeOver(await lazy.get(), { kind, flows: FLOWS }, stopwatch);
    },
    async verify() {
      await takeOver(await lazy.get(), { kind, flows: FLOWS });
    },
    close: () => lazy.close(),
  };
}

/**
 * Gives the replica flows that it has the state of. Every one of them has to go on, with its own keys.
 *
 * @throws Error when the replica does not serve them, or answers something else
 */
export async function takeOver(
  replica: MemoryReplica,
  { kind, flows: count }: { readonly kind: 'idle' | 'busy'; readonly flows: number },
  stopwatch?: Stopwatch,
): Promise<void> {
  const flows = await replica.replicate(count);
  const requests = kind === 'busy' ? 1 : 0;
  const takes = await replica.takes(flows, requests);
  stopwatch?.start();
  const replies = await replica.exchange(takes, { takeovers: count, replies: requests * count });
  stopwatch?.stop();
  must(replica.serves === count, `the replica serves ${replica.serves} of ${count} flows`);
  const answered =
    kind === 'busy' ? replies : await replica.exchange(await replica.requests(flows), { replies: count });
  mustAnswer(flows, answered);
  await replica.end(flows);
}

/** One request on each of flows that were taken over before. */
function requestStep(suite: CipherSuite, clock: Clock): TurnsStep {
  const lazy = new LazyReplica(suite, clock);
  let flows: MemoryFlow[] | undefined;
  const ask = async (stopwatch?: Stopwatch): Promise<void> => {
    const replica = await lazy.get();
    if (flows === undefined) {
      flows = await replica.replicate(FLOWS);
      await replica.exchange(await replica.takes(flows, 0), { takeovers: FLOWS, replies: 0 });
    }
    const requests = await replica.requests(flows);
    stopwatch?.start();
    const replies = await replica.exchange(requests, { replies: FLOWS });
    stopwatch?.stop();
    mustAnswer(flows, replies);
  };
  return {
    kind: 'turns',
    id: `request.${versionId(suite.version)}`,
    group: REQUEST_GROUP,
    title: `request and its reply, ${suiteTitle(suite)}`,
    operations: FLOWS,
    run: ask,
    verify: () => ask(),
    close: () => lazy.close(),
  };
}

function mustAnswer(
  flows: readonly MemoryFlow[],
  replies: readonly { readonly flowId: number; readonly record: Buffer }[],
): void {
  const byId = new Map(flows.map((flow) => [flow.id, flow]));
  for (const { flowId, record } of replies) {
    const content = byId.get(flowId)?.read.open(record).content;
    must(content?.subarray(0, OK.length).equals(OK) === true, `flow ${flowId} got another reply`);
    byId.delete(flowId);
  }
  must(byId.size === 0, `${byId.size} of ${flows.length} flows got no reply`);
}
