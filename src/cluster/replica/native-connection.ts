/**
 * A flow that plain node:tls serves, as most servers do today: the real-world reference for the strategies that
 * reconnect. Its state cannot be replicated.
 */
import { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { EndReason } from '../../net/control-records.js';
import type { Trunk } from '../../net/trunk.js';
import type { ServerHandshakeOptions } from '../../tls/adoption.js';
import { RecordDeframer, TLS_STREAM } from '../../tls/deframer.js';

/** Client bytes in step with which the director is given credit: half of its window. */
const CREDIT_STEP_BYTES = 128 * 1024;
const INITIAL_CREDIT_BYTES = 256 * 1024;

export interface NativeConnectionHandler {
  secure(stream: TLSSocket, resumed: boolean): void;
  closed(reason: 'closed' | 'handshake-timeout'): void;
}

export interface NativeConnectionOptions {
  readonly flowId: number;
  readonly secureContext: SecureContext;
  /** See {@link ServerHandshakeOptions}. */
  readonly alpnProtocols?: readonly string[] | undefined;
  /** > 0 */
  readonly handshakeTimeoutMs: number;
}

export class NativeConnection {
  readonly #flowId: number;
  readonly #trunk: Trunk;
  readonly #handler: NativeConnectionHandler;
  readonly #wire: Duplex;
  readonly #tls: TLSSocket;
  readonly #handshakeTimeout: NodeJS.Timeout;
  #creditBytes = INITIAL_CREDIT_BYTES;
  #blocked: (() => void) | undefined;
  #owedCreditBytes = 0;
  #ended = false;

  constructor(options: NativeConnectionOptions, trunk: Trunk, handler: NativeConnectionHandler) {
    const { flowId, secureContext, alpnProtocols, handshakeTimeoutMs } = options;
    this.#flowId = flowId;
    this.#trunk = trunk;
    this.#handler = handler;
    const deframer = new RecordDeframer(TLS_STREAM);
    this.#wire = new Duplex({
      read: () => this.#returnCredit(),
      write: (chunk: Buffer, _encoding, callback) => {
        deframer.push(chunk, (record) => this.#send(record));
        if (this.#creditBytes > 0 || this.#ended) callback();
        else this.#blocked = callback;
      },
      final: (callback) => {
        callback();
        this.#close();
      },
    });
    this.#tls = new TLSSocket(this.#wire, {
      isServer: true,
      secureContext,
      ...(alpnProtocols === undefined ? {} : { ALPNProtocols: [...alpnProtocols] }),
    });
    this.#handshakeTimeout = setTimeout(() => this.#close('handshake-timeout'), handshakeTimeoutMs);
    this.#tls.on('secure', () => {
      clearTimeout(this.#handshakeTimeout);
      // As tls.Server does for its sockets, behind the same event: node:http2 would wait for it.
      Object.assign(this.#tls, { secureConnecting: false });
      handler.secure(this.#tls, this.#tls.isSessionReused());
    });
    this.#tls.on('error', () => this.#close());
    this.#tls.on('close', () => this.#close());
  }

  push(record: Buffer): void {
    this.#owedCreditBytes += record.length;
    this.#wire.push(Buffer.from(record));
  }

  credit(bytes: number): void {
    this.#creditBytes += bytes;
    const blocked = this.#blocked;
    if (blocked === undefined || this.#creditBytes <= 0) return;
    this.#blocked = undefined;
    blocked();
  }

  endedByDirector(reason: EndReason): void {
    if (reason === 'client-closed') this.#wire.push(null);
    else this.#close();
  }

  destroy(): void {
    this.#ended = true;
    clearTimeout(this.#handshakeTimeout);
    this.#tls.destroy();
    this.#wire.destroy();
  }

  #send(record: Buffer): void {
    if (this.#ended) return;
    this.#creditBytes -= record.length;
    this.#trunk.sendRecord(this.#flowId, Buffer.from(record));
  }

  #returnCredit(): void {
    if (this.#ended || this.#owedCreditBytes < CREDIT_STEP_BYTES) return;
    this.#trunk.sendCredit(this.#flowId, this.#owedCreditBytes);
    this.#owedCreditBytes = 0;
  }

  #close(reason: 'closed' | 'handshake-timeout' = 'closed'): void {
    if (this.#ended) return;
    this.destroy();
    this.#handler.closed(reason);
  }
}
