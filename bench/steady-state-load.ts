/** The load of `steady-state.ts`, in a process of its own: `node steady-state-load.js URL CONNECTIONS`. */
import autocannon from 'autocannon';

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly errors: number;
}

const SECONDS = 2;

const [url = '', connections = '1'] = process.argv.slice(2);
const result = await autocannon({
  url,
  connections: Number(connections),
  duration: SECONDS,
});
const report: LoadResult = {
  requests: result['2xx'],
  seconds: result.duration,
  errors: result.errors + result.timeouts + result.non2xx,
};
process.send?.(report, () => process.exit(0));
