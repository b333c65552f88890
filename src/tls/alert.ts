/** TLS alerts (RFC 8446 6, RFC 5246 7.2): a content of two bytes. */
import { ProtocolError } from '../base/errors.js';
import { ContentType, RECORD_HEADER_BYTES, writeRecordHeader } from './record.js';

export const AlertLevel = { warning: 1, fatal: 2 } as const;
export type AlertLevel = (typeof AlertLevel)[keyof typeof AlertLevel];

/**
 * Alert descriptions, under the names of RFC 8446 6 and RFC 5246 7.2. Peers may send others: an alert that was read has
 * just a number.
 */
export const Alert = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  unknown_psk_identity: 115,
  certificate_required: 116,
  no_application_protocol: 120,
} as const;
export type AlertDescription = (typeof Alert)[keyof typeof Alert];

export const ALERT_BYTES = 2;

/** An alert as the peer sent it: its description may be one that {@link Alert} does not name. */
export interface ParsedAlert {
  readonly level: AlertLevel;
  readonly description: number;
}

/** Content of an alert record. `description` is one of {@link Alert}, or the `alert` of a ProtocolError. */
export function encodeAlert(level: AlertLevel, description: number): Buffer {
  return Buffer.of(level, description);
}

/**
 * Parses the content of one alert record. One record carries exactly one alert (RFC 8446 5.1).
 * @throws ProtocolError decode_error on a wrong length, illegal_parameter on a level that does not exist.
 */
export function parseAlert(content: Buffer): ParsedAlert {
  const [level, description] = content;
  if (content.length !== ALERT_BYTES || description === undefined) {
    throw new ProtocolError(Alert.decode_error, `alert of ${content.length} bytes, must be ${ALERT_BYTES}`);
  }
  if (level !== AlertLevel.warning && level !== AlertLevel.fatal) {
    throw new ProtocolError(
      Alert.illegal_parameter,
      `alert level ${level}, must be 1 (warning) or 2 (fatal)`,
    );
  }
  return { level, description };
}

/** A fatal alert as a whole record without protection, as it may be sent before the handshake has begun. */
export function plaintextAlert(description: AlertDescription): Buffer {
  const record = Buffer.alloc(RECORD_HEADER_BYTES + ALERT_BYTES);
  writeRecordHeader(record, 0, ContentType.alert, ALERT_BYTES);
  encodeAlert(AlertLevel.fatal, description).copy(record, RECORD_HEADER_BYTES);
  return record;
}
