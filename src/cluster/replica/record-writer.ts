/**
 * From the output of a connection to sealed records, in order: what the client has already is made again and dropped,
 * KeyUpdates and alerts take their places between the rest.
 */
import type { Moment } from '../../contracts/strategy.js';
import { type AlertDescription, type AlertLevel, encodeAlert } from '../../tls/alert.js';
import { freshNonceRegion } from '../../tls/nonce.js';
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
  /** KeyUpdates of our own that come before anything new. */
  #dueKeyUpdates = 0;
  /** Whether a region of nonces of our own comes before anything new. */
  #regionDue = false;

  constructor(records: RecordLayer, host: RecordWriterHost) {
    this.#records = records;
    this.#host = host;
  }

  /**
   * Goes on with a connection of another replica.
   *
   * @param rekey whether nothing new may be sealed with what the failed primary can have used. The keys behind KeyUpdates
   *   that only it has seen are among that. TLS 1.2 ChaCha20-Poly1305 has neither KeyUpdates nor regions.
   */
  resume({ delivered, changes, unseenKeyUpdates, state: { suite } }: ResumePlan, rekey: boolean): void {
    if (delivered.length > 0) this.#regeneration = new Regeneration(delivered, changes);
    if (!rekey) return;
    if (suite.version === '1.3') this.#dueKeyUpdates = unseenKeyUpdates + 1;
    else this.#regionDue = suite.explicitNonceBytes > 0;
  }

  /**
   * Makes again what needs no output of the application, and sends what comes before it.
   *
   * @throws DivergedError
   */
  begin(): void {
    this.#regenerate([]);
    this.#renewKey();
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
  keyUpdated(): void {
    if (this.#records.owedKeyUpdates <= 0 || this.regenerating) this.#host.decide('rekeyed');
    // An answer that the client has may be all that is left to be made again.
    const fresh = this.#regenerate([]);
    this.#renewKey();
    if (fresh.length > 0) this.#produce(fresh, 'output');
  }

  /** While delivered records are still to be made again, the next number is not free; behind the last one, none is. */
  alert(level: AlertLevel, alert: AlertDescription): void {
    if (this.regenerating || this.#records.write.nextAction === 'refuse') return;
    this.#host.send(this.#records.seal(ContentType.alert, encodeAlert(level, alert)));
  }

  /** What of `chunks` the client does not have yet. Changes that are made again the backup has since the takeover. */
  #regenerate(chunks: readonly Buffer[]): readonly Buffer[] {
    if (this.#regeneration === undefined) return chunks;
    const fresh = this.#regeneration.check(chunks, this.#records);
    if (this.#regeneration.done) {
      this.#regeneration = undefined;
      this.#renewKey();
    }
    return fresh;
  }

  /**
   * What comes before anything new: answers to KeyUpdates of the client (RFC 8446 4.6.3 asks for them before the next
   * application data), a key or a region of our own. Not while delivered records are still to be made again.
   */
  #renewKey(): void {
    if (this.regenerating) return;
    if (this.#regionDue) {
      this.#regionDue = false;
      this.#enterNonceRegion(freshNonceRegion(this.#records.state.nonceRegion?.number ?? 0));
    }
    while (this.#records.owedKeyUpdates > 0 || this.#dueKeyUpdates > 0) this.#sendKeyUpdate();
  }

  /** The backup has the next key before the client hears of it: what follows cannot be taken over otherwise. */
  #sendKeyUpdate(): void {
    this.#dueKeyUpdates = Math.max(0, this.#dueKeyUpdates - 1);
    this.#host.send(this.#rekey(this.#records.owedKeyUpdates > 0));
  }

  #rekey(answers: boolean): readonly Buffer[] {
    const keyUpdate = this.#records.rekeyWrite(answers);
    this.#host.decide('rekeyed');
    return keyUpdate;
  }

  #enterNonceRegion(region: number): void {
    this.#records.enterNonceRegion(region);
    this.#host.decide('rekeyed');
  }

  /** The decision may hold the output, so it is made before anything is sent; sealing only numbers it. */
  #produce(chunks: readonly Buffer[], moment: 'output' | 'answered'): void {
    let sealed: Buffer[][] = [];
    for (const content of fragments(chunks)) {
      if (this.#records.needsRekey) {
        if (sealed.length > 0) this.#release(sealed, 'output');
        sealed = [];
        this.#sendKeyUpdate();
      }
      this.#host.produced(this.#records.recordsWritten, content);
      sealed.push(this.#records.seal(ContentType.application_data, content));
    }
    this.#release(sealed, moment);
  }

  #release(sealed: readonly (readonly Buffer[])[], moment: 'output' | 'answered'): void {
    this.#host.decide(moment);
    for (const parts of sealed) this.#host.send(parts);
  }
}
