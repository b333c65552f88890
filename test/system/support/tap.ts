/** A TCP proxy before the director, which keeps what passes: the view of somebody on the client's network. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Tap {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #fromClient: Buffer[] = [];
  readonly #fromServer: Buffer[] = [];

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.#join(client, connect(targetPort, '127.0.0.1')));
  }

  /** Listens on an ephemeral port of 127.0.0.1. */
  static async open(targetPort: number): Promise<Tap> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Tap(server, targetPort);
  }

  get fromClient(): Buffer {
    return Buffer.concat(this.#fromClient);
  }

  get fromServer(): Buffer {
    return Buffer.concat(this.#fromServer);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket, server: Socket): void {
    this.#forward(client, server, this.#fromClient);
    this.#forward(server, client, this.#fromServer);
  }

  #forward(from: Socket, to: Socket, kept: Buffer[]): void {
    this.#sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      kept.push(chunk);
      to.write(chunk);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}
