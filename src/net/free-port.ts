/** A port for a server that cannot be asked which one it took. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Above most services. */
export const FIRST_PORT = 20_000;
/** Where Linux begins to give ports to whoever asks for any, which a server that starts slowly would lose. */
export const FIRST_EPHEMERAL_PORT = 32_768;
/** Thousands of ports in a row are hardly ever taken; whoever has them all taken is to be told. */
const ATTEMPTS = 100;

/**
 * A port of 127.0.0.1 that is free right now, and that the system gives to nobody who asks for any port.
 *
 * @param draw the port to try next, from {@link FIRST_PORT} to below {@link FIRST_EPHEMERAL_PORT}
 * @throws Error when 100 ports in a row are taken
 */
export async function freePort(draw = () => randomInt(FIRST_PORT, FIRST_EPHEMERAL_PORT)): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = draw();
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${FIRST_PORT} to ${FIRST_EPHEMERAL_PORT - 1} on 127.0.0.1`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
