/** Progress of `spr-bench micro` on stderr: a bar on a terminal, a line per tenth elsewhere. */
import { drawBar, ERASE_TO_END, type ProgressStream } from './progress.js';

export interface MicroProgress {
  /** @param share done so far, 0 to 1 */
  readonly show: (share: number, what: string) => void;
  /** Removes the bar. */
  close(): void;
}

/** Of the lines where there is no terminal. */
const STEPS = 10;
/** Of a terminal that does not tell its width. */
const DEFAULT_COLUMNS = 80;

export function createMicroProgress(stream: ProgressStream, quiet: boolean): MicroProgress {
  if (quiet) return { show() {}, close() {} };
  return stream.isTTY === true ? bar(stream) : lines(stream);
}

function bar(stream: ProgressStream): MicroProgress {
  let shown = false;
  return {
    show(share, what) {
      // The last column stays free: some terminals wrap as soon as it is written.
      const line = `${drawBar(share)} ${what}`.slice(0, (stream.columns || DEFAULT_COLUMNS) - 1);
      stream.write(`\r${line}${ERASE_TO_END}`);
      shown = true;
    },
    close() {
      if (shown) stream.write(`\r${ERASE_TO_END}`);
      shown = false;
    },
  };
}

function lines(stream: ProgressStream): MicroProgress {
  let steps = 0;
  return {
    show(share) {
      const reached = Math.floor(share * STEPS);
      if (reached <= steps) return;
      steps = reached;
      stream.write(`micro: ${reached * (100 / STEPS)} % done\n`);
    },
    close() {},
  };
}
