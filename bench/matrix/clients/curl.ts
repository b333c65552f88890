/** curl. It is told all requests at its start, and waits between them. */
import type { Client } from '../client.js';
import { PlaintextSession } from '../plaintext.js';
import { outputOf, Program } from '../program.js';

/** Requests start 3 s apart: the primary dies in between, right after a reply. */
const RATE = '20/m';

export const curl: Client = {
  id: 'curl',
  noKeyUpdate: 'curl has no option for it',
  describe: async () =>
    (await outputOf('curl', '--version'))?.replace(/^curl (\S+) \(.*?\) \S+ (\S+).*/s, 'curl $1 ($2)'),
  open: async ({ port, servername, caPath, version }, targets) => {
    const program = new Program('curl', [
      ...['--silent', '--show-error', '--include', '--no-buffer', '--http1.1', '--rate', RATE],
      ...['--cacert', caPath, '--resolve', `${servername}:${port}:127.0.0.1`],
      ...[`--tlsv${version}`, '--tls-max', version, '--write-out', '%{stderr}connects=%{num_connects} '],
      ...targets.map((target) => `https://${servername}:${port}${target}`),
    ]);
    return Object.assign(new PlaintextSession(new WithoutInput(program), servername), {
      finish: () => expectOneConnection(program, targets.length),
    });
  },
};

/** curl writes the requests itself. */
class WithoutInput {
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  read(): Promise<Buffer | undefined> {
    return this.#program.read();
  }

  async write(): Promise<void> {}

  lastWords(): string {
    return this.#program.lastWords();
  }

  destroy(): void {
    this.#program.destroy();
  }
}

async function expectOneConnection(program: Program, requests: number): Promise<void> {
  const code = await program.end();
  const expected = ['connects=1', ...Array<string>(requests - 1).fill('connects=0')].join(' ');
  if (code !== 0 || program.stderr.trim() !== expected)
    throw new Error(`curl was expected to tell "${expected}": ${program.lastWords()}`);
}
