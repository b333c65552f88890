/** The servers of a user's own in one cluster: what they share, and how each of them is started. */
import { randomBytes } from 'node:crypto';
import type { Identity } from '../certificates.js';
import type { CommandTemplate } from './command.js';
import type { ExternalReplicaChannel } from './replica-channel.js';
import { valuesOf, writeSharedFiles } from './server-files.js';
import type { StopSignal } from './stop-signals.js';

/** How to start a user's server, and to connect to it. */
export interface ExternalServersOptions {
  readonly command: CommandTemplate;
  /** Whether each connection to it begins with a PROXY protocol header. */
  readonly proxyProtocol: boolean;
  /** Tells its program to end as planned. */
  readonly stopSignal: StopSignal;
  /** Name that its certificate is valid for. */
  readonly servername: string;
}

/** What they have of the cluster. */
export interface ExternalServersContext {
  readonly clockStartNs: bigint;
  readonly identity: Identity;
  readonly tls: { readonly version: '1.3' | '1.2'; readonly ciphers: string };
  /** For their files; it must exist. */
  readonly folder: string;
}

/** Of nginx and `tls.Server`; nginx encrypts tickets with AES-128 then. */
const TICKET_KEYS_BYTES = 48;

export class ExternalServers {
  readonly #options: ExternalServersOptions;
  readonly #context: ExternalServersContext;
  readonly #shared: ReturnType<typeof writeSharedFiles>;

  /** @param ticketKeys random when absent */
  constructor(
    options: ExternalServersOptions,
    context: ExternalServersContext,
    ticketKeys: Uint8Array = randomBytes(TICKET_KEYS_BYTES),
  ) {
    this.#options = options;
    this.#context = context;
    this.#shared = writeSharedFiles(context.folder, context.identity, ticketKeys);
    // Whoever starts a server hears of it.
    this.#shared.catch(() => {});
  }

  /**
   * Starts one, and resolves with its port on 127.0.0.1 when clients can connect.
   *
   * @param incarnation processes that the replica had before this one
   * @throws UsageError when the command does not start a server that clients can use
   */
  async start(replica: ExternalReplicaChannel, index: number, incarnation: number): Promise<number> {
    const { command, proxyProtocol, servername } = this.#options;
    const { clockStartNs, identity, tls, folder } = this.#context;
    return replica.start({
      clockStartNs,
      server: {
        command,
        values: await valuesOf(folder, await this.#shared, index, incarnation),
        proxyProtocol,
        client: { ca: identity.caPem, servername, ...tls },
      },
    });
  }
}
