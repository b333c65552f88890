/** The files that the command of a user's server can name. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from '../certificates.js';
import type { CommandValues } from './command.js';

/** Nobody else on the machine has to read a key. */
const PRIVATE = { mode: 0o600 } as const;

type SharedFiles = Pick<CommandValues, 'cert' | 'key' | 'ca' | 'ticket-keys'>;

/** Writes what all replicas share into `folder`, which must exist. */
export async function writeSharedFiles(
  folder: string,
  { caPem, certificatePem, privateKeyPem }: Identity,
  ticketKeys: Uint8Array,
): Promise<SharedFiles> {
  const files = {
    cert: join(folder, 'server-certificate.pem'),
    key: join(folder, 'server-key.pem'),
    ca: join(folder, 'server-ca.pem'),
    'ticket-keys': join(folder, 'ticket-keys.bin'),
  };
  await Promise.all([
    writeFile(files.cert, certificatePem),
    writeFile(files.key, privateKeyPem, PRIVATE),
    writeFile(files.ca, caPem),
    writeFile(files['ticket-keys'], ticketKeys, PRIVATE),
  ]);
  return files;
}

/** All values but the port, of one start of one replica; it gets a folder of its own. */
export async function valuesOf(
  folder: string,
  shared: SharedFiles,
  index: number,
  incarnation: number,
): Promise<Omit<CommandValues, 'port'>> {
  const own = join(folder, `replica-${index}.${incarnation}`);
  await mkdir(own);
  return { ...shared, index: String(index), folder: own };
}
