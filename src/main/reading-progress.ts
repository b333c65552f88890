/** Progress of reading a large file on stderr: a bar on a terminal, a line per tenth elsewhere, nothing for a small one. */
import { drawBar, ERASE_TO_END, type ProgressStream } from './progress.js';

export interface ReadingProgress {
  /** Bytes read so far. */
  read(bytes: number): void;
  /** Removes the bar. */
  close(): void;
}

export interface ReadingProgressOptions {
  readonly path: string;
  readonly totalBytes: number;
  readonly stream: ProgressStream;
  /** A clock that never goes back, ms. */
  readonly nowMs: () => number;
}

/** Read in a second or two: whoever waits no longer than that needs no bar. */
export const LARGE_BYTES = 16 * 1024 * 1024;

/** Often enough to be seen moving. */
const REDRAW_MS = 100;

/** Of the lines where there is no terminal. */
const STEPS = 10;

const BYTES_PER_MB = 1e6;

export function createReadingProgress(options: ReadingProgressOptions): ReadingProgress {
  if (options.totalBytes < LARGE_BYTES) return { read() {}, close() {} };
  return options.stream.isTTY === true ? new ReadingBar(options) : new ReadingLines(options);
}

class ReadingLines implements ReadingProgress {
  readonly #options: ReadingProgressOptions;
  #steps = 0;

  constructor(options: ReadingProgressOptions) {
    this.#options = options;
  }

  read(bytes: number): void {
    const steps = Math.floor((bytes / this.#options.totalBytes) * STEPS);
    if (steps <= this.#steps) return;
    this.#steps = steps;
    this.#options.stream.write(`${describe(this.#options, bytes)}\n`);
  }

  close(): void {}
}

class ReadingBar implements ReadingProgress {
  readonly #options: ReadingProgressOptions;
  #drawnAtMs = -Infinity;

  constructor(options: ReadingProgressOptions) {
    this.#options = options;
  }

  read(bytes: number): void {
    const { totalBytes, stream, nowMs } = this.#options;
    if (nowMs() - this.#drawnAtMs < REDRAW_MS) return;
    this.#drawnAtMs = nowMs();
    // The last column stays free: some terminals wrap as soon as it is written.
    const width = (stream.columns || 80) - 1;
    const line = `${drawBar(Math.min(1, bytes / totalBytes))} ${describe(this.#options, bytes)}`;
    stream.write(`\r${line.slice(0, width).trimEnd()}${ERASE_TO_END}`);
  }

  close(): void {
    this.#options.stream.write(`\r${ERASE_TO_END}`);
  }
}

/** A file that is still written to grows: never more than all of it. */
function describe({ path, totalBytes }: ReadingProgressOptions, bytes: number): string {
  const share = Math.min(100, Math.floor((bytes / totalBytes) * 100));
  const mb = (value: number): string => Math.round(value / BYTES_PER_MB).toLocaleString('en-US');
  return `${share} % of ${mb(totalBytes)} MB read, ${path}`;
}
