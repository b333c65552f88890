import { describe, expect, it, vi } from 'vitest';
import { findSuite } from '../../src/tls/cipher-suites.js';
import { keyBlockKeys } from '../../src/tls/key-schedule-12.js';
import { deriveTrafficKeys } from '../../src/tls/key-schedule-13.js';
import { ContentType } from '../../src/tls/record.js';
import { RecordLayer } from '../../src/tls/record-layer.js';
import { WriteState } from '../../src/tls/record-protection.js';
import { encodeKeyUpdate } from '../../src/tls/rekey.js';
import { RecordClient, staticState } from '../cluster/replica/record-bench.js';
import { referenceSeal } from './reference-seal.js';

const TLS13 = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const TLS12 = findSuite({ version: '1.2', name: 'aes-256-gcm', authentication: 'ecdsa' });
const PREFIX = Buffer.of(0, 0, 0, 9);
/** Records before the application epoch of {@link staticState}. */
const START = { recordsRead: 3, recordsWritten: 4 };

function layer(suite = TLS13, start = START): RecordLayer {
  return new RecordLayer({ state: staticState(suite), ...start, prefix: PREFIX });
}

function withoutPrefix(parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(parts);
  expect(bytes.subarray(0, PREFIX.length)).toEqual(PREFIX);
  return bytes.subarray(PREFIX.length);
}

describe.each([TLS13, TLS12])('the record layer of $name', (suite) => {
  it('opens what the client seals and seals what it opens, and counts as the director does', () => {
    const client = new RecordClient(suite, START.recordsWritten);
    const records = layer(suite);
    for (let i = 1; i <= 3; i++) {
      const request = Buffer.alloc(i * 5000, i);
      expect(records.open(client.seal(request))).toEqual({
        type: ContentType.application_data,
        content: request,
      });
      const sealed = withoutPrefix(records.seal(ContentType.application_data, Buffer.from(`reply ${i}`)));
      expect(client.open(sealed).content.toString()).toBe(`reply ${i}`);
      expect([records.recordsRead, records.recordsWritten]).toEqual([3 + i, 4 + i]);
    }
  });

  it('goes on anywhere in the epoch', () => {
    const client = new RecordClient(suite, START.recordsWritten + 7);
    const records = layer(suite, {
      recordsRead: START.recordsRead,
      recordsWritten: START.recordsWritten + 7,
    });
    const sealed = withoutPrefix(records.seal(ContentType.application_data, Buffer.from('later')));
    expect(client.open(sealed).content.toString()).toBe('later');
  });

  it('makes no object of what a record was sealed with unless somebody wants it', () => {
    const asked = vi.spyOn(WriteState.prototype, 'sealedWith', 'get');
    const content = Buffer.from('reply');
    layer(suite).seal(ContentType.application_data, content);
    expect(asked).not.toHaveBeenCalled();
    const noted = new RecordLayer({
      state: staticState(suite),
      ...START,
      prefix: PREFIX,
      note: () => PREFIX,
    });
    expect(noted.seal(ContentType.application_data, content)[0]).toBe(PREFIX);
    expect(asked).toHaveBeenCalledOnce();
    asked.mockRestore();
  });

  it('cannot begin before the epoch', () => {
    expect(() => layer(suite, { ...START, recordsRead: 2 })).toThrow(RangeError);
    expect(() => layer(suite, { ...START, recordsWritten: 3 })).toThrow(RangeError);
  });

  it('derives no key from secrets that are wiped: the keys of zeros are known to all', () => {
    const records = layer(suite);
    const record = new RecordClient(suite, START.recordsWritten).seal('too late');
    records.wipe();
    expect(() => records.open(record)).toThrow(/wiped/);
    expect(() => records.seal(ContentType.application_data, record)).toThrow(/wiped/);
    expect([records.recordsRead, records.recordsWritten]).toEqual([START.recordsRead, START.recordsWritten]);
  });

  it('needs no secret any more when its keys have been derived', () => {
    const records = layer(suite);
    const client = new RecordClient(suite, START.recordsWritten);
    records.deriveKeys();
    records.wipe();
    expect(records.open(client.seal('request')).content.toString()).toBe('request');
    const sealed = withoutPrefix(records.seal(ContentType.application_data, Buffer.from('reply')));
    expect(client.open(sealed).content.toString()).toBe('reply');
  });

  it('refuses a record that comes twice', () => {
    const records = layer(suite);
    const record = new RecordClient(suite, START.recordsWritten).seal('once');
    records.open(record);
    expect(() => records.open(record)).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
  });
});

