/** Records of a live connection that are allowed but unusual, and such as are not; before a takeover and after one. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Application } from '../../../src/contracts/workload.js';
import { Alert, AlertLevel } from '../../../src/tls/alert.js';
import { type CipherSuite, findSuite } from '../../../src/tls/cipher-suites.js';
import { ContentType } from '../../../src/tls/record.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { cutInto } from '../../tls/record-reshaper.js';
import { until } from './harness.js';
import { Bench } from './record-bench.js';

const TLS13 = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const TLS12 = findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' });
const { application_data: DATA, handshake: HANDSHAKE, alert: ALERT, change_cipher_spec: CCS } = ContentType;
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
const MAX_BYTES = 16_384;

/** Replies with the number of bytes of the request's content. */
const COUNT: Application = (request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    const reply = `${bytes} bytes.`;
    response.writeHead(200, { 'Content-Length': reply.length });
    response.end(reply);
  });
};

const running: Bench[] = [];
afterEach(() => {
  for (const bench of running.splice(0)) bench.stop();
});

/** Replies at once: node:http gives requests up whose client has closed before they are answered. */
const AT_ONCE: Application = (_request, response) => {
  response.writeHead(200, { 'Content-Length': 8 });
  response.end('at once.');
};

async function start(suite: CipherSuite, strategy = spr, application = COUNT): Promise<Bench> {
  const bench = new Bench(suite, strategy, application);
  running.push(bench);
  await bench.establish();
  return bench;
}

/** Waits for one more reply. */
async function reply(bench: Bench, text: string): Promise<void> {
  const { length } = bench.text;
  await until(() => bench.text.length > length && bench.text.endsWith(`\r\n\r\n${text}`));
}

function put(bytes: number): Buffer {
  return Buffer.from(`PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\n\r\n`);
}

const CASES = [TLS13, TLS12].flatMap((suite) =>
  [spr, fullStateCopy].flatMap((strategy) =>
    [false, true].map((killed) => ({ version: suite.version, id: strategy.id, killed, suite, strategy })),
  ),
);

describe.each(CASES)('TLS $version, $id, primary lost: $killed', ({ suite, strategy, killed }) => {
  /** Sends the records; the primary is lost right behind them, when it is. */
  async function exchange(records: (bench: Bench) => Buffer[], expected: string): Promise<void> {
    const bench = await start(suite, strategy);
    // With nothing of the primary's getting through, all of it is replayed.
    if (killed) bench.passing = 0;
    for (const record of records(bench)) bench.send(record);
    if (killed) expect(await bench.takeOver()).toBeUndefined();
    await until(() => bench.text.endsWith(`\r\n\r\n${expected}`));
    bench.send(bench.client.seal(GET));
    await reply(bench, '0 bytes.');
    expect(bench.ends).toEqual([]);
  }

  it('takes records of one byte', () =>
    exchange(
      ({ client }) => [
        ...cutInto(1, DATA, put(3)).map(({ content }) => client.seal(content)),
        ...cutInto(1, DATA, Buffer.alloc(3)).map(({ content }) => client.seal(content)),
      ],
      '3 bytes.',
    ));

  it('takes records of 16 KiB', () =>
    exchange(
      ({ client }) => [
        client.seal(put(3 * MAX_BYTES)),
        ...Array.from({ length: 3 }, () => client.seal(Buffer.alloc(MAX_BYTES))),
      ],
      `${3 * MAX_BYTES} bytes.`,
    ));

  it('takes empty records between others', () =>
    exchange(
      ({ client }) => [
        ...Array.from({ length: 32 }, () => client.seal('')),
        client.seal(put(1)),
        ...Array.from({ length: 32 }, () => client.seal('')),
        client.seal('x'),
        client.seal(''),
      ],
      '1 bytes.',
    ));

  it('takes records with padding', async () => {
    // RFC 8446 5.4; TLS 1.2 has none.
    if (suite.version === '1.2') return;
    await exchange(
      ({ client }) => [
        client.sealPadded(put(2), MAX_BYTES - put(2).length),
        client.sealPadded(Buffer.alloc(0), 1000),
        client.sealPadded(Buffer.from('ab'), 1),
      ],
      '2 bytes.',
    );
  });

  it('answers what came before a close_notify, and reads nothing behind it', async () => {
    const bench = await start(suite, strategy, AT_ONCE);
    if (killed) bench.passing = 0;
    bench.send(bench.client.seal(GET));
    bench.send(bench.client.seal(Buffer.of(AlertLevel.warning, Alert.close_notify), ALERT));
    bench.send(bench.client.seal('ignored'));
    if (killed) expect(await bench.takeOver()).toBeUndefined();
    await until(() => bench.ends.length > 0);
    expect(bench.text.endsWith('\r\n\r\nat once.')).toBe(true);
    expect(bench.opened.at(-1)).toEqual({
      type: ALERT,
      content: Buffer.of(AlertLevel.warning, Alert.close_notify),
    });
    expect(bench.ends).toEqual(['closed']);
  });
});

/** What is malformed, and the alert that it is answered with (RFC 8446 6, RFC 5246 7.2). */
type Refusal = readonly [what: string, alert: number, records: (bench: Bench) => readonly Buffer[]];

