/** Small node programs as users' servers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { createIdentity, type Identity } from '../../../src/cluster/certificates.js';
import { parseCommand } from '../../../src/cluster/external/command.js';
import { ProcessGroup } from '../../../src/cluster/external/process-group.js';
import { ServerProcess, type ServerSettings } from '../../../src/cluster/external/server-process.js';
import { until } from '../replica/harness.js';

const SERVERNAME = 'spr-bench.test';
const HTTPS = `require('https').createServer({cert:fs.readFileSync('{cert}'),key:fs.readFileSync('{key}')},(q,s)=>s.end('hello')).listen({port},'127.0.0.1')`;

const folder = mkdtempSync(join(tmpdir(), 'spr-bench-test-'));
let identity: Identity;
let stranger: Identity;
const running: ServerProcess[] = [];

beforeAll(async () => {
  const options = { key: 'ecdsa-p256', servername: SERVERNAME } as const;
  [identity, stranger] = await Promise.all([createIdentity(options), createIdentity(options)]);
  writeFileSync(join(folder, 'cert.pem'), identity.certificatePem);
  writeFileSync(join(folder, 'key.pem'), identity.privateKeyPem);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.end()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(text: string, changes: Partial<ServerSettings> = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start({
    command: parseCommand(text, false),
    values: {
      cert: join(folder, 'cert.pem'),
      key: join(folder, 'key.pem'),
      ca: '',
      index: '0',
      folder,
      'ticket-keys': '',
    },
    proxyProtocol: false,
    client: {
      ca: identity.caPem,
      servername: SERVERNAME,
      version: '1.3',
      ciphers: 'TLS_AES_128_GCM_SHA256',
    },
    ...changes,
  });
  running.push(server);
  return server;
}

/** A node program, in double quotes. */
function node(program: string): string {
  return `${process.execPath} -e "${program}"`;
}

async function expectRefused(text: string, mentions: readonly string[], changes?: Partial<ServerSettings>) {
  const error: unknown = await start(text, changes).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  for (const mention of mentions) expect((error as UsageError).message).toContain(mention);
}

describe("a user's server", () => {
  it('is there when a client can connect, and gone with all its processes when it is ended', async () => {
    // The second process ignores the request to end; the server waits until it does.
    const deaf = `process.on(String.fromCharCode(83,73,71,84,69,82,77),()=>{});setInterval(()=>{},1e6);console.log(1)`;
    const child = `require('child_process').spawn(process.execPath,['-e','${deaf}']).stdout.once('data',()=>{${HTTPS}})`;
    const server = await start(node(child));
    const socket = connect({
      port: server.port,
      host: '127.0.0.1',
      servername: SERVERNAME,
      ca: identity.caPem,
    });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.destroy();
    const group = new ProcessGroup(server.pid);
    const { members } = group;
    expect(members).toHaveLength(2);
    expect(group.cpuMs()).toBeGreaterThan(0);
    expect(group.residentBytes()).toBeGreaterThan(10 * 1024 * 1024);
    await server.end();
    // The system takes a moment to carry a SIGKILL out.
    await until(() => {
      group.refresh();
      return group.members.length === 0;
    });
    expect(await server.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('is struck by signals as a whole', async () => {
    const server = await start(node(HTTPS));
    server.signal('SIGSTOP');
    server.signal('SIGKILL');
    expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('has to be a program', async () => {
    await expectRefused('no-such-program-here {port}', ['"no-such-program-here" is not found']);
    await expectRefused(`${folder} {port}`, ['cannot be run']);
  });

  it('has to stay, and tells why it does not', async () => {
    await expectRefused(node(`console.error('no such module {port}');process.exit(3)`), [
      'exited with code 3',
      'its last output:\nno such module',
    ]);
    await expectRefused(node('{port}'), ['exited with code 0', 'foreground']);
  });

  it('has to open its port in time', async () => {
    await expectRefused(
      node(`console.log('on my way');setInterval(()=>{},1e6,{port})`),
      ['after 700 ms', 'on my way'],
      {
        readyTimeoutMs: 700,
      },
    );
  });

  it('has to speak TLS as clients do', async () => {
    await expectRefused(node(`require('http').createServer().listen({port},'127.0.0.1')`), [
      'TLS 1.3 handshake with it fails',
    ]);
    await expectRefused(node(HTTPS.replace('{cert:', "{maxVersion:'TLSv1.2',cert:")), [
      'TLS 1.3 handshake with it fails',
    ]);
  });

  it('has to show the certificate that clients trust', async () => {
    const client = {
      ca: stranger.caPem,
      servername: SERVERNAME,
      version: '1.3',
      ciphers: 'TLS_AES_128_GCM_SHA256',
    } as const;
    await expectRefused(node(HTTPS), ['it has to use {cert} and {key}'], { client });
  });
});
