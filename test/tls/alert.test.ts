import { describe, expect, it } from 'vitest';
import { Alert, AlertLevel, encodeAlert, parseAlert, plaintextAlert } from '../../src/tls/alert.js';

describe('alerts', () => {
  it('are level and description', () => {
    expect([...encodeAlert(AlertLevel.warning, Alert.close_notify)]).toEqual([1, 0]);
    expect([...encodeAlert(AlertLevel.fatal, Alert.bad_record_mac)]).toEqual([2, 20]);
  });

  it('are parsed back, unknown descriptions included', () => {
    expect(parseAlert(Buffer.of(2, 20))).toEqual({
      level: AlertLevel.fatal,
      description: Alert.bad_record_mac,
    });
    expect(parseAlert(Buffer.of(1, 255))).toEqual({ level: AlertLevel.warning, description: 255 });
  });

  it('can be sent as a record without protection', () => {
    expect(plaintextAlert(Alert.protocol_version)).toEqual(Buffer.of(21, 3, 3, 0, 2, 2, 70));
  });

  it.each([[[]], [[2]], [[2, 20, 0]]])('of a wrong length are a decode_error: %j', (bytes) => {
    expect(() => parseAlert(Buffer.from(bytes))).toThrow(
      expect.objectContaining({ alert: Alert.decode_error }),
    );
  });

  it.each([0, 3])('of level %i are an illegal_parameter', (level) => {
    expect(() => parseAlert(Buffer.of(level, 0))).toThrow(
      expect.objectContaining({ alert: Alert.illegal_parameter }),
    );
  });
});
