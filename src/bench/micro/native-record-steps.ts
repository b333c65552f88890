/** Records by plain node:tls, in memory: what the project's own record layer stands beside. */

import { type Client, handshake, NativeServer } from './handshake-pair.js';
import { Endpoints, type Identities } from './handshake-steps.js';
import { CONTENT_BYTES } from './record-steps.js';
import { must, type Stopwatch, type TurnsStep } from './step.js';

const GROUP = 'Records, by node:tls';
/** In a row: a write ends in a later turn of the event loop, which costs as much as a small record. */
const RECORDS = 64;

interface Pair {
  readonly client: Client;
  readonly server: NativeServer;
}

/** TLS_AES_128_GCM_SHA256, as the suite that is measured first. */
export function nativeRecordSteps(identities: Identities): TurnsStep[] {
  const endpoints = new Endpoints('1.3', 'ecdsa-p256', identities);
  let pair: Promise<Pair> | undefined;
  const connected = (): Promise<Pair> => {
    pair ??= connect(endpoints);
    return pair;
  };
  return CONTENT_BYTES.flatMap((bytes) => [step('write', bytes, connected), step('read', bytes, connected)]);
}

async function connect(endpoints: Endpoints): Promise<Pair> {
  const secureContext = await endpoints.server();
  const client = await endpoints.client('full');
  return handshake({ server: () => new NativeServer(secureContext), client });
}

/** The server writes, or the server reads. */
function step(kind: 'write' | 'read', bytes: number, connected: () => Promise<Pair>): TurnsStep {
  const content = Buffer.alloc(bytes, 1);
  const exchange = async (stopwatch?: Stopwatch): Promise<number> => {
    const { client, server } = await connected();
    const [from, to] = kind === 'write' ? [server, client] : [client, server];
    let received = 0;
    const count = (chunk: Buffer): void => {
      received += chunk.length;
    };
    to.socket.on('data', count);
    if (kind === 'write') stopwatch?.start();
    await writeAll(from, content);
    if (kind === 'write') stopwatch?.stop();
    const records = from.takeWritten();
    if (kind === 'read') stopwatch?.start();
    await to.turn(records);
    if (kind === 'read') stopwatch?.stop();
    to.socket.off('data', count);
    return received;
  };
  return {
    kind: 'turns',
    id: `native.${kind}.tls13.aes-128-gcm.${bytes}`,
    group: GROUP,
    title: `${kind} ${bytes} B, 1.3 aes-128-gcm`,
    operations: RECORDS,
    async run(stopwatch) {
      await exchange(stopwatch);
    },
    async verify() {
      const received = await exchange();
      must(received === RECORDS * bytes, `node:tls lost ${RECORDS * bytes - received} bytes`);
    },
  };
}

/** One record each: the next write waits for the one before. */
async function writeAll({ socket }: Pair[keyof Pair], content: Buffer): Promise<void> {
  for (let record = 0; record < RECORDS; record++) {
    await new Promise<void>((resolve, reject) => {
      socket.write(content, (error) => (error == null ? resolve() : reject(error)));
    });
  }
}
