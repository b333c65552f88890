/** The wires of a cluster in one process: each passes through the hands of the test. */
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Magic, index and incarnation of the sender, salt: what a replication link begins with. */
const GREETING_BYTES = 4 + 5 + 32;
/** The length of a frame, in front of it. */
const LENGTH_BYTES = 4;

/**
 * When a replica is cut off: `at-once` with the last record that still passes, `on-next` when it sends one more, which
 * does not pass. The first leaves it no time for anything else, the second all it needs.
 */
export type CutMoment = 'at-once' | 'on-next';

export interface Cut {
  /** Records of a trunk, or frames of a replication link, of whatever type, that still pass. */
  readonly after: number;
  readonly moment: CutMoment;
}

/** One TCP connection through the hands of the test. `near` connected, `far` was connected to. */
export class Tap {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #back: (chunk: Buffer, near: Socket) => void;
  readonly #forth: (chunk: Buffer, far: Socket) => void;
  #near: Socket | undefined;
  #far: Socket | undefined;
  #hanging = false;

  /**
   * @param back hands what `far` sent on to `near`
   * @param forth hands what `near` sent on to `far`
   */
  constructor(
    targetPort: number,
    back: (chunk: Buffer, near: Socket) => void,
    forth: (chunk: Buffer, far: Socket) => void = (chunk, far) => far.write(chunk),
  ) {
    this.#targetPort = targetPort;
    this.#back = back;
    this.#forth = forth;
    this.#server = createServer((near) => this.#join(near));
  }

  listen(): Promise<number> {
    return listen(this.#server);
  }

  /** One end is dead: the other gets the end of the stream behind what has passed. */
  cut(dead: 'near' | 'far'): void {
    const [lost, survivor] = dead === 'near' ? [this.#near, this.#far] : [this.#far, this.#near];
    lost?.destroy();
    survivor?.end();
    this.#server.close();
  }

  /** Nothing passes, and no end notices; until {@link wake}. */
  hang(): void {
    this.#hanging = true;
    this.#near?.pause();
    this.#far?.pause();
  }

  /** What `far` sends does not pass any more; the other direction goes on. */
  congest(): void {
    this.#far?.pause();
  }

  wake(): void {
    this.#hanging = false;
    this.#near?.resume();
    this.#far?.resume();
  }

  destroy(): void {
    this.#far?.destroy();
    this.#near?.destroy();
    this.#server.close();
  }

  #join(near: Socket): void {
    const far = connect(this.#targetPort, '127.0.0.1');
    this.#near = near;
    this.#far = far;
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
    }
    near.on('data', (chunk: Buffer) => this.#forth(chunk, far));
    near.on('close', () => far.destroy());
    far.on('data', (chunk: Buffer) => this.#back(chunk, near));
    far.on('close', () => near.end());
    if (this.#hanging) this.hang();
  }
}

/** On a replication link: counts the frames for the backup, and cuts their primary off when its time has come. */
export class LinkTap {
  readonly from: number;
  readonly to: number;
  readonly tap: Tap;
  plan: Cut | undefined;
  /** Frames are lost on the way, which neither end notices. */
  silent = false;
  /** Frames that the backup got. */
  passed = 0;
  readonly #kill: () => void;
  #greeted = false;
  #dead = false;
  #pending: Buffer = Buffer.alloc(0);

  /** @param kill cuts `from` off */
  constructor(from: number, to: number, targetPort: number, kill: () => void) {
    this.from = from;
    this.to = to;
    this.#kill = kill;
    this.tap = new Tap(
      targetPort,
      (chunk, near) => near.write(chunk),
      (chunk, far) => this.#receive(chunk, far),
    );
  }

  cut(dead: 'near' | 'far'): void {
    this.#dead = true;
    this.tap.cut(dead);
  }

  #receive(chunk: Buffer, far: Socket): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (
      let bytes = this.#wholeBytes();
      !this.#dead && bytes <= this.#pending.length;
      bytes = this.#wholeBytes()
    ) {
      const whole = this.#pending.subarray(0, bytes);
      this.#pending = this.#pending.subarray(bytes);
      this.#pass(whole, far);
    }
  }

  /** Of the greeting, or of the frame that comes next. */
  #wholeBytes(): number {
    if (!this.#greeted) return GREETING_BYTES;
    if (this.#pending.length < LENGTH_BYTES) return LENGTH_BYTES + 1;
    return LENGTH_BYTES + this.#pending.readUInt32BE(0);
  }

  #pass(bytes: Buffer, far: Socket): void {
    if (!this.#greeted) {
      this.#greeted = true;
      far.write(bytes);
      return;
    }
    if (this.silent) return;
    const { plan } = this;
    if (plan !== undefined && this.passed >= plan.after) {
      this.#kill();
      return;
    }
    far.write(bytes);
    this.passed += 1;
    if (plan?.moment === 'at-once' && this.passed === plan.after) this.#kill();
  }
}

export function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
