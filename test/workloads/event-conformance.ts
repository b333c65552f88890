/** What every workload of event streams must keep to: its application runs on a real HTTP server, with all its time over. */
import { createServer, request as httpRequest, type OutgoingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import type { PlannedRequest, Workload } from '../../src/contracts/workload.js';

const SEED = 11;
const END_OF_EVENT = '\n\n';

export function describeEvents(workload: Workload): void {
  const options = { connections: 2, durationMs: 100, arrivals: workload.arrivals };
  const [events = [], others = []] = workload
    .plan(options, createPrng(SEED))
    .connections.map((requests) => [...requests]);
  const bodies = createSeededBytes(SEED);

  const faultsOf = (request: PlannedRequest | undefined, event: string, status = 200): number => {
    if (request === undefined) throw new Error('there are more events than planned ones');
    const check = workload.verify(request, status, bodies);
    return check.push(Buffer.from(event)) + check.end();
  };

  it('sends all events once, in order, and each is accepted', async () => {
    await withServer(workload, async (server) => {
      const sent = await server.read(events[0]);
      expect(sent).toHaveLength(events.length);
      expect(sent.map((event, index) => faultsOf(events[index], event))).toEqual(events.map(() => 0));
      expect(server.executions).toEqual(events.map(({ id }) => id));
    });
  });

  it('refuses an event with a byte flipped, missing or added, and that in the place of another', async () => {
    await withServer(workload, async (server) => {
      const [first = '', second = ''] = await server.read(events[0]);
      const middle = first.length >> 1;
      const flipped = `${first.slice(0, middle)}~${first.slice(middle + 1)}`;
      for (const wrong of [flipped, first.slice(1), `${first}\n`, second, '']) {
        expect(faultsOf(events[0], wrong)).toBeGreaterThan(0);
      }
      expect(faultsOf(others[0], first)).toBeGreaterThan(0);
      expect(faultsOf(events[0], first, 500)).toBeGreaterThan(0);
    });
  });

  it('goes on behind the last event that the client names, and from each checkpoint', async () => {
    await withServer(workload, async (server) => {
      const all = await server.read(events[0]);
      const states = [...server.checkpoints];
      expect(states).toHaveLength(all.length);
      for (const index of [0, 1, all.length >> 1, all.length - 1]) {
        expect(await server.read(events[0], { 'Last-Event-ID': events[index]?.id })).toEqual(
          all.slice(index + 1),
        );
        expect(states[index]?.length).toBeLessThanOrEqual(1024);
        expect(await server.read(events[0], {}, states[index])).toEqual(all.slice(index + 1));
      }
    });
  });

  it('refuses what is not of a stream', async () => {
    await withServer(workload, async (server) => {
      const [first] = events;
      if (first === undefined) throw new Error('the plan has no event');
      for (const target of ['/', `${first.target}x`, first.target.replace(/\d+$/, '-1')]) {
        expect(await server.status({ ...first, target })).toBe(404);
      }
      expect(await server.status(first, { 'Events-Start': 'now' })).toBe(400);
      expect(await server.status(first, { 'Last-Event-ID': others[0]?.id })).toBe(400);
      expect(await server.status(first, { 'Last-Event-ID': 'nonsense' })).toBe(400);
      expect(server.executions).toEqual([]);
    });
  });
}

class EventServer {
  readonly executions: string[] = [];
  readonly checkpoints: Buffer[] = [];
  resumedFrom: Buffer | undefined;
  readonly #server: Server;

  constructor(workload: Workload) {
    const application = workload.application(createSeededBytes(SEED), () => Number.POSITIVE_INFINITY);
    this.#server = createServer((request, response) =>
      application(request, response, {
        resumedFrom: this.resumedFrom,
        recordExecution: (id) => this.executions.push(id),
        checkpoint: (state) => this.checkpoints.push(Buffer.from(state)),
      }),
    );
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** All events of the stream that `request` opens. */
  async read(request: PlannedRequest | undefined, fields = {}, state?: Buffer): Promise<string[]> {
    if (request === undefined) throw new Error('the plan has no event');
    this.resumedFrom = state;
    const { text } = await this.#exchange(request, fields);
    const events = text.split(END_OF_EVENT);
    expect(events.pop()).toBe('');
    return events.map((event) => event + END_OF_EVENT);
  }

  async status(request: PlannedRequest, fields = {}): Promise<number> {
    return (await this.#exchange(request, fields)).status;
  }

  #exchange({ method, target }: PlannedRequest, fields: OutgoingHttpHeaders) {
    const { port } = this.#server.address() as AddressInfo;
    const headers = { 'Events-Start': '0', ...fields };
    return new Promise<{ status: number; text: string }>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, method, path: target, headers, agent: false };
      httpRequest(options, (response) => {
        let text = '';
        response.setEncoding('latin1').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      })
        .on('error', reject)
        .end();
    });
  }
}

async function withServer(workload: Workload, use: (server: EventServer) => Promise<void>): Promise<void> {
  const server = new EventServer(workload);
  await server.listen();
  try {
    await use(server);
  } finally {
    await server.close();
  }
}
