import { createSecureContext } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createClock } from '../../src/base/clock.js';
import { ConnectGate } from '../../src/bench/connect-gate.js';
import { LoadLink } from '../../src/bench/load-link.js';
import { LoadRecorder } from '../../src/bench/load-recorder.js';
import type { TransportRow } from '../../src/contracts/load.js';
import { requestReply } from '../../workloads/request-reply.js';
import { createCertificate, loadConfig, startServer, type TestServer } from './load-support.js';

const certificate = createCertificate();
const LINKS = 4;

let cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  cleanUp = [];
});

async function serve(): Promise<TestServer> {
  const server = await startServer(certificate, requestReply);
  cleanUp.push(() => server.close());
  return server;
}

/** Whether some handshake begins before the one that was begun before it is over. */
function overlap(transports: readonly TransportRow[]): boolean {
  const rows = [...transports].sort((a, b) => a.startedMs - b.startedMs);
  return rows.some(({ startedMs }, index) => startedMs < (rows[index - 1]?.secureMs ?? 0));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('handshakes through a gate with one place', () => {
  it('are made one after the other, the first ones and those after a loss', async () => {
    const server = await serve();
    const recorder = new LoadRecorder();
    const settings = {
      config: loadConfig(server.port, certificate.cert),
      secureContext: createSecureContext({ ca: certificate.cert }),
      readBuffer: Buffer.alloc(16 * 1024),
      clock: createClock(process.hrtime.bigint()),
      recorder,
      gate: new ConnectGate(1),
    };
    const rows = (): readonly TransportRow[] => recorder.report(0).transports;
    const links = Array.from(
      { length: LINKS },
      (_, index) => new LoadLink(index, settings, { ready() {}, data() {}, lost() {} }),
    );
    cleanUp.push(() => {
      for (const link of links) link.close();
    });
    await Promise.all(links.map((link) => link.open()));
    await until(() => server.connections.length === LINKS);
    for (const socket of server.connections) socket.destroy();
    await until(() => rows().filter(({ secureMs }) => secureMs !== null).length === 2 * LINKS);
    expect(rows()).toHaveLength(2 * LINKS);
    expect(overlap(rows())).toBe(false);
  });

  it('leave their place to others when they are given up', async () => {
    const server = await serve();
    const settings = {
      config: loadConfig(server.port, certificate.cert),
      secureContext: createSecureContext({ ca: certificate.cert }),
      readBuffer: Buffer.alloc(16 * 1024),
      clock: createClock(process.hrtime.bigint()),
      recorder: new LoadRecorder(),
      gate: new ConnectGate(1),
    };
    const handler = { ready() {}, data() {}, lost() {} };
    const first = new LoadLink(0, settings, handler);
    const second = new LoadLink(1, settings, handler);
    cleanUp.push(() => second.close());
    void first.open().catch(() => {});
    const opened = second.open();
    first.close();
    await opened;
    expect(settings.recorder.report(0).transports[1]?.secureMs).not.toBeNull();
  });
});
