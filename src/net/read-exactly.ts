/** Reading a fixed number of bytes from a socket that nobody listens to yet. */
import type { Socket } from 'node:net';

/** The next bytes of a connection; what follows them stays to be read. Rejects when it ends before. */
export function readExactly(socket: Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // One listener for all of them: a new one would be told at once of bytes that are too few, again and again.
    const attempt = (error?: unknown): void => {
      const chunk: Buffer | null = socket.read(bytes);
      const whole = chunk?.length === bytes;
      const ended = chunk !== null || socket.readableEnded || socket.destroyed;
      if (!whole && !ended && !(error instanceof Error)) return;
      for (const event of EVENTS) socket.off(event, attempt);
      if (whole) resolve(chunk);
      else
        reject(
          error instanceof Error ? error : new Error(`the connection ended before ${bytes} bytes had come`),
        );
    };
    for (const event of EVENTS) socket.on(event, attempt);
    attempt();
  });
}

const EVENTS = ['readable', 'end', 'close', 'error'] as const;
