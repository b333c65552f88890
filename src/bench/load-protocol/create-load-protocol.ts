import type { Protocol } from '../../contracts/workload.js';
import { EventStreamProtocol } from './event-stream.js';
import { Http1Protocol } from './http1.js';
import { Http2Protocol } from './http2.js';
import type { LoadProtocol, LoadProtocolHost, ProtocolSettings } from './load-protocol.js';
import { WebSocketProtocol } from './websocket.js';

type Constructor = new (settings: ProtocolSettings, host: LoadProtocolHost) => LoadProtocol;

const CONSTRUCTORS: Readonly<Record<Protocol, Constructor>> = {
  'http/1.1': Http1Protocol,
  websocket: WebSocketProtocol,
  h2: Http2Protocol,
};

/** The load client's end of the protocol that a workload speaks. */
export function createLoadProtocol(settings: ProtocolSettings, host: LoadProtocolHost): LoadProtocol {
  if (settings.workload.replies === 'events') return new EventStreamProtocol(settings, host);
  return new CONSTRUCTORS[settings.workload.protocol ?? 'http/1.1'](settings, host);
}
