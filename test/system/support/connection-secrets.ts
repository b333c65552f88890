/** Everything that is secret about one connection, from the key log of its client. */
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { type KeyLogLine, parseKeyLogLine } from '../../../src/tls/key-log.js';
import { deriveKeyBlock, keyBlockKeys } from '../../../src/tls/key-schedule-12.js';
import {
  type DirectionKeys,
  deriveTrafficKeys,
  nextTrafficSecret,
} from '../../../src/tls/key-schedule-13.js';

type Secrets = Record<string, Buffer>;

/** Shorter ones, the salts of TLS 1.2, are found in any large memory. */
const MIN_BYTES = 12;
/** Of ServerHello in the first record: 5 bytes record header, 4 message header, 2 version. */
const SERVER_RANDOM_AT = 11;
const RANDOM_BYTES = 32;

/** What a run without a choice of suites negotiates; the key exchange does not matter here. */
const SUITES = {
  '1.3': findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' }),
  '1.2': findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' }),
} as const;

/** @param fromServer the first bytes that the server sent */
export function connectionSecrets(
  tls: '1.3' | '1.2',
  keyLog: readonly Buffer[],
  fromServer: Buffer,
): Secrets {
  const lines = keyLog.map((line) => parseKeyLogLine(Buffer.from(line))).filter((line) => line !== undefined);
  if (lines.length === 0) throw new Error('the key log is empty');
  const secrets = tls === '1.3' ? secrets13(lines) : secrets12(lines, fromServer);
  return Object.fromEntries(Object.entries(secrets).filter(([, secret]) => secret.length >= MIN_BYTES));
}

/** The secrets of the log and, of each direction, those of two epochs: as logged, and after one KeyUpdate. */
function secrets13(lines: readonly KeyLogLine[]): Secrets {
  const suite = SUITES['1.3'];
  const secrets: Secrets = {};
  for (const { label, secret } of lines) {
    secrets[label] = secret;
    if (label.endsWith('HANDSHAKE_TRAFFIC_SECRET')) addKeys(secrets, label, deriveTrafficKeys(suite, secret));
    if (!label.endsWith('_TRAFFIC_SECRET_0')) continue;
    addKeys(secrets, label, deriveTrafficKeys(suite, secret));
    const next = nextTrafficSecret(suite, secret);
    const nextLabel = label.replace(/0$/, '1');
    secrets[nextLabel] = next;
    addKeys(secrets, nextLabel, deriveTrafficKeys(suite, next));
  }
  return secrets;
}

function secrets12(lines: readonly KeyLogLine[], fromServer: Buffer): Secrets {
  const [line] = lines;
  if (line?.label !== 'CLIENT_RANDOM') throw new Error(`the key log begins with ${line?.label}`);
  const suite = SUITES['1.2'];
  const serverRandom = fromServer.subarray(SERVER_RANDOM_AT, SERVER_RANDOM_AT + RANDOM_BYTES);
  const keyBlock = deriveKeyBlock(suite, line.secret, line.clientRandom, serverRandom);
  const secrets: Secrets = { MASTER_SECRET: line.secret, KEY_BLOCK: keyBlock };
  addKeys(secrets, 'CLIENT', keyBlockKeys(suite, keyBlock, 'client'));
  addKeys(secrets, 'SERVER', keyBlockKeys(suite, keyBlock, 'server'));
  return secrets;
}

function addKeys(secrets: Secrets, label: string, { key, iv }: DirectionKeys): void {
  secrets[`${label} key`] = key.export();
  secrets[`${label} iv`] = iv;
}
