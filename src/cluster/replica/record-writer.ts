/**
 * From the output of a connection to sealed records, in order: what the client has already is made again and dropped,
 * KeyUpdates and alerts take their places between the rest.
 */
import type { Moment } from '../../contracts/strategy.js';
import { type AlertDescription, type AlertLevel, encodeAlert } from '../../tls/alert.js';
import { ContentType } from '../../tls/record.js';
import type { RecordLayer } from '../../tls/record-layer.js';
import { fragments } from './fragments.js';
import { Regeneration } from './regeneration.js';
import type { ResumePlan } from './resume-plan.js';

/** What the writer asks of its connection. */
export interface RecordWriterHost {
  /** Lets the strategy decide: it may hold what is sent from now on. */
  decide(moment: Moment): void;
  /** Output is about to become server record `index`. */
  produced(index: number, content: Buffer): void;
  /** A sealed record, on its way to the client. */
  send(parts: readonly Buffer[]): void;
}

export class RecordWriter {
  readonly #records: RecordLayer;
  readonly #host: RecordWriterHost;
  #regeneration: Regeneration | undefined;
  /** KeyUpdates of the client that are to be answered; less than 0 while answers were made again before they were read. */
  #owedKeyUpdates = 0;

  constructor(records: RecordLayer, host: RecordWriterHost) {
    this.#records = records;
    this.#host = host;
  }

  /** Goes on with a connection of another replica. */
  resume({ delivered, keyUpdates, owedKeyUpdates }: ResumePlan): void {
    this.#owedKeyUpdates = owedKeyUpdates;
    if (delivered.length > 0) this.#regeneration = new Regeneration(delivered, keyUpdates);
  }

  /** Whether records that the client has are still to be made again. */
  get regenerating(): boolean {
    return this.#regeneration !== undefined;
  }

  /**
   * Seals output of the application and sends what the client does not have yet.
   *
   * @throws DivergedError
   */
  write(chunks: readonly Buffer[], moment: 'output' | 'answered'): void {
    this.#produce(this.#regenerate(chunks), moment);
  }

  /**
   * The client has replaced its key (RFC 8446 4.6.3), and the read state has followed.
   *
   * @throws DivergedError
   */
  keyUpdated(requestUpdate: boolean): void {
    if (requestUpdate) this.#owedKeyUpdates += 1;
    if (this.#owedKeyUpdates <= 0 || this.regenerating) this.#host.decide('rekeyed');
    // An answer that the client has may be all that is left to be made again.
    const fresh = this.#regenerate([]);
    this.sendOwedKeyUpdates();
    if (fresh.length > 0) this.#produce(fresh, 'output');
  }

  /** RFC 8446 4.6.3: before the next application data. Not while delivered records are still to be made again. */
  sendOwedKeyUpdates(): void {
    while (this.#owedKeyUpdates > 0 && !this.regenerating) {
      this.#owedKeyUpdates -= 1;
      const answer = this.#records.rekeyWrite();
      this.#host.decide('rekeyed');
      this.#host.send(answer);
    }
  }

  /** While delivered records are still to be made again, the next number is not free; behind the last one, none is. */
  alert(level: AlertLevel, alert: AlertDescription): void {
    if (this.regenerating || this.#records.write.nextAction === 'refuse') return;
    this.#host.send(this.#records.seal(ContentType.alert, encodeAlert(level, alert)));
  }

  /** What of `chunks` the client does not have yet. */
  #regenerate(chunks: readonly Buffer[]): readonly Buffer[] {
    if (this.#regeneration === undefined) return chunks;
    const fresh = this.#regeneration.check(chunks, this.#records);
    this.#owedKeyUpdates -= this.#regeneration.takeKeyUpdatesMade();
    if (this.#regeneration.done) {
      this.#regeneration = undefined;
      this.sendOwedKeyUpdates();
    }
    return fresh;
  }

  /** The decision may hold the output, so it is made before anything is sent; sealing only numbers it. */
  #produce(chunks: readonly Buffer[], moment: 'output' | 'answered'): void {
    const sealed: Buffer[][] = [];
    for (const content of fragments(chunks)) {
      if (this.#records.needsRekey) sealed.push(this.#records.rekeyWrite());
      this.#host.produced(this.#records.recordsWritten, content);
      sealed.push(this.#records.seal(ContentType.application_data, content));
    }
    this.#host.decide(moment);
    for (const parts of sealed) this.#host.send(parts);
  }
}
