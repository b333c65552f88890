/** A ClientHello of an ordinary client. */
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';

/** The first bytes that a client with these options sends. */
export function captureClientHello(options: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const sink = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        resolve(chunk);
        done();
      },
    });
    connect({ ...options, socket: sink }).on('error', () => {});
  });
}
