/** What the client is told before its connection ends for what it sent, or for a fault of this side. */
import { ProtocolError } from '../../base/errors.js';
import type { EndReason } from '../../net/control-records.js';
import { Alert, type AlertDescription } from '../../tls/alert.js';

const ALERT_OF_REASON: Partial<Record<EndReason, AlertDescription>> = {
  'record-overflow': Alert.record_overflow,
  'unexpected-message': Alert.unexpected_message,
  'protocol-version': Alert.protocol_version,
};

/** The fatal alert for a flow that the director ends for `reason`; undefined when there is nothing to say. */
export function alertOfReason(reason: EndReason): AlertDescription | undefined {
  return ALERT_OF_REASON[reason];
}

/** The fatal alert for what went wrong here. */
export function alertOfError(error: unknown): AlertDescription {
  return error instanceof ProtocolError ? (error.alert as AlertDescription) : Alert.internal_error;
}