describe('KeyUpdate', () => {
  it('of the client begins a new epoch of reading', () => {
    const client = new RecordClient(TLS13, START.recordsWritten);
    const records = layer();
    records.open(client.seal('old key'));
    records.open(client.keyUpdate(false));
    records.rekeyRead(false);
    expect(records.state).toMatchObject({ epoch: 1, readBase: 5, writeBase: 4 });
    expect(records.open(client.seal('new key')).content.toString()).toBe('new key');
    expect(records.recordsRead).toBe(6);
  });

  it('of the server is the last record of the old key, and counts', () => {
    const client = new RecordClient(TLS13, START.recordsWritten);
    const records = layer();
    expect(client.open(withoutPrefix(records.rekeyWrite(false))).content).toEqual(encodeKeyUpdate(false));
    expect(records.recordsWritten).toBe(5);
    expect(records.state).toMatchObject({ epoch: 1, readBase: 3, writeBase: 5 });
    const sealed = withoutPrefix(records.seal(ContentType.application_data, Buffer.from('new key')));
    expect(client.open(sealed).content.toString()).toBe('new key');
    expect(records.recordsWritten).toBe(6);
  });

  it('wipes the state of the epoch before', () => {
    const state = staticState(TLS13);
    const records = new RecordLayer({ state, ...START, prefix: PREFIX });
    records.open(new RecordClient(TLS13, START.recordsWritten).keyUpdate(false));
    records.rekeyRead(false);
    expect(state.secrets).toEqual({ kind: 'tls13', client: Buffer.alloc(32), server: Buffer.alloc(32) });
  });

  it('is due before the key is used up', () => {
    const before = { ...START, recordsWritten: START.recordsWritten + TLS13.sealLimit - 65_537 };
    const records = layer(TLS13, before);
    expect(records.needsRekey).toBe(false);
    records.seal(ContentType.application_data, Buffer.alloc(1));
    expect(records.needsRekey).toBe(true);
    records.rekeyWrite(false);
    expect(records.needsRekey).toBe(false);
  });
});

/** Other suites stop long before. */
describe.each(['1.3', '1.2'] as const)('past 2^32 records, TLS %s ChaCha20-Poly1305', (version) => {
  const suite = findSuite({ version, name: 'chacha20-poly1305', authentication: 'ecdsa' });
  const NEAR = 2 ** 32 - 2;

  it('both directions go on', () => {
    const at = {
      recordsRead: START.recordsRead + NEAR,
      recordsWritten: START.recordsWritten + NEAR,
    };
    const records = layer(suite, at);
    const { secrets } = staticState(suite);
    const keys =
      secrets.kind === 'tls12'
        ? {
            client: keyBlockKeys(suite, secrets.keyBlock, 'client'),
            server: keyBlockKeys(suite, secrets.keyBlock, 'server'),
          }
        : {
            client: deriveTrafficKeys(suite, secrets.client),
            server: deriveTrafficKeys(suite, secrets.server),
          };
    for (let i = 0; i < 5; i++) {
      const content = Buffer.from(`record ${i}`);
      const sealed = { type: ContentType.application_data, content, sequenceNumber: NEAR + i };
      expect(records.open(referenceSeal(suite, keys.client, sealed)).content).toEqual(content);
      const written = withoutPrefix(records.seal(ContentType.application_data, content));
      expect(written).toEqual(referenceSeal(suite, keys.server, sealed));
    }
    expect(records.recordsRead).toBe(at.recordsRead + 5);
    expect(records.recordsWritten).toBe(at.recordsWritten + 5);
  });
});

it('a record layer that is wiped holds no secrets', () => {
  const records = layer();
  records.wipe();
  expect(records.state.secrets).toEqual({
    kind: 'tls13',
    client: Buffer.alloc(32),
    server: Buffer.alloc(32),
  });
});
