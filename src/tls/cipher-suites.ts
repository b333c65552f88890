/** The cipher suites that the record layer speaks: AEADs with an ephemeral key exchange, TLS 1.3 and 1.2. */
import { UsageError } from '../base/errors.js';

export type TlsVersion = '1.3' | '1.2';
export type Aead = 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
export type HashAlgorithm = 'sha256' | 'sha384';
/** Kind of the server's certificate. */
export type Authentication = 'ecdsa' | 'rsa';

export interface CipherSuite {
  /** Code point in the IANA registry. */
  readonly id: number;
  /** Name in the IANA registry. */
  readonly name: string;
  /** Name in OpenSSL's `ciphers` option. */
  readonly opensslName: string;
  readonly version: TlsVersion;
  readonly aead: Aead;
  readonly keyBytes: number;
  /** Hash of HKDF (TLS 1.3) or of the PRF (TLS 1.2). */
  readonly hash: HashAlgorithm;
  readonly hashBytes: number;
  /** Nonce bytes that come from the key schedule: 12, or 4 for TLS 1.2 GCM (RFC 5288 3). */
  readonly fixedIvBytes: number;
  /** Nonce bytes that each record carries: 8 for TLS 1.2 GCM, else 0. */
  readonly explicitNonceBytes: number;
  /** Certificates it works with. */
  readonly authentication: 'any' | Authentication;
  /** Records that one key may seal (RFC 8446 5.5). */
  readonly sealLimit: number;
}

/** Tag of every AEAD here: AES-GCM (RFC 5116 5.1) and ChaCha20-Poly1305 (RFC 8439 2.8). */
export const TAG_BYTES = 16;

/** Nonce of every AEAD here (RFC 5116 5.1, RFC 8439 2.8). */
export const NONCE_BYTES = 12;

/**
 * RFC 8446 5.5: AES-GCM keys may seal 2^24.5 full-size records at a safety margin of 2^-57; rounded down. RFC 9325 4.4
 * asks for the same limit in TLS 1.2. Shorter records count as full ones, which is on the safe side.
 */
const AES_GCM_SEAL_LIMIT = Math.floor(2 ** 24.5);

/** RFC 8446 5.5: ChaCha20-Poly1305 reaches the end of the sequence numbers first. Ours end at 2^53 - 1. */
const CHACHA20_SEAL_LIMIT = Number.MAX_SAFE_INTEGER;

const AEADS = {
  'aes-128-gcm': { keyBytes: 16, hash: 'sha256', hashBytes: 32, sealLimit: AES_GCM_SEAL_LIMIT },
  'aes-256-gcm': { keyBytes: 32, hash: 'sha384', hashBytes: 48, sealLimit: AES_GCM_SEAL_LIMIT },
  'chacha20-poly1305': { keyBytes: 32, hash: 'sha256', hashBytes: 32, sealLimit: CHACHA20_SEAL_LIMIT },
} as const satisfies Record<Aead, Pick<CipherSuite, 'keyBytes' | 'hash' | 'hashBytes' | 'sealLimit'>>;

/** TLS 1.3: RFC 8446 B.4. Names are the same in OpenSSL. */
function suite13(id: number, name: string, aead: Aead): CipherSuite {
  return {
    id,
    name,
    opensslName: name,
    version: '1.3',
    aead,
    ...AEADS[aead],
    fixedIvBytes: NONCE_BYTES,
    explicitNonceBytes: 0,
    authentication: 'any',
  };
}

/** TLS 1.2: RFC 5289 (GCM) and RFC 7905 (ChaCha20-Poly1305). */
function suite12(
  id: number,
  name: string,
  opensslName: string,
  aead: Aead,
  authentication: Authentication,
): CipherSuite {
  const nonce =
    aead === 'chacha20-poly1305'
      ? { fixedIvBytes: NONCE_BYTES, explicitNonceBytes: 0 }
      : { fixedIvBytes: 4, explicitNonceBytes: 8 };
  return { id, name, opensslName, version: '1.2', aead, ...AEADS[aead], ...nonce, authentication };
}

/** Every supported suite, in order of preference within a version. */
export const CIPHER_SUITES: readonly CipherSuite[] = [
  suite13(0x1301, 'TLS_AES_128_GCM_SHA256', 'aes-128-gcm'),
  suite13(0x1302, 'TLS_AES_256_GCM_SHA384', 'aes-256-gcm'),
  suite13(0x1303, 'TLS_CHACHA20_POLY1305_SHA256', 'chacha20-poly1305'),
  suite12(
    0xc02b,
    'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'aes-128-gcm',
    'ecdsa',
  ),
  suite12(
    0xc02f,
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'aes-128-gcm',
    'rsa',
  ),
  suite12(
    0xc02c,
    'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'aes-256-gcm',
    'ecdsa',
  ),
  suite12(
    0xc030,
    'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'aes-256-gcm',
    'rsa',
  ),
  suite12(
    0xcca9,
    'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'chacha20-poly1305',
    'ecdsa',
  ),
  suite12(
    0xcca8,
    'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'chacha20-poly1305',
    'rsa',
  ),
];

const SUITES_BY_ID: ReadonlyMap<number, CipherSuite> = new Map(
  CIPHER_SUITES.map((suite) => [suite.id, suite]),
);

/** The suite with this IANA code point, if it is supported. */
export function suiteById(id: number): CipherSuite | undefined {
  return SUITES_BY_ID.get(id);
}

export interface SuiteChoice {
  readonly version: TlsVersion;
  /** An AEAD (`aes-128-gcm`), an IANA name or an OpenSSL name; case does not matter. */
  readonly name: string;
  readonly authentication: Authentication;
}

/**
 * The one suite that a user means by `--suite NAME` with the given version and kind of certificate.
 * @throws UsageError naming what is allowed
 */
export function findSuite({ version, name, authentication }: SuiteChoice): CipherSuite {
  const wanted = name.toLowerCase();
  const usable = CIPHER_SUITES.filter(
    (suite) =>
      suite.version === version &&
      (suite.authentication === 'any' || suite.authentication === authentication),
  );
  const found = usable.find((suite) => suiteNames(suite).some((known) => known.toLowerCase() === wanted));
  if (found !== undefined) return found;
  throw new UsageError(
    `--suite ${JSON.stringify(name)} is not available with TLS ${version} and an ${authentication.toUpperCase()} key; ` +
      `allowed: ${usable.flatMap(suiteNames).join(', ')}`,
  );
}

function suiteNames(suite: CipherSuite): string[] {
  return [...new Set<string>([suite.aead, suite.name, suite.opensslName])];
}
