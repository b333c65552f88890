/**
 * WebSocket (RFC 6455) as the load client speaks it, through `ws`: a planned request is a message, its reply one message or
 * several, in order. None may be missing, come twice, or in another place.
 */
import { WebSocket } from 'ws';
import { encodeRequestMessage, parseReplyMessage, type ReplyMessage } from '../../base/request-message.js';
import type { PlannedRequest } from '../../contracts/workload.js';
import type { RequestRow } from '../load-recorder.js';
import { AwaitedReply } from './awaited-reply.js';
import type { LoadProtocol, LoadProtocolHost, ProtocolSettings } from './load-protocol.js';
import { PlaintextWire } from './plaintext-wire.js';
import { seededContent } from './seeded-content.js';

/** What messages of a reply claim; a reply that is not one closes the connection instead. */
const SUCCESS = 200;

interface AwaitedMessages {
  readonly reply: AwaitedReply;
  /** Messages of the reply that have come. */
  parts: number;
}

export class WebSocketProtocol implements LoadProtocol {
  readonly #settings: ProtocolSettings;
  readonly #host: LoadProtocolHost;
  readonly #awaited = new Map<string, AwaitedMessages>();
  #wire: PlaintextWire | undefined;
  #socket: WebSocket | undefined;

  constructor(settings: ProtocolSettings, host: LoadProtocolHost) {
    this.#settings = settings;
    this.#host = host;
  }

  get pending(): number {
    return this.#awaited.size;
  }

  accepts(): boolean {
    return this.#awaited.size < (this.#settings.workload.requestsInFlight ?? 1);
  }

  begin(): void {
    const wire = new PlaintextWire((bytes) => this.#host.write(bytes));
    // Not `wss:`: what the library writes is the plaintext of our transport.
    const socket = new WebSocket(`ws://${this.#settings.servername}/`, {
      createConnection: () => wire,
      perMessageDeflate: false,
    });
    socket.on('open', () => this.#host.ready());
    socket.on('message', (message: Buffer) => this.#receive(message));
    socket.on('error', (error) => this.#fail(socket, `WebSocket: ${error.message}`));
    socket.on('close', (code) => this.#fail(socket, `WebSocket closed with status ${code}`));
    this.#wire = wire;
    this.#socket = socket;
  }

  send(request: PlannedRequest, row: RequestRow): void {
    const { id, target, bodyBytes } = request;
    this.#awaited.set(id, { reply: new AwaitedReply(this.#settings, request, row), parts: 0 });
    const content = seededContent(`request:${id}`, bodyBytes, this.#settings.bodies);
    this.#socket?.send(encodeRequestMessage({ id, target, content }));
  }

  receive(chunk: Buffer): void {
    this.#wire?.receive(chunk);
  }

  giveUp(): void {
    for (const { reply } of this.#awaited.values()) reply.giveUp();
    this.#awaited.clear();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#wire?.destroy();
    this.#wire = undefined;
    socket?.terminate();
  }

  #receive(message: Buffer): void {
    const reply = parseReplyMessage(message);
    const awaited = reply && this.#awaited.get(reply.id);
    if (reply === undefined || awaited === undefined) {
      this.#settings.recorder.corrupted(message.length);
      this.#host.failed('a message that nobody asked for');
    } else if (reply.part !== awaited.parts + 1) {
      this.#settings.recorder.corrupted(message.length);
      this.#host.failed(`message ${reply.part} of a reply came where ${awaited.parts + 1} was due`);
    } else this.#accept(reply, awaited);
  }

  #accept({ id, part, parts, content }: ReplyMessage, awaited: AwaitedMessages): void {
    const { reply } = awaited;
    if (part === 1) reply.head(SUCCESS);
    awaited.parts = part;
    reply.content(content);
    if (part < parts) return;
    reply.end();
    this.#awaited.delete(id);
    this.#host.replied(reply.row);
    this.#host.ready();
  }

  /** Of a socket that was given up nothing is heard any more. */
  #fail(socket: WebSocket, problem: string): void {
    if (socket === this.#socket) this.#host.failed(problem);
  }
}
