/** A process that takes over a flow for the first time in its life: started by `spr-bench micro`, prints one JSON line. */
import { createClock } from '../base/clock.js';
import { firstTakeovers } from '../bench/micro/cold-takeover.js';

const kind = process.argv[2] === 'busy' ? 'busy' : 'idle';
const times = await firstTakeovers(kind, createClock(process.hrtime.bigint()));
process.stdout.write(`${JSON.stringify(times)}\n`);
// The heartbeat of a replica that is gone with its director would keep the process alive.
process.exit();
