/** The one request that awaits its reply on a connection, and the check of that reply while it arrives. */
import type { Clock } from '../base/clock.js';
import type { PlannedRequest, ReplyCheck, SeededBytes, Workload } from '../contracts/workload.js';
import {
  HttpFramingError,
  type HttpMessageHandler,
  HttpMessageReader,
  type ResponseHead,
} from '../http/message-reader.js';
import type { LoadRecorder, RequestRow } from './load-recorder.js';

export interface ExchangeSettings {
  readonly workload: Workload;
  readonly bodies: SeededBytes;
  readonly clock: Clock;
  readonly recorder: LoadRecorder;
}

export class LoadExchange implements HttpMessageHandler<'response'> {
  readonly #settings: ExchangeSettings;
  #reader = new HttpMessageReader('response', this);
  #request: PlannedRequest | undefined;
  #row: RequestRow | undefined;
  /** Present between the head of the reply and its end. */
  #check: ReplyCheck | undefined;
  #success = false;
  #wrongBytes = 0;
  #unasked = false;
  #repliedMs = Number.NaN;
  #verified = false;
  #connectionClose = false;

  constructor(settings: ExchangeSettings) {
    this.#settings = settings;
  }

  /** Whether a request awaits its reply. */
  get pending(): boolean {
    return this.#request !== undefined;
  }

  /** When the last reply was complete, ms. */
  get repliedMs(): number {
    return this.#repliedMs;
  }

  /** Whether the last reply was right. */
  get verified(): boolean {
    return this.#verified;
  }

  /** Whether the server ends the connection after the last reply. */
  get connectionClose(): boolean {
    return this.#connectionClose;
  }

  /** @param row of the recorder, where the outcome goes */
  begin(request: PlannedRequest, row: RequestRow): void {
    this.#request = request;
    this.#row = row;
    this.#wrongBytes = 0;
    this.#verified = false;
  }

  /**
   * The next bytes from the server.
   *
   * @returns why the transport cannot be used further, or undefined
   */
  receive(chunk: Buffer): string | undefined {
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

  /** No reply will come: the outcome stays that of a request without one. The next transport begins a new stream. */
  giveUp(): void {
    if (this.#row !== undefined) this.#settings.recorder.gaveUp(this.#row);
    this.#row = undefined;
    this.#request = undefined;
    this.#check = undefined;
    this.#verified = false;
    this.#unasked = false;
    this.#reader = new HttpMessageReader('response', this);
  }

  head(head: ResponseHead): void {
    const { workload, bodies } = this.#settings;
    this.#connectionClose = head.connectionClose;
    this.#success = head.status >= 200 && head.status < 300;
    if (this.#request === undefined) this.#unasked = true;
    else this.#check = workload.verify(this.#request, head.status, bodies);
  }

  content(bytes: Buffer): void {
    const wrong = this.#check === undefined ? bytes.length : this.#check.push(bytes);
    if (wrong === 0) return;
    this.#wrongBytes += wrong;
    this.#settings.recorder.corrupted(wrong);
  }

  end(): void {
    if (this.#check === undefined) return;
    const { clock, recorder } = this.#settings;
    const missing = this.#check.end();
    // A reply that claims success and is short has lost bytes; an error reply never had them.
    if (this.#success && missing > 0) recorder.corrupted(missing);
    this.#verified = this.#wrongBytes + missing === 0;
    this.#repliedMs = clock();
    if (this.#row !== undefined) recorder.replied(this.#row, this.#repliedMs, this.#verified);
    this.#row = undefined;
    this.#request = undefined;
    this.#check = undefined;
  }
}
