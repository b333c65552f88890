import { EventEmitter, once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import type { Application } from '../../../src/contracts/workload.js';
import { Alert } from '../../../src/tls/alert.js';
import { type CipherSuite, findSuite, type TlsVersion } from '../../../src/tls/cipher-suites.js';
import { ContentType } from '../../../src/tls/record.js';
import { encodeKeyUpdate } from '../../../src/tls/rekey.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { until } from './harness.js';
import { Bench } from './record-bench.js';

const TLS13 = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const TLS12 = findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' });
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
const ECHO: Application = (request, response) => {
  response.writeHead(200, { 'Content-Length': 6 });
  response.end('reply.');
  request.resume();
};

const running: Bench[] = [];
afterEach(() => {
  for (const bench of running.splice(0)) bench.stop();
});

async function start(
  suite: CipherSuite,
  application: Application = ECHO,
  strategy: RecoveryStrategy = spr,
): Promise<Bench> {
  const bench = new Bench(suite, strategy, application);
  running.push(bench);
  await bench.establish();
  return bench;
}

/** Sends a GET and waits for the end of its reply. */
async function exchange(bench: Bench, reply = 'reply.'): Promise<void> {
  const { length } = bench.text;
  bench.send(bench.client.seal(GET));
  await until(() => bench.text.length > length && bench.text.endsWith(reply));
}

function keyUpdates(bench: Bench): number {
  return bench.opened.filter(({ type }) => type === ContentType.handshake).length;
}

describe('KeyUpdate of the client', () => {
  it('is followed, and answered when it asks for it', async () => {
    const bench = await start(TLS13);
    bench.send(bench.client.keyUpdate(false));
    await exchange(bench);
    expect(keyUpdates(bench)).toBe(0);
    bench.send(bench.client.keyUpdate(true));
    await until(() => keyUpdates(bench) === 1);
    expect(bench.opened.at(-1)?.content).toEqual(encodeKeyUpdate(false));
    await exchange(bench);
  });

  it.each([true, false])('is replicated: the backup goes on in the new epoch, answered: %s', async (asks) => {
    const bench = await start(TLS13);
    bench.send(bench.client.keyUpdate(asks));
    await exchange(bench);
    expect(await bench.takeOver()).toBeUndefined();
    await exchange(bench);
    expect(bench.ends).toEqual([]);
  });

  it('is made again by a backup that did not get it, with the records that came with it', async () => {
    const bench = await start(TLS13);
    await exchange(bench);
    bench.passing = 0;
    bench.send(bench.client.keyUpdate(true));
    bench.send(bench.client.seal(GET));
    await bench.takeOver();
    await until(() => bench.text.split('reply.').length === 3);
    expect(keyUpdates(bench)).toBe(1);
    await exchange(bench);
  });

  it('is not answered twice when its answer has reached the client, but not its commit', async () => {
    const bench = await start(TLS13);
    await exchange(bench);
    bench.passing = 1;
    bench.send(bench.client.keyUpdate(true));
    await until(() => keyUpdates(bench) === 1);
    await bench.takeOver();
    await exchange(bench);
    expect(keyUpdates(bench)).toBe(1);
  });

  it.each([
    ['its answer has reached the client', 2],
    ['its answer was lost', 1],
  ])('in the middle of a reply is taken over when %s', async (_case, passing) => {
    const events = new EventEmitter();
    const bench = await start(TLS13, (_request, response) => {
      response.writeHead(200, { 'Content-Length': 6 });
      response.write('rep', () => events.emit('begun'));
      events.once('finish', () => response.end('ly.'));
    });
    bench.passing = passing;
    bench.send(bench.client.seal(GET));
    await once(events, 'begun');
    bench.send(bench.client.keyUpdate(true));
    const begunAgain = once(events, 'begun');
    expect(await bench.takeOver()).toBeUndefined();
    await begunAgain;
    events.emit('finish');
    await until(() => bench.text.endsWith('\r\n\r\nreply.'));
    expect(keyUpdates(bench)).toBe(1);
    expect(bench.ends).toEqual([]);
  });
});

describe('a reply that is not made again as it was', () => {
  const counting = (replies: readonly string[]): Application => {
    let execution = 0;
    return (_request, response) => {
      const reply = replies[execution++] ?? '';
      response.writeHead(200, { 'Content-Length': reply.length });
      response.end(reply);
    };
  };

  it.each([
    ['other bytes', ['reply.', 'REPLY.']],
    ['more', ['reply.', 'reply, and more.']],
    ['less', ['a long reply.', 'reply.']],
  ])('is refused: %s', async (_what, replies) => {
    const bench = await start(TLS13, counting(replies));
    bench.passing = 1;
    await exchange(bench);
    const before = bench.text;
    await bench.takeOver();
    await until(() => bench.ends.length > 0);
    expect(bench.ends).toEqual(['diverged']);
    expect(bench.text).toBe(before);
  });
});

/** Before the first takeover: the third one is past 2^32. */
const START = 2 ** 32 - 2;
const FEW = { recordsRead: 3, recordsWritten: 3 };
const MOST = { recordsRead: START - 3, recordsWritten: START - 3 };
/** More than 2^32 records with one key only ChaCha20-Poly1305 may seal. */
const CHACHA: readonly TlsVersion[] = ['1.3', '1.2'];

describe.each([
  { name: 'TLS 1.3, whose keys were replaced', suite: TLS13, base: MOST, used: FEW },
  { name: 'TLS 1.2 AES-GCM, whose keys began late', suite: TLS12, base: MOST, used: FEW },
  ...CHACHA.map((version) => ({
    name: `TLS ${version} ChaCha20-Poly1305`,
    suite: findSuite({ version, name: 'chacha20-poly1305', authentication: 'ecdsa' }),
    base: FEW,
    used: MOST,
  })),
])('a connection around 2^32 records: $name', ({ suite, base, used }) => {
  it.each([spr, fullStateCopy])('is taken over, and committed modulo 2^32, $id', async (strategy) => {
    const bench = new Bench(suite, strategy, ECHO, { base, used });
    running.push(bench);
    await bench.establish();
    for (let exchanges = 1; exchanges <= 3; exchanges++) {
      // Nothing of the reply gets through: all of it is made by the backup.
      bench.passing = 0;
      bench.send(bench.client.seal(GET));
      expect(await bench.takeOver()).toBeUndefined();
      await until(() => bench.journal.commitRead === START + exchanges);
      expect(bench.journal.commitWritten).toBe(START + exchanges);
      expect(bench.text.split('reply.')).toHaveLength(exchanges + 1);
    }
    expect(bench.ends).toEqual([]);
  });
});

describe('a request that is not idempotent', () => {
  const BODY_BYTES = 4;
  const HEAD = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`;

  it.each([0, 1])(
    'with a KeyUpdate in its middle is answered from its outcome; %i records have reached the client',
    async (passing) => {
      let executions = 0;
      const bench = await start(TLS13, (request, response) => {
        request.resume().on('end', () => {
          executions += 1;
          response.writeHead(200, { 'Content-Length': 6 });
          response.end('posted');
        });
      });
      bench.passing = passing;
      bench.send(bench.client.seal(HEAD));
      bench.send(bench.client.keyUpdate(true));
      bench.send(bench.client.seal('body'));
      await until(() => bench.kept.outcomes.length === 1);
      await until(() => bench.passing === 0);
      expect(await bench.takeOver()).toBeUndefined();
      await until(() => bench.text.endsWith('posted') || bench.ends.length > 0);
      expect(bench.ends).toEqual([]);
      expect(keyUpdates(bench)).toBe(1);
      expect(executions).toBe(1);
    },
  );

  it('does not run again when it came behind a commit in the middle of a reply', async () => {
    let executions = 0;
    const events = new EventEmitter();
    const bench = await start(TLS13, (request, response, exchange) => {
      response.writeHead(200, { 'Content-Length': 6 });
      if (request.method === 'GET') {
        response.write('rep', () => exchange.checkpoint(Buffer.from('rep')));
        events.once('finish', () => response.end('ly.'));
        return;
      }
      executions += 1;
      request.resume();
      response.end('posted');
    });
    bench.send(bench.client.seal(GET));
    await until(() => bench.journal.sealedState !== undefined);
    bench.passing = 0;
    bench.send(bench.client.seal(`${HEAD}body`));
    await until(() => executions === 1);
    events.emit('finish');
    await until(() => bench.kept.outcomes.length === 1);
    expect(await bench.takeOver()).toBeUndefined();
    await until(() => bench.ends.length > 0);
    expect(bench.ends).toEqual(['state-mismatch']);
    expect(executions).toBe(1);
  });
});

describe('a connection at the seal limit of its key', () => {
  it('ends, and takes nothing else with it', async () => {
    // Only behind the last free number there is no KeyUpdate to make room: TLS 1.2 has none.
    const bench = new Bench(TLS12, spr, ECHO, {
      used: { recordsRead: 0, recordsWritten: TLS12.sealLimit - 1 },
    });
    running.push(bench);
    await bench.establish();
    await exchange(bench);
    bench.send(bench.client.seal(GET));
    await until(() => bench.ends.length > 0);
    expect(bench.closed).toBe(true);
  });
});

describe('records that cannot be right', () => {
  it.each([
    [
      'a record of a wrong key',
      Buffer.concat([Buffer.of(23, 3, 3, 0, 40), Buffer.alloc(40)]),
      Alert.bad_record_mac,
    ],
    ['a handshake message in the clear', Buffer.of(22, 3, 3, 0, 4, 1, 0, 0, 0), Alert.unexpected_message],
  ])('are answered with an alert: %s', async (_what, record, description) => {
    const bench = await start(TLS13);
    bench.send(record);
    await until(() => bench.ends.length > 0);
    expect(bench.opened).toEqual([{ type: ContentType.alert, content: Buffer.of(2, description) }]);
    expect(bench.ends).toEqual(['closed']);
    expect(bench.closed).toBe(true);
  });
});

describe('the state at the backup', () => {
  it('is forgotten when the connection ends', async () => {
    const bench = await start(TLS13);
    await exchange(bench);
    expect(bench.kept.established).toBeDefined();
    bench.send(bench.client.seal(Buffer.of(1, Alert.close_notify), ContentType.alert));
    await until(() => bench.forgotten);
    expect(bench.closed).toBe(true);
  });
});

describe('a checkpoint', () => {
  it('may be 1 KiB long', async () => {
    const refused: unknown[] = [];
    const bench = await start(TLS13, (_request, response, exchange) => {
      response.writeHead(200, { 'Content-Length': 6 });
      response.write('rep', () => {
        exchange.checkpoint(Buffer.alloc(1024));
        try {
          exchange.checkpoint(Buffer.alloc(1025));
        } catch (error) {
          refused.push(error);
        }
        response.end('ly.');
      });
    });
    await exchange(bench);
    expect(refused).toEqual([new RangeError('checkpoint of 1025 bytes, allowed are 1024')]);
  });
});
