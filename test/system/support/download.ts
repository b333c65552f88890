/** A download by `curl` that is not read on until the test says so. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import type { ServeProcess } from './server.js';

export interface DownloadResult {
  readonly code: number | null;
  readonly stderr: string;
  /** SHA-256 of the content, in hex. */
  readonly digest: string;
}

export class PausedDownload {
  readonly #curl: ChildProcess;
  readonly #hash: Hash = createHash('sha256');
  readonly #closed: Promise<unknown>;
  #stderr = '';
  #receivedBytes = 0;

  constructor(server: ServeProcess, target: string) {
    const report = ['--write-out', '%{stderr}connections %{num_connects}'];
    const args = ['--silent', '--show-error', '--cacert', server.caPath, ...report, server.url(target)];
    this.#curl = spawn('curl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#closed = once(this.#curl, 'close');
    this.#curl.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Reads this many bytes, and a chunk at most beyond them. Everything after waits in the pipe, in curl and in the kernel. */
  async read(bytes: number): Promise<void> {
    while (this.#receivedBytes < bytes) {
      if (this.#curl.exitCode !== null) throw new Error(`curl ended early: ${this.#stderr}`);
      const chunk = this.#curl.stdout?.read() as Buffer | null;
      if (chunk === null)
        await Promise.race([once(this.#curl.stdout ?? this.#curl, 'readable'), this.#closed]);
      else this.#take(chunk);
    }
  }

  /** Reads the rest. */
  async finish(): Promise<DownloadResult> {
    this.#curl.stdout?.on('data', (chunk: Buffer) => this.#take(chunk));
    await this.#closed;
    return { code: this.#curl.exitCode, stderr: this.#stderr, digest: this.#hash.digest('hex') };
  }

  destroy(): void {
    this.#curl.kill('SIGKILL');
  }

  #take(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#receivedBytes += chunk.length;
  }
}
