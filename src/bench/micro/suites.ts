/** The cipher suites that steps are measured with: each AEAD once per version of TLS. */
import { CIPHER_SUITES, type CipherSuite } from '../../tls/cipher-suites.js';

/** RSA and ECDSA suites of TLS 1.2 differ in the handshake alone. */
export const MEASURED_SUITES: readonly CipherSuite[] = CIPHER_SUITES.filter(
  ({ authentication }) => authentication !== 'rsa',
);

/** Of takeovers, which take a replica each: the first choice of each version. */
export const COMMON_SUITES: readonly CipherSuite[] = MEASURED_SUITES.filter(
  ({ aead }) => aead === 'aes-128-gcm',
);

/** `1.3 aes-128-gcm`: enough to tell suites apart, and short. */
export function suiteTitle({ version, aead }: CipherSuite): string {
  return `${version} ${aead}`;
}

/** Part of the id of a step: `tls13.aes-128-gcm`. */
export function suiteId({ version, aead }: Pick<CipherSuite, 'version' | 'aead'>): string {
  return `${versionId(version)}.${aead}`;
}

/** Part of the id of a step: `tls13`. */
export function versionId(version: CipherSuite['version']): string {
  return `tls${version.replace('.', '')}`;
}
