import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FIRST_EPHEMERAL_PORT, FIRST_PORT, freePort } from '../../src/net/free-port.js';

describe('freePort', () => {
  it('is below what the system gives to whoever asks for any port, and can be listened on', async () => {
    const port = await freePort();
    expect(port).toBeGreaterThanOrEqual(FIRST_PORT);
    expect(port).toBeLessThan(FIRST_EPHEMERAL_PORT);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
  });

  it('passes ports over that are taken, and gives up when all are', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const free = await freePort();
    const draws = [port, port, free];
    expect(await freePort(() => draws.shift() ?? 0)).toBe(free);
    await expect(freePort(() => port)).rejects.toThrow('no free port from 20000 to 32767 on 127.0.0.1');
    taken.close();
  });
});
