/** HTTP/1.1 as the load client speaks it: one request at a time, by our own reader of messages. */
import type { PlannedRequest } from '../../contracts/workload.js';
import {
  HttpFramingError,
  type HttpMessageHandler,
  HttpMessageReader,
  type ResponseHead,
} from '../../http/message-reader.js';
import type { RequestRow } from '../load-recorder.js';
import { encodeRequest } from '../load-request.js';
import { AwaitedReply } from './awaited-reply.js';
import type { LoadProtocol, LoadProtocolHost, ProtocolSettings } from './load-protocol.js';

export class Http1Protocol implements LoadProtocol, HttpMessageHandler<'response'> {
  readonly #settings: ProtocolSettings;
  readonly #host: LoadProtocolHost;
  #reader = new HttpMessageReader('response', this);
  #awaited: AwaitedReply | undefined;
  /** Of the reply that the bytes just received have completed. */
  #replied: RequestRow | undefined;
  #unasked = false;
  #connectionClose = false;

  constructor(settings: ProtocolSettings, host: LoadProtocolHost) {
    this.#settings = settings;
    this.#host = host;
  }

  get pending(): number {
    return this.#awaited === undefined ? 0 : 1;
  }

  begin(): void {
    this.#host.ready();
  }

  send(request: PlannedRequest, row: RequestRow): void {
    const { servername, bodies } = this.#settings;
    this.#awaited = new AwaitedReply(this.#settings, request, row);
    this.#host.write(encodeRequest(request, servername, bodies));
  }

  receive(chunk: Buffer): void {
    const problem = this.#read(chunk);
    const replied = this.#replied;
    this.#replied = undefined;
    // Not before all has been read: what follows a reply is no answer to a request that is sent only then.
    if (replied !== undefined) this.#host.replied(replied);
    if (problem !== undefined) this.#host.failed(problem);
    else if (replied !== undefined && this.#connectionClose) this.#host.failed('connection: close');
    else if (replied !== undefined) this.#host.ready();
  }

  giveUp(): void {
    this.#awaited?.giveUp();
    this.#awaited = undefined;
    this.#unasked = false;
    this.#reader = new HttpMessageReader('response', this);
  }

  head(head: ResponseHead): void {
    this.#connectionClose = head.connectionClose;
    if (this.#awaited === undefined) this.#unasked = true;
    else this.#awaited.head(head.status);
  }

  content(bytes: Buffer): void {
    if (this.#awaited === undefined) this.#settings.recorder.corrupted(bytes.length);
    else this.#awaited.content(bytes);
  }

  end(): void {
    if (this.#awaited === undefined) return;
    this.#awaited.end();
    this.#replied = this.#awaited.row;
    this.#awaited = undefined;
  }

  /** @returns why the transport cannot be used further, or undefined */
  #read(chunk: Buffer): string | undefined {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof HttpFramingError)) throw error;
      // At least one byte is not what the server meant to send.
      this.#settings.recorder.corrupted(1);
      return `invalid reply: ${error.message}`;
    }
    return this.#unasked ? 'a reply that nobody asked for' : undefined;
  }
}
