/** The load where wrk is not installed, in a process of its own: `autocannon-load.js URL CONNECTIONS SECONDS`. */
import autocannon from 'autocannon';

const [url = '', connections = '1', seconds = '1'] = process.argv.slice(2);
const { errors, timeouts, non2xx } = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
});
process.exitCode = errors + timeouts + non2xx > 0 ? 1 : 0;
