import { describe, expect, it } from 'vitest';
import { Alert, AlertLevel } from '../../src/tls/alert.js';
import { ReceiveGuard } from '../../src/tls/receive-guard.js';
import { ContentType } from '../../src/tls/record.js';

const { application_data: DATA, handshake: HANDSHAKE, alert: ALERT } = ContentType;
const VERSIONS = ['1.3', '1.2'] as const;

const data = (text: string) => ({ type: DATA, content: Buffer.from(text) });
const alert = (level: AlertLevel, description: number) => ({
  type: ALERT,
  content: Buffer.of(level, description),
});
const refusedWith = (code: number) => expect.objectContaining({ name: 'ProtocolError', alert: code });

describe.each(VERSIONS)('TLS %s', (version) => {
  it('allows 32 empty records in a row, as often as there is something between', () => {
    const guard = new ReceiveGuard(version);
    for (const between of [data('x'), { type: HANDSHAKE, content: Buffer.alloc(5) }, data('y')]) {
      for (let count = 0; count < 32; count++) expect(guard.receive(data(''))).toBe('nothing');
      expect(guard.receive(between)).toBe('content');
    }
  });

  it('refuses the 33rd empty record', () => {
    const guard = new ReceiveGuard(version);
    for (let count = 0; count < 32; count++) guard.receive(data(''));
    expect(() => guard.receive(data(''))).toThrow(refusedWith(Alert.unexpected_message));
  });

  it('ignores what follows a close_notify, whatever its level', () => {
    for (const level of [AlertLevel.warning, AlertLevel.fatal]) {
      const guard = new ReceiveGuard(version);
      expect(guard.receive(alert(level, Alert.close_notify))).toBe('closed');
      for (const after of [data('x'), data(''), alert(AlertLevel.fatal, Alert.internal_error)]) {
        expect(guard.receive(after)).toBe('nothing');
      }
    }
  });

  it('takes a fatal alert for the end, known or not', () => {
    for (const description of [Alert.bad_certificate, 255]) {
      expect(new ReceiveGuard(version).receive(alert(AlertLevel.fatal, description))).toBe('failed');
    }
  });

  it.each([
    ['too short', Buffer.of(1), Alert.decode_error],
    ['two alerts in one', Buffer.of(1, 0, 1, 0), Alert.decode_error],
    ['of a level that does not exist', Buffer.of(3, 0), Alert.illegal_parameter],
  ])('refuses an alert that is %s', (_what, content, code) => {
    expect(() => new ReceiveGuard(version).receive({ type: ALERT, content })).toThrow(refusedWith(code));
  });

  it('ignores five alerts that are no errors, and refuses the sixth', () => {
    const harmless = version === '1.3' ? Alert.user_canceled : Alert.no_renegotiation;
    const guard = new ReceiveGuard(version);
    for (let count = 0; count < 5; count++) {
      expect(guard.receive(alert(AlertLevel.warning, harmless))).toBe('nothing');
    }
    expect(() => guard.receive(alert(AlertLevel.warning, harmless))).toThrow(
      refusedWith(Alert.unexpected_message),
    );
  });
});

it('takes an error of the level warning for the end in TLS 1.3 only', () => {
  const received = (version: '1.3' | '1.2') =>
    new ReceiveGuard(version).receive(alert(AlertLevel.warning, Alert.bad_certificate));
  expect([received('1.3'), received('1.2')]).toEqual(['failed', 'nothing']);
});
