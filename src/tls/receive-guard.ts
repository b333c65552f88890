/**
 * What a peer may do on a live connection only so often, or no more: records that carry nothing cost work all the same,
 * and after a close_notify nothing counts.
 */
import { ProtocolError } from '../base/errors.js';
import { Alert, AlertLevel, parseAlert } from './alert.js';
import type { TlsVersion } from './cipher-suites.js';
import { ContentType } from './record.js';
import type { OpenedRecord } from './record-format.js';

/** Records without content, in a row. As OpenSSL, which stacks in use have to get along with. */
const MAX_EMPTY_RECORDS = 32;
/** Alerts that change nothing, on one connection. As OpenSSL allows in a row; nobody needs more than one. */
const MAX_IGNORED_ALERTS = 5;

/** `content`: to be processed. `closed`: the peer will send nothing more. `failed`: the peer has given up. `nothing`: ignore. */
export type Reception = 'content' | 'closed' | 'failed' | 'nothing';

export class ReceiveGuard {
  readonly #version: TlsVersion;
  #emptyRecords = 0;
  #ignoredAlerts = 0;
  #closed = false;

  constructor(version: TlsVersion) {
    this.#version = version;
  }

  /**
   * What the next record of the peer means.
   *
   * @throws ProtocolError unexpected_message when there are too many without meaning, or for a malformed alert as
   *   {@link parseAlert}
   */
  receive({ type, content }: OpenedRecord): Reception {
    // RFC 8446 6.1: data after a closure alert must be ignored.
    if (this.#closed) return 'nothing';
    if (type === ContentType.alert) return this.#alert(content);
    if (type !== ContentType.application_data || content.length > 0) {
      this.#emptyRecords = 0;
      return 'content';
    }
    this.#emptyRecords += 1;
    if (this.#emptyRecords > MAX_EMPTY_RECORDS) throw tooMany('empty records', MAX_EMPTY_RECORDS);
    return 'nothing';
  }

  #alert(content: Buffer): Reception {
    const { level, description } = parseAlert(content);
    if (description === Alert.close_notify) {
      this.#closed = true;
      return 'closed';
    }
    if (this.#isError(level, description)) return 'failed';
    this.#ignoredAlerts += 1;
    if (this.#ignoredAlerts > MAX_IGNORED_ALERTS) throw tooMany('warning alerts', MAX_IGNORED_ALERTS);
    return 'nothing';
  }

  /** RFC 8446 6: in TLS 1.3 the level says nothing, and all alerts but two are errors; RFC 5246 7.2: in TLS 1.2 it does. */
  #isError(level: AlertLevel, description: number): boolean {
    return this.#version === '1.3' ? description !== Alert.user_canceled : level === AlertLevel.fatal;
  }
}

function tooMany(what: string, limit: number): ProtocolError {
  return new ProtocolError(Alert.unexpected_message, `more than ${limit} ${what}`);
}
