/** A server program of somebody else, for as long as it is measured. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ForeignServer {
  readonly pid: number;
  end(): Promise<void>;
}

/** A process starts within 0.1 s, on a machine with many busy ones within seconds. */
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 20;

/**
 * Starts `program`, which must stay one process in the foreground, and resolves when it accepts connections on `port` of
 * 127.0.0.1. It ends with this process at the latest.
 */
export async function startForeignServer(
  program: string,
  args: readonly string[],
  port: number,
): Promise<ForeignServer> {
  const child = spawn(program, args, { stdio: 'ignore' });
  await once(child, 'spawn');
  // It has no channel that closes with this process.
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit');
  const end = async (): Promise<void> => {
    process.off('exit', kill);
    kill();
    await exited;
  };
  try {
    await untilListening(program, port, () => child.exitCode ?? undefined);
  } catch (error) {
    await end();
    throw error;
  }
  return { pid: child.pid ?? 0, end };
}

async function untilListening(
  program: string,
  port: number,
  exitCode: () => number | undefined,
): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (!(await accepts(port))) {
    const code = exitCode();
    if (code !== undefined) throw new Error(`${program} ended with exit code ${code}`);
    if (performance.now() > deadlineMs) {
      throw new Error(`${program} did not listen on port ${port} within ${START_TIMEOUT_MS} ms`);
    }
    await sleep(POLL_MS);
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const connected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return connected;
}
