/** What a foreign TLS client has to offer to be a row of the matrix. */
import type { TlsVersion } from '../../src/tls/cipher-suites.js';

/** Where a client connects to, and what it may trust. */
export interface Endpoint {
  /** On 127.0.0.1. */
  readonly port: number;
  /** For SNI, the Host field and the check of the certificate. */
  readonly servername: string;
  readonly ca: string;
  /** The server's certificate, PEM. */
  readonly certificate: string;
  /** File with `ca`, PEM. */
  readonly caPath: string;
  readonly version: TlsVersion;
  /** For the client's own files; removed when the cell is done. */
  readonly folder: string;
  /** Whether this cell is about KeyUpdate. */
  readonly updatesKeys: boolean;
}

/** One connection that requests go over. */
export interface Session {
  /**
   * The content of the reply to a GET, in pieces. What is not asked for yet stays with the client, and when that is
   * full in the kernel: a reader that stops makes a slow client.
   *
   * @throws Error when the status is not 200 or the connection ends
   */
  get(target: string): AsyncIterable<Buffer>;
  /** Makes the client send a KeyUpdate now. */
  updateKeys?(): Promise<void>;
  /** After the last reply. @throws Error when the client reports that not all was as it should be */
  finish?(): Promise<void>;
  /** Ends the client, in whatever state it is. */
  destroy(): void;
}

export interface Client {
  /** For `--clients`. */
  readonly id: string;
  /** Its name and version, or undefined when it is not installed. */
  describe(): Promise<string | undefined>;
  /** Why it cannot be made to send a KeyUpdate; undefined when it can. */
  readonly noKeyUpdate?: string;
  /** For one that is too slow for the usual long response. */
  readonly longReplyBytes?: number;
  /** Connects. Clients that want to know all requests at the start get them in `targets`. */
  open(endpoint: Endpoint, targets: readonly string[]): Promise<Session>;
}
