/**
 * Certificates of a run: a test CA and one server certificate signed by it (RFC 5280).
 *
 * node-forge writes the DER; node:crypto makes the keys and the signatures, because node-forge has no elliptic curves and
 * its RSA is plain JavaScript. So both kinds of key take the same path.
 */
import { createHash, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { UsageError } from '../base/errors.js';
import type { TrialSpec } from '../contracts/results.js';

type Asn1 = forge.asn1.Asn1;
const { Class, Type } = forge.asn1;

export type KeyType = TrialSpec['tls']['key'];

/** What a TLS server needs, and what its clients must trust. */
export interface Identity {
  /** The test CA; its private key is not kept. */
  readonly caPem: string;
  /** The server certificate, without its chain: the CA signed it directly. */
  readonly certificatePem: string;
  /** PKCS #8. */
  readonly privateKeyPem: string;
}

export interface IdentityOptions {
  readonly key: KeyType;
  /** DNS name that clients verify. `localhost` and 127.0.0.1 are always accepted beside it. */
  readonly servername: string;
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

interface Subject {
  readonly commonName: string;
  readonly publicKey: KeyObject;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Covers a clock that is behind, and time zones that are wrong. */
const VALID_BEFORE_MS = DAY_MS;
/** Longer than any run, too short to be used for anything else. */
const VALID_AFTER_MS = 7 * DAY_MS;
/** RFC 5280 4.1.2.2 allows 20 bytes and asks for a positive number. */
const SERIAL_BYTES = 16;
const CA_NAME = 'spr-bench test CA';
/** Clients look at the alternative names only (RFC 9525 2); a servername may be longer than a common name. */
const SERVER_NAME = 'spr-bench test server';
/** RFC 1035 2.3.1, and underscores, which occur. */
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/i;

const OID = {
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  sha256WithRsa: '1.2.840.113549.1.1.11',
} as const;

/** KeyUsage bits (RFC 5280 4.2.1.3) as the content of a DER BIT STRING: the number of unused bits, then the bits. */
const KEY_USAGE = {
  digitalSignature: '\x07\x80',
  digitalSignatureAndKeyEncipherment: '\x05\xa0',
  keyCertSignAndCrlSign: '\x01\x06',
} as const;

/**
 * Makes a new CA and a server certificate. RSA-4096 takes a second or so, off the main thread: make one identity per run.
 *
 * @throws UsageError when `servername` is not a DNS name.
 */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  if (!DNS_NAME.test(options.servername)) {
    throw new UsageError(`servername '${options.servername}' is not a DNS name`);
  }
  const [ca, server] = await Promise.all([createKeyPair(options.key), createKeyPair(options.key)]);
  const caSubject = { commonName: CA_NAME, publicKey: ca.publicKey };
  const serverSubject = { commonName: SERVER_NAME, publicKey: server.publicKey };
  const issuer = { ...caSubject, privateKey: ca.privateKey };
  return {
    caPem: issueCertificate(issuer, caSubject, caExtensions(ca.publicKey)),
    certificatePem: issueCertificate(issuer, serverSubject, serverExtensions(options, server, ca)),
    privateKeyPem: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

async function createKeyPair(key: KeyType): Promise<KeyPair> {
  const generate = promisify(generateKeyPair);
  if (key === 'ecdsa-p256') return generate('ec', { namedCurve: 'P-256' });
  return generate('rsa', { modulusLength: key === 'rsa-2048' ? 2048 : 4096 });
}

function caExtensions(publicKey: KeyObject): Asn1[] {
  return [
    extension(OID.basicConstraints, true, sequence(boolean(true))),
    extension(OID.keyUsage, true, bitString(KEY_USAGE.keyCertSignAndCrlSign)),
    extension(OID.subjectKeyIdentifier, false, octetString(keyIdentifier(publicKey))),
  ];
}

function serverExtensions(options: IdentityOptions, server: KeyPair, ca: KeyPair): Asn1[] {
  const usage =
    options.key === 'ecdsa-p256' ? KEY_USAGE.digitalSignature : KEY_USAGE.digitalSignatureAndKeyEncipherment;
  return [
    extension(OID.basicConstraints, true, sequence()),
    extension(OID.keyUsage, true, bitString(usage)),
    extension(OID.extKeyUsage, false, sequence(oid(OID.serverAuth))),
    extension(OID.subjectAltName, false, alternativeNames(options.servername)),
    extension(OID.subjectKeyIdentifier, false, octetString(keyIdentifier(server.publicKey))),
    extension(OID.authorityKeyIdentifier, false, sequence(tagged(0, keyIdentifier(ca.publicKey)))),
  ];
}

/** GeneralNames (RFC 5280 4.2.1.6): [2] is a DNS name, [7] an address. */
function alternativeNames(servername: string): Asn1 {
  const dnsNames = [...new Set([servername, 'localhost'])];
  return sequence(...dnsNames.map((name) => tagged(2, name)), tagged(7, '\x7f\x00\x00\x01'));
}

/** Certificate (RFC 5280 4.1), as PEM. */
function issueCertificate(issuer: Subject & KeyPair, subject: Subject, extensions: readonly Asn1[]): string {
  const algorithm = signatureAlgorithm(issuer.privateKey);
  const now = Date.now();
  const tbsCertificate = sequence(
    explicit(0, integer('\x02')),
    integer(serialNumber()),
    algorithm,
    distinguishedName(issuer.commonName),
    sequence(utcTime(now - VALID_BEFORE_MS), utcTime(now + VALID_AFTER_MS)),
    distinguishedName(subject.commonName),
    forge.asn1.fromDer(subjectPublicKeyInfo(subject.publicKey).toString('latin1')),
    explicit(3, sequence(...extensions)),
  );
  const signature = sign('sha256', toDer(tbsCertificate), issuer.privateKey);
  const certificate = sequence(tbsCertificate, algorithm, bitString(`\0${signature.toString('latin1')}`));
  return toPem(toDer(certificate));
}

/** ECDSA has no parameters (RFC 5758 3.2), RSA has NULL (RFC 4055 5). */
function signatureAlgorithm(key: KeyObject): Asn1 {
  if (key.asymmetricKeyType === 'ec') return sequence(oid(OID.ecdsaWithSha256));
  return sequence(oid(OID.sha256WithRsa), universal(Type.NULL, ''));
}

/** The first two bits make the number positive and its DER as short as can be. */
function serialNumber(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString('latin1');
}

function distinguishedName(commonName: string): Asn1 {
  const attribute = sequence(oid(OID.commonName), universal(Type.UTF8, commonName));
  return sequence(forge.asn1.create(Class.UNIVERSAL, Type.SET, true, [attribute]));
}

/** RFC 7093 2, method 4: a hash of the whole SubjectPublicKeyInfo, here its first 160 bits. */
function keyIdentifier(publicKey: KeyObject): string {
  return createHash('sha256').update(subjectPublicKeyInfo(publicKey)).digest().toString('latin1', 0, 20);
}

function subjectPublicKeyInfo(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** Extension (RFC 5280 4.1). DER leaves a default out, so `critical` is there only when it is true. */
function extension(id: string, critical: boolean, value: Asn1): Asn1 {
  const content = octetString(toDer(value).toString('latin1'));
  return critical ? sequence(oid(id), boolean(true), content) : sequence(oid(id), content);
}

function universal(type: forge.asn1.Type, content: string): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, type, false, content);
}

function sequence(...values: Asn1[]): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, values);
}

/** [tag] IMPLICIT of a string type. */
function tagged(tag: number, content: string): Asn1 {
  return forge.asn1.create(Class.CONTEXT_SPECIFIC, tag, false, content);
}

/** [tag] EXPLICIT. */
function explicit(tag: number, value: Asn1): Asn1 {
  return forge.asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [value]);
}

function oid(id: string): Asn1 {
  return universal(Type.OID, forge.asn1.oidToDer(id).getBytes());
}

function boolean(value: boolean): Asn1 {
  return universal(Type.BOOLEAN, value ? '\xff' : '\0');
}

function integer(content: string): Asn1 {
  return universal(Type.INTEGER, content);
}

function bitString(content: string): Asn1 {
  return universal(Type.BITSTRING, content);
}

function octetString(content: string): Asn1 {
  return universal(Type.OCTETSTRING, content);
}

function utcTime(timeMs: number): Asn1 {
  return universal(Type.UTCTIME, forge.asn1.dateToUtcTime(new Date(timeMs)));
}

function toDer(value: Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(value).getBytes(), 'latin1');
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}
