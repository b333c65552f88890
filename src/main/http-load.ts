/**
 * The process of the HTTP load: autocannon, an off-the-shelf client, against servers that do not fail meanwhile. It keeps as
 * many requests under way as it has connections. It verifies neither certificates nor replies, and after a lost connection its
 * times are wrong: no failover can be measured with it.
 */
import autocannon from 'autocannon';
import type {
  HttpLoad,
  HttpLoadCommand,
  HttpLoadEvent,
  HttpLoadResult,
} from '../bench/throughput/http-load.js';
import { type ParentChannel, serveParent } from '../net/message-channel.js';
import { ascending, quantile } from '../stats/quantile.js';

async function run({ url, connections, durationS }: HttpLoad): Promise<HttpLoadResult> {
  const latenciesMs: number[] = [];
  // Without a rate, which it does not get here, it corrects nothing: each time is that of one reply.
  const options: autocannon.Options = { url, connections, duration: durationS };
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(options, (error, value) => (error ? reject(error) : resolve(value)));
    // Its histogram counts whole milliseconds.
    instance.on('response', (_client, _status, _bytes, responseTimeMs) => latenciesMs.push(responseTimeMs));
  });
  const sorted = ascending(latenciesMs);
  return {
    requests: result['2xx'],
    failed: result.errors + result.timeouts + result.non2xx,
    seconds: result.duration,
    latencyMs:
      sorted.length === 0 ? { p50: 0, p99: 0 } : { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) },
  };
}

const parent: ParentChannel<HttpLoadEvent> = serveParent<HttpLoadCommand, HttpLoadEvent>({
  load: async ({ load }) => parent.send({ kind: 'loaded', result: await run(load) }),
});
