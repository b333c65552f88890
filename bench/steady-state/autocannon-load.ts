/** The load where wrk is not installed, in a process of its own: `autocannon-load.js URL CONNECTIONS SECONDS`. Ends on SIGINT. */
import autocannon from 'autocannon';

const [url = '', connections = '1', seconds = '1'] = process.argv.slice(2);
const load = autocannon(
  { url, connections: Number(connections), duration: Number(seconds) },
  (error, { errors, timeouts, non2xx }) => {
    process.exitCode = error !== null || errors + timeouts + non2xx > 0 ? 1 : 0;
  },
);
process.once('SIGINT', () => load.stop());
