/**
 * What is on the wire, seen by an independent decoder: a capture between client and director, decrypted by tshark with
 * the secrets that the client logged, has both replies whole, straight through the takeover.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Identity } from '../../src/cluster/certificates.js';
import type { Case, Suite } from './cases.js';
import { bytesOfReply, type Outcome, runSteps, SEED, type Step, stepsOf } from './cell.js';
import { openSClient } from './clients/openssl.js';
import { KillableCluster } from './killable-cluster.js';
import { outputOf } from './program.js';

const SUITES: readonly Suite[] = [
  { version: '1.3', aead: 'aes-128-gcm' },
  { version: '1.2', aead: 'aes-128-gcm' },
];

export const WIRE_CASES: readonly Case[] = SUITES.map((suite) => ({
  strategy: 'spr',
  scenario: 'mid-response',
  suite,
}));

/** Of the kernel, for a burst that dumpcap does not write fast enough. */
const CAPTURE_BUFFER_MIB = 256;
/** dumpcap has no signal for "everything up to now is written"; the loopback is empty long before. */
const CAPTURE_SETTLE_MS = 1000;
/** All of a conversation in hex, with the line ends of tshark. */
const FOLLOW_BYTES = 512 * 1024 * 1024;

/** Needs tshark, openssl, and the right to capture on the loopback interface. */
export async function tryWire(of: Case, identity: Identity): Promise<Outcome> {
  for (const program of ['dumpcap', 'tshark', 'openssl']) {
    if ((await outputOf(program, '--version')) === undefined)
      return { kind: 'not-applicable', reason: `${program} is not installed` };
  }
  const cluster = await KillableCluster.start({ of, workload: 'bulk-download', seed: SEED, identity });
  try {
    const { capturePath, keyLogPath, steps } = await captureTakeover(of, cluster);
    const decrypted = await decryptServerSide(cluster.endpoint.port, capturePath, keyLogPath);
    for (const step of steps) expectReply(decrypted, step);
    return { kind: 'ok' };
  } catch (error) {
    return { kind: 'failed', what: error instanceof Error ? error.message : String(error) };
  } finally {
    await cluster.end();
  }
}

async function captureTakeover(
  of: Case,
  cluster: KillableCluster,
): Promise<{ readonly capturePath: string; readonly keyLogPath: string; readonly steps: readonly Step[] }> {
  const { port, folder } = cluster.endpoint;
  const capturePath = join(folder, 'wire.pcapng');
  const keyLogPath = join(folder, 'key.log');
  const steps = stepsOf(of.scenario);
  const capture = await startCapture(port, capturePath);
  try {
    const session = await openSClient(cluster.endpoint, keyLogPath);
    try {
      await runSteps(session, cluster, steps);
      await cluster.verifyTakeover();
    } finally {
      session.destroy();
    }
    await sleep(CAPTURE_SETTLE_MS);
  } finally {
    capture.kill('SIGINT');
    if (capture.exitCode === null) await once(capture, 'close');
  }
  return { capturePath, keyLogPath, steps };
}

async function startCapture(port: number, path: string): Promise<ChildProcess> {
  const args = ['-q', '-i', 'lo', '-B', String(CAPTURE_BUFFER_MIB), '-f', `tcp port ${port}`, '-w', path];
  const capture = spawn('dumpcap', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  const ended = once(capture, 'close').then(() => 'ended');
  while (!stderr.includes('File: ')) {
    const [chunk] = await Promise.race([once(capture.stderr, 'data'), ended.then(() => [undefined])]);
    if (chunk === undefined) throw new Error(`dumpcap: ${stderr.trim()}`);
    stderr += String(chunk);
  }
  capture.stderr.resume();
  return capture;
}

/** Everything that the server sent, in order, as tshark reads it. */
async function decryptServerSide(port: number, capturePath: string, keyLogPath: string): Promise<Buffer> {
  const options = [`tls.keylog_file:${keyLogPath}`, 'tcp.reassemble_out_of_order:TRUE'];
  const follow = ['-q', '-z', 'follow,tls,raw,0'];
  const args = ['-r', capturePath, ...options.flatMap((option) => ['-o', option]), ...follow];
  const { stdout } = await promisify(execFile)('tshark', args, { maxBuffer: FOLLOW_BYTES });
  // One line per record, in hex; those of node 1 are indented. Which of the two is node 0 depends on the TLS version.
  const serverIsFirst = stdout.includes(`Node 0: 127.0.0.1:${port}\n`);
  const ofServer = serverIsFirst ? /^[0-9a-f]+$/ : /^\t[0-9a-f]+$/;
  const lines = stdout.split('\n').filter((line) => ofServer.test(line));
  return Buffer.concat(lines.map((line) => Buffer.from(line.trim(), 'hex')));
}

function expectReply(decrypted: Buffer, { target, id, bytes }: Step): void {
  if (decrypted.includes(bytesOfReply(id, bytes))) return;
  throw new Error(`tshark decrypted ${decrypted.length} bytes, and the reply to ${target} is not among them`);
}
