/** TLS alerts (RFC 8446 6, RFC 5246 7.2): a content of two bytes. */
import { ProtocolError } from '../base/errors.js';

export const AlertLevel = { warning: 1, fatal: 2 } as const;
export type AlertLevel = (typeof AlertLevel)[keyof typeof AlertLevel];

/** Alert descriptions of RFC 8446 6 and RFC 5246 7.2. Peers may send others: an alert read is just a number. */
export const Alert = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  handshakeFailure: 40,
  badCertificate: 42,
  unsupportedCertificate: 43,
  certificateRevoked: 44,
  certificateExpired: 45,
  certificateUnknown: 46,
  illegalParameter: 47,
  unknownCa: 48,
  accessDenied: 49,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  insufficientSecurity: 71,
  internalError: 80,
  inappropriateFallback: 86,
  userCanceled: 90,
  noRenegotiation: 100,
  missingExtension: 109,
  unsupportedExtension: 110,
  unrecognizedName: 112,
  badCertificateStatusResponse: 113,
  unknownPskIdentity: 115,
  certificateRequired: 116,
  noApplicationProtocol: 120,
} as const;
export type AlertDescription = (typeof Alert)[keyof typeof Alert];

export const ALERT_BYTES = 2;

/** An alert as the peer sent it: its description may be one that {@link Alert} does not name. */
export interface ParsedAlert {
  readonly level: AlertLevel;
  readonly description: number;
}

export function encodeAlert(level: AlertLevel, description: AlertDescription): Buffer {
  return Buffer.of(level, description);
}

/**
 * Parses the content of one alert record. One record carries exactly one alert (RFC 8446 5.1).
 * @throws ProtocolError decode_error on a wrong length, illegal_parameter on a level that does not exist.
 */
export function parseAlert(content: Buffer): ParsedAlert {
  const [level, description] = content;
  if (content.length !== ALERT_BYTES || description === undefined) {
    throw new ProtocolError(Alert.decodeError, `alert of ${content.length} bytes, must be ${ALERT_BYTES}`);
  }
  if (level !== AlertLevel.warning && level !== AlertLevel.fatal) {
    throw new ProtocolError(Alert.illegalParameter, `alert level ${level}, must be 1 (warning) or 2 (fatal)`);
  }
  return { level, description };
}
