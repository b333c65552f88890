/** Which protocol a load client speaks. Only that one is loaded: `ws` alone takes as long as all the rest. */
import type { Workload } from '../../contracts/workload.js';
import type { LoadProtocolConstructor } from './load-protocol.js';

/** The load client's end of the protocol that a workload speaks. */
export async function loadProtocolOf({
  protocol = 'http/1.1',
  replies,
}: Pick<Workload, 'protocol' | 'replies'>): Promise<LoadProtocolConstructor> {
  if (replies === 'events') return (await import('./event-stream.js')).EventStreamProtocol;
  switch (protocol) {
    case 'http/1.1':
      return (await import('./http1.js')).Http1Protocol;
    case 'websocket':
      return (await import('./websocket.js')).WebSocketProtocol;
    case 'h2':
      return (await import('./http2.js')).Http2Protocol;
  }
}
