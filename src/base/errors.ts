/** Errors with a meaning of their own. Everything else that is thrown is an internal error. */

/** A wrong configuration, option or argument: the user can put it right (exit code 2). */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/** Bytes that break a protocol. Ends the flow that they came from, never the process. */
export class ProtocolError extends Error {
  override readonly name: string = 'ProtocolError';
  /** Description code of the TLS alert that answers it (RFC 8446 6); see `Alert` in `src/tls/alert.ts`. */
  readonly alert: number;

  constructor(alert: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.alert = alert;
  }
}
