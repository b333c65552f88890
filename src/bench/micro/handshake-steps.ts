/** Handshakes in memory: full and resumed, with each kind of certificate, in both versions of TLS. */
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls';
import { createIdentity, type Identity } from '../../cluster/certificates.js';
import { findSuite } from '../../tls/cipher-suites.js';
import { ContentType } from '../../tls/record.js';
import { createWriteState } from '../../tls/static-state.js';
import { AdoptingServer, handshake, NativeServer, type ServerSide } from './handshake-pair.js';
import { must, nextTurn, type Stopwatch, type TurnsStep } from './step.js';
import { versionId } from './suites.js';

const GROUP = 'Handshake, server side';
const GROUP_BOTH = 'Handshake, both sides';
const KEYS = ['ecdsa-p256', 'rsa-2048'] as const;
const VERSIONS = ['1.3', '1.2'] as const;
const KINDS = ['full', 'resumed'] as const;
/** Any name that the certificate has. */
const SERVERNAME = 'localhost';
/** Any value: sessions are resumed among servers that have the same. */
const SESSION_ID_CONTEXT = 'spr-bench';

export type MeasuredKey = (typeof KEYS)[number];
export type HandshakeKind = (typeof KINDS)[number];
type Version = (typeof VERSIONS)[number];

/** What both sides have before a handshake begins. Made when it is first needed, and once. */
export class Endpoints {
  readonly version: Version;
  readonly key: MeasuredKey;
  readonly #identities: Identities;
  #made: Promise<{ readonly secureContext: SecureContext; readonly client: ConnectionOptions }> | undefined;
  #session: Buffer | undefined;

  constructor(version: Version, key: MeasuredKey, identities: Identities) {
    this.version = version;
    this.key = key;
    this.#identities = identities;
  }

  async server(): Promise<SecureContext> {
    return (await this.#get()).secureContext;
  }

  /** With a session to be resumed for a resumed handshake. */
  async client(kind: HandshakeKind): Promise<ConnectionOptions> {
    const { client } = await this.#get();
    if (kind === 'full') return client;
    this.#session ??= await this.#openSession();
    return { ...client, session: this.#session };
  }

  #get() {
    this.#made ??= this.#make();
    return this.#made;
  }

  async #make() {
    const identity = await this.#identities.get(this.key);
    const authentication = this.key === 'ecdsa-p256' ? 'ecdsa' : 'rsa';
    const { opensslName } = findSuite({ version: this.version, name: 'aes-128-gcm', authentication });
    const tls = `TLSv${this.version}` as const;
    const common = { minVersion: tls, maxVersion: tls, ciphers: opensslName };
    const secureContext = createSecureContext({
      ...common,
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
      sessionIdContext: SESSION_ID_CONTEXT,
    });
    // The client's context too is made once, as a client that makes many connections does.
    const client = {
      secureContext: createSecureContext({ ...common, ca: identity.caPem }),
      servername: SERVERNAME,
    };
    return { secureContext, client };
  }

  async #openSession(): Promise<Buffer> {
    const secureContext = await this.server();
    const options = { server: () => new NativeServer(secureContext), client: await this.client('full') };
    const { client, server } = await handshake(options);
    client.destroy();
    server.destroy();
    must(client.session !== undefined, `TLS ${this.version}: the server sends no ticket`);
    return client.session;
  }
}

/** Certificates, each made once: RSA keys take a while. */
export class Identities {
  readonly #made = new Map<MeasuredKey, Promise<Identity>>();

  get(key: MeasuredKey): Promise<Identity> {
    let identity = this.#made.get(key);
    if (identity === undefined) {
      identity = createIdentity({ key, servername: SERVERNAME });
      this.#made.set(key, identity);
    }
    return identity;
  }
}

export function handshakeSteps(identities: Identities): TurnsStep[] {
  return VERSIONS.flatMap((version) =>
    KEYS.flatMap((key) => {
      const endpoints = new Endpoints(version, key, identities);
      return KINDS.flatMap((kind) => [
        nativeStep(endpoints, kind, 'server'),
        nativeStep(endpoints, kind, 'both'),
        adoptedStep(endpoints, kind),
      ]);
    }),
  );
}

function nativeStep(endpoints: Endpoints, kind: HandshakeKind, sides: 'server' | 'both'): TurnsStep {
  const make = async (stopwatch?: Stopwatch): Promise<void> => {
    const secureContext = await endpoints.server();
    const { client, server } = await handshake({
      server: () => new NativeServer(secureContext),
      client: await endpoints.client(kind),
      serverWatch: stopwatch,
      clientWatch: sides === 'both' ? stopwatch : undefined,
    });
    mustBe(kind, server);
    client.destroy();
    server.destroy();
    await nextTurn();
  };
  return {
    kind: 'turns',
    id: `handshake.${kind}.${versionId(endpoints.version)}.${endpoints.key}.${sides}`,
    group: sides === 'both' ? GROUP_BOTH : GROUP,
    title: `${kind}, TLS ${endpoints.version}, ${endpoints.key}, node:tls`,
    operations: 1,
    run: make,
    verify: () => make(),
  };
}

/** What a replica does: it lets OpenSSL make the handshake, reads along, and goes on by itself. */
function adoptedStep(endpoints: Endpoints, kind: HandshakeKind): TurnsStep {
  const make = async (stopwatch?: Stopwatch) => {
    const secureContext = await endpoints.server();
    const sides = await handshake({
      server: () => new AdoptingServer(secureContext),
      client: await endpoints.client(kind),
      serverWatch: stopwatch,
    });
    mustBe(kind, sides.server);
    return sides;
  };
  return {
    kind: 'turns',
    id: `handshake.${kind}.${versionId(endpoints.version)}.${endpoints.key}.adopted`,
    group: GROUP,
    title: `${kind}, TLS ${endpoints.version}, ${endpoints.key}, adopted`,
    operations: 1,
    async run(stopwatch) {
      const { client, server } = await make(stopwatch);
      client.destroy();
      server.destroy();
      await nextTurn();
    },
    async verify() {
      const { client, server } = await make();
      const { adopted } = server;
      must(adopted !== undefined, 'a handshake was not adopted');
      const content = Buffer.from('adopted', 'latin1');
      const received: Buffer[] = [];
      client.socket.on('data', (chunk: Buffer) => received.push(chunk));
      const write = createWriteState(adopted.state, adopted.recordsWritten);
      await client.turn(Buffer.concat(write.seal(ContentType.application_data, content)));
      client.destroy();
      must(Buffer.concat(received).equals(content), 'the client does not understand its adopted connection');
    },
  };
}

/** A server that cannot resume makes a full handshake, and says nothing. */
function mustBe(kind: HandshakeKind, server: ServerSide): void {
  must(server.resumed === (kind === 'resumed'), `a handshake that should be ${kind} is not`);
}
