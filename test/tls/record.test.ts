import { describe, expect, it } from 'vitest';
import {
  ContentType,
  isContentType,
  recordBodyBytes,
  recordType,
  writeRecordHeader,
} from '../../src/tls/record.js';

describe('record header', () => {
  it('is type, version 3.3 and length', () => {
    const bytes = Buffer.alloc(7);
    writeRecordHeader(bytes, 2, ContentType.handshake, 0x1234);
    expect(bytes.toString('hex')).toBe('00001603031234');
    expect(recordType(bytes, 2)).toBe(ContentType.handshake);
    expect(recordBodyBytes(bytes, 2)).toBe(0x1234);
  });

  it('has one of four content types', () => {
    expect([19, 20, 21, 22, 23, 24].filter(isContentType)).toEqual([20, 21, 22, 23]);
  });
});
