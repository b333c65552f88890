import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { createPrng } from '../../src/base/prng.js';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import { storeReplies } from '../../src/bench/own-server-replies.js';
import { createIdentity } from '../../src/cluster/certificates.js';
import type { PlannedRequest } from '../../src/contracts/workload.js';
import { loadWorkload } from '../../workloads/index.js';

const SERVERNAME = 'spr-bench.test';
const identity = await createIdentity({ key: 'ecdsa-p256', servername: SERVERNAME });
const folder = mkdtempSync(join(tmpdir(), 'spr-bench-test-'));
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function store(listener: RequestListener, paths: readonly string[]): Promise<string> {
  const server = createServer({ cert: identity.certificatePem, key: identity.privateKeyPem }, listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return storeReplies({ cluster: { port }, paths, servername: SERVERNAME, ca: identity.caPem }, folder);
}

it('makes a workload that accepts what the server answered, and nothing else', async () => {
  const hosts = new Set<string | undefined>();
  const path = await store(
    ({ url, headers }, response) => {
      hosts.add(headers.host);
      response.writeHead(url === '/a' ? 200 : 203).end(Buffer.from(`page ${url} \xff`, 'latin1'));
    },
    ['/a', '/b?c=1'],
  );
  expect([...hosts]).toEqual([SERVERNAME]);
  const workload = await loadWorkload(`own-server:replies=${path}`);
  // Results of other pages never pass for these.
  expect(workload.id).toMatch(/^own-server:replies=replies\.json:sha256=[0-9a-f]{12}$/);
  const options = { connections: 4, durationMs: 100, arrivals: 'closed' } as const;
  const targets = workload.plan(options, createPrng(1)).connections.map((requests) => {
    const [first, second] = take(requests, 2);
    return [first?.target, second?.target].sort().join(' ');
  });
  expect(new Set(targets)).toEqual(new Set(['/a /b?c=1']));
  const check = (target: string, status: number, content: Buffer): number => {
    const request: PlannedRequest = { id: '0-0', method: 'GET', target, bodyBytes: 0, atMs: 0 };
    const verify = workload.verify(request, status, createSeededBytes(1));
    return verify.push(content) + verify.end();
  };
  const page = Buffer.from('page /a \xff', 'latin1');
  expect(check('/a', 200, page)).toBe(0);
  expect(check('/a', 203, page)).toBeGreaterThan(0);
  expect(check('/a', 200, Buffer.concat([page, page]))).toBe(page.length);
  expect(check('/b?c=1', 203, page)).toBeGreaterThan(0);
});

it.each<[string, RequestListener, string]>([
  ['a page that is not there', (_, response) => void response.writeHead(404).end(), 'status 404'],
  [
    'a page that is different each time',
    (_, response) => void response.end(String(process.hrtime.bigint())),
    'differently each time',
  ],
  ['no reply', (request) => void request.socket.destroy(), 'gives no reply'],
])('refuses %s', async (_what, listener, problem) => {
  const error: unknown = await store(listener, ['/x']).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as UsageError).message).toContain('--paths /x');
  expect((error as UsageError).message).toContain(problem);
});

it.each([
  ['no JSON', '{', ' is no JSON'],
  ['no object', 'null', 'replies: must be a list'],
  ['no reply', '{"replies":[]}', 'replies: must be a list of one reply or more'],
  ['a reply that is none', '{"replies":[null]}', 'replies.0.target'],
  ['a target with a line break', reply({ target: '/a\r\n' }), 'replies.0.target: must be a path'],
  [
    'a status that is no success',
    reply({ status: 404 }),
    'replies.0.status: must be a whole number from 200',
  ],
  ['a status that is text', reply({ status: '200' }), 'replies.0.status'],
  ['content that is no text', reply({ contentBase64: 5 }), 'replies.0.contentBase64: must be a string'],
])('is read strictly: %s', async (_what, text, problem) => {
  const { ownServer } = await import('../../workloads/own-server.js');
  const file = { name: 'replies.json', text, sha256: '' };
  const read = (): unknown => ownServer.configure?.({ replies: file });
  expect(read).toThrow(UsageError);
  expect(read).toThrow(problem);
});

/** A file with one reply. */
function reply(changes: object): string {
  return JSON.stringify({ replies: [{ target: '/a', status: 200, contentBase64: '', ...changes }] });
}

function take(requests: Iterable<PlannedRequest>, count: number): PlannedRequest[] {
  const taken: PlannedRequest[] = [];
  for (const request of requests) if (taken.push(request) === count) break;
  return taken;
}
