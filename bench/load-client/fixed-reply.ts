/**
 * What the load client asks for here: the requests of `request-reply`, checked as those of trials are, but all for one target,
 * so that a server that knows nothing of seeds can answer them. A workload module, see `LoadConfig.workload`.
 */
import type { PlannedRequest, Prng, Workload, WorkloadOptions } from '../../src/contracts/workload.js';
import { nextArrivalMs } from '../../workloads/parts/arrivals.js';
import { configurable, configureWorkload, type NumberSettings } from '../../workloads/parts/parameters.js';
import { formatTarget } from '../../workloads/parts/seeded-exchange.js';
import { requestReply } from '../../workloads/request-reply.js';

/** A request of a plan, so that its content is known to both ends. */
export const FIXED_ID = '0-0';

const SETTINGS = {
  ratePerSecond: {
    meaning: 'requests per second of all connections together (open arrivals), Poisson',
    low: 1,
    high: 1_000_000,
    whole: false,
    default: 1000,
  },
  replyBytes: { meaning: 'length of the reply', low: 1, high: 16 * 1024 * 1024, whole: true, default: 128 },
} as const satisfies NumberSettings<string>;
type Settings = Readonly<Record<keyof typeof SETTINGS, number>>;

/** Servers of files answer nothing else. */
const GETS = configureWorkload(requestReply, ['post-share=0']);

const fixedReply: Workload = configurable(SETTINGS, (settings) => ({
  ...GETS,
  id: 'fixed-reply',
  title: 'One and the same reply',
  plan: (options, prng) => {
    const { connections } = GETS.plan(options, prng);
    const times = prng.fork('arrivals');
    return {
      connections: connections.map((requests, index) => ({
        [Symbol.iterator]: () => fix(requests, options, settings, times.fork(`connection ${index}`)),
      })),
    };
  },
}));

export default fixedReply;

function* fix(
  requests: Iterable<PlannedRequest>,
  { arrivals, connections }: WorkloadOptions,
  { ratePerSecond, replyBytes }: Settings,
  prng: Prng,
): Generator<PlannedRequest> {
  const target = formatTarget({ id: FIXED_ID, bytes: replyBytes });
  let arrivalMs = 0;
  for (const request of requests) {
    if (arrivals === 'open') arrivalMs = nextArrivalMs(arrivalMs, ratePerSecond / connections, prng);
    yield { ...request, target, atMs: arrivals === 'open' ? arrivalMs : request.atMs };
  }
}
