/** Something that answers the same requests: processes in front of servers, and where to find them. */
import type { Identity } from '../../src/cluster/certificates.js';

export interface Stack {
  readonly id: string;
  /** `https://127.0.0.1:PORT`, or `http://` for the floor. */
  readonly origin: string;
  /** What a client's TCP connection touches. */
  readonly frontPid: number;
  /** Backups included. */
  readonly serverPids: readonly number[];
  /** Every request that is executed is a line in one of these. */
  readonly ledgerPaths: readonly string[];
  end(): Promise<void>;
}

export interface StackOptions {
  readonly identity: Identity;
  /** Folder of the stack's own; it exists. */
  readonly folder: string;
}

/** Name in the certificate of all servers. */
export const SERVERNAME = 'spr-bench.test';

/** What all stacks speak. */
export const TLS = { version: '1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const;

/** What all stacks serve. */
export const WORKLOAD = 'request-reply';

/** Seed of the bytes that are served: any. */
export const SEED = 1;
