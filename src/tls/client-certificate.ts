/**
 * The verdict on a client's certificate. OpenSSL checks its chain while the handshake goes on; Node keeps the result to
 * itself until it is asked, and lets the handshake end whatever it is.
 */
import type { TLSSocket } from 'node:tls';
import { Alert, type AlertDescription } from './alert.js';

export interface CertificateProblem {
  readonly reason: string;
  /** What the client is told (RFC 8446 6.2). */
  readonly alert: AlertDescription;
}

/** The alerts that OpenSSL answers with where it decides itself; what is not named is `certificate_unknown`. */
const ALERT_OF_CODE: ReadonlyMap<string, AlertDescription> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', Alert.unknown_ca],
  ['SELF_SIGNED_CERT_IN_CHAIN', Alert.unknown_ca],
  ['UNABLE_TO_GET_ISSUER_CERT', Alert.unknown_ca],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', Alert.unknown_ca],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', Alert.unknown_ca],
  ['INVALID_CA', Alert.unknown_ca],
  ['CERT_CHAIN_TOO_LONG', Alert.unknown_ca],
  ['CERT_SIGNATURE_FAILURE', Alert.decrypt_error],
  ['CERT_NOT_YET_VALID', Alert.bad_certificate],
  ['CERT_REJECTED', Alert.bad_certificate],
  ['CERT_HAS_EXPIRED', Alert.certificate_expired],
  ['CERT_REVOKED', Alert.certificate_revoked],
  ['INVALID_PURPOSE', Alert.unsupported_certificate],
]);

/** What `tls.Server` asks too; `ssl` is the one way to it, and no part of the documented interface. */
interface VerifyingSocket {
  readonly ssl?: { verifyError?(): (Error & { code?: string }) | null | undefined } | null;
}

/** Why the certificate of a server's peer is not accepted; undefined when it is. What cannot be asked is refused. */
export function peerCertificateProblem(socket: TLSSocket): CertificateProblem | undefined {
  const { ssl } = socket as VerifyingSocket;
  if (typeof ssl?.verifyError !== 'function') {
    return { reason: 'the certificate cannot be verified', alert: Alert.internal_error };
  }
  const error = ssl.verifyError();
  if (error === null || error === undefined) return undefined;
  const alert = ALERT_OF_CODE.get(error.code ?? '') ?? Alert.certificate_unknown;
  return { reason: `the client's certificate is not accepted: ${error.message}`, alert };
}