const OF_BOTH: readonly Refusal[] = [
  ['a record that is not authentic', Alert.bad_record_mac, ({ client }) => [flipped(client.seal('x'))]],
  ['a record too short for a tag', Alert.bad_record_mac, () => [Buffer.of(DATA, 3, 3, 0, 1, 0)]],
  ['an empty body', Alert.bad_record_mac, () => [Buffer.of(DATA, 3, 3, 0, 0)]],
  ['2^14 + 1 bytes', Alert.record_overflow, ({ client }) => [client.sealLonger(MAX_BYTES + 1)]],
  [
    '33 empty records in a row',
    Alert.unexpected_message,
    ({ client }) => Array.from({ length: 33 }, () => client.seal('')),
  ],
  ['an alert of three bytes', Alert.decode_error, ({ client }) => [client.seal(Buffer.of(2, 40, 0), ALERT)]],
  ['an alert of level 3', Alert.illegal_parameter, ({ client }) => [client.seal(Buffer.of(3, 0), ALERT)]],
  [
    'a ClientHello',
    Alert.unexpected_message,
    ({ client }) => [client.seal(Buffer.of(1, 0, 0, 0), HANDSHAKE)],
  ],
];

const OF_TLS13: readonly Refusal[] = [
  [
    'a handshake message in the clear',
    Alert.unexpected_message,
    () => [Buffer.of(HANDSHAKE, 3, 3, 0, 4, 1, 0, 0, 0)],
  ],
  ['a ChangeCipherSpec after the handshake', Alert.unexpected_message, () => [Buffer.of(CCS, 3, 3, 0, 1, 1)]],
  ['an alert in the clear', Alert.unexpected_message, () => [Buffer.of(ALERT, 3, 3, 0, 2, 2, 40)]],
  ['an empty handshake record', Alert.unexpected_message, ({ client }) => [client.seal('', HANDSHAKE)]],
  ['an empty alert record', Alert.unexpected_message, ({ client }) => [client.seal('', ALERT)]],
  [
    'a record of padding alone',
    Alert.unexpected_message,
    ({ client }) => [client.sealPadded(Buffer.alloc(0), 100, 0)],
  ],
  [
    'a protected ChangeCipherSpec',
    Alert.unexpected_message,
    ({ client }) => [client.seal(Buffer.of(1), CCS)],
  ],
  [
    'padding beyond 2^14 + 1 bytes',
    Alert.record_overflow,
    ({ client }) => [client.sealPadded(Buffer.from('x'), MAX_BYTES)],
  ],
  [
    'a KeyUpdate that asks for what there is not',
    Alert.illegal_parameter,
    ({ client }) => [client.seal(Buffer.of(24, 0, 0, 1, 2), HANDSHAKE)],
  ],
  [
    'a KeyUpdate without an end',
    Alert.decode_error,
    ({ client }) => [client.seal(Buffer.of(24, 0, 0, 2, 0), HANDSHAKE)],
  ],
];

const OF_TLS12: readonly Refusal[] = [
  ['an empty alert record', Alert.decode_error, ({ client }) => [client.seal('', ALERT)]],
  ['an empty handshake record', Alert.unexpected_message, ({ client }) => [client.seal('', HANDSHAKE)]],
  [
    'a ChangeCipherSpec after the handshake',
    Alert.unexpected_message,
    ({ client }) => [client.seal(Buffer.of(1), CCS)],
  ],
  [
    'a KeyUpdate',
    Alert.unexpected_message,
    ({ client }) => [client.seal(Buffer.of(24, 0, 0, 1, 0), HANDSHAKE)],
  ],
];

describe.each([
  { suite: TLS13, refusals: [...OF_BOTH, ...OF_TLS13] },
  { suite: TLS12, refusals: [...OF_BOTH, ...OF_TLS12] },
])('TLS $suite.version refuses', ({ suite, refusals }) => {
  describe.each(refusals)('%s', (_what, description, records) => {
    it.each([false, true])('with its alert; taken over before: %s', async (takenOver) => {
      const bench = await start(suite);
      bench.send(bench.client.seal(GET));
      await reply(bench, '0 bytes.');
      if (takenOver) expect(await bench.takeOver()).toBeUndefined();
      for (const record of records(bench)) bench.send(record);
      await until(() => bench.ends.length > 0);
      expect(bench.opened.at(-1)).toEqual({
        type: ALERT,
        content: Buffer.of(AlertLevel.fatal, description),
      });
      expect(bench.ends).toEqual(['closed']);
      expect(bench.closed).toBe(true);
    });

    it('with its alert, also when the primary is lost before it has answered', async () => {
      const bench = await start(suite);
      bench.passing = 0;
      for (const record of records(bench)) bench.send(record);
      expect(await bench.takeOver()).toBeUndefined();
      await until(() => bench.ends.length > 0);
      expect(bench.opened).toEqual([{ type: ALERT, content: Buffer.of(AlertLevel.fatal, description) }]);
    });
  });
});

function flipped(record: Buffer): Buffer {
  record[record.length - 1] = (record.at(-1) ?? 0) ^ 1;
  return record;
}
