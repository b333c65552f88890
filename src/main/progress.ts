/** Progress of a run on stderr: a bar on a terminal, one line per ended trial elsewhere. */
import pc from 'picocolors';
import type { TrialResult, TrialSpec } from '../contracts/results.js';

export interface Progress {
  trialStarted(spec: TrialSpec): void;
  trialEnded(result: TrialResult): void;
  /** Removes the bar. Call it before anything else is written to the terminal, and at the end in any case. */
  close(): void;
}

/** The part of `process.stderr` that is used. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  /** Trials of the run. */
  readonly total: number;
  /** Draws nothing. */
  readonly quiet: boolean;
  readonly stream: ProgressStream;
  /** A clock that never goes back, ms. */
  readonly nowMs: () => number;
  /** Default: on a terminal, unless `NO_COLOR` or `--no-color` says otherwise. */
  readonly colour?: boolean;
}

/** Of a terminal that does not tell its width, or says 0. */
const DEFAULT_COLUMNS = 80;
const BAR_CELLS = 20;
/** The elapsed time is shown in seconds. */
const REDRAW_MS = 1000;
/** ECMA-48 EL: what an earlier, longer line left behind. */
export const ERASE_TO_END = '\x1b[K';

type Colours = ReturnType<typeof pc.createColors>;

export function createProgress(options: ProgressOptions): Progress {
  if (options.quiet) return { trialStarted() {}, trialEnded() {}, close() {} };
  const terminal = options.stream.isTTY === true;
  const colours = pc.createColors(options.colour ?? (terminal && pc.isColorSupported));
  return terminal ? new ProgressBar(options, colours) : new ProgressLines(options, colours);
}

/** One line per ended trial, for log files. */
class ProgressLines implements Progress {
  readonly #options: ProgressOptions;
  readonly #colours: Colours;
  #ended = 0;

  constructor(options: ProgressOptions, colours: Colours) {
    this.#options = options;
    this.#colours = colours;
  }

  trialStarted(): void {}

  trialEnded(result: TrialResult): void {
    this.#ended++;
    this.#options.stream.write(
      `${describeResult(result, this.#ended, this.#options.total, this.#colours)}\n`,
    );
  }

  close(): void {}
}

/** A line that is drawn over again. Trials that do not count leave a line of their own above it. */
class ProgressBar implements Progress {
  readonly #options: ProgressOptions;
  readonly #colours: Colours;
  readonly #startedAtMs: number;
  readonly #timer: NodeJS.Timeout;
  #ended = 0;
  #cell = '';

  constructor(options: ProgressOptions, colours: Colours) {
    this.#options = options;
    this.#colours = colours;
    this.#startedAtMs = options.nowMs();
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
    // The bar must not keep a finished or failed run alive.
    this.#timer.unref();
  }

  trialStarted(spec: TrialSpec): void {
    this.#cell = describeCell(spec);
    this.#draw();
  }

  trialEnded(result: TrialResult): void {
    this.#ended++;
    if (needsAttention(result)) this.#leaveLine(result);
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#options.stream.write(`\r${ERASE_TO_END}`);
  }

  #leaveLine(result: TrialResult): void {
    const line = describeResult(result, this.#ended, this.#options.total, this.#colours);
    this.#options.stream.write(`\r${line}${ERASE_TO_END}\n`);
  }

  #draw(): void {
    const { total, stream, nowMs } = this.#options;
    const elapsedMs = nowMs() - this.#startedAtMs;
    // The last column stays free: some terminals wrap as soon as it is written.
    const width = (stream.columns || DEFAULT_COLUMNS) - 1;
    const state = { ended: this.#ended, total, cell: this.#cell, elapsedMs };
    stream.write(`\r${fitLine(state, width, this.#colours)}${ERASE_TO_END}`);
  }
}

interface BarState {
  readonly ended: number;
  readonly total: number;
  readonly cell: string;
  readonly elapsedMs: number;
}

/** Leaves out what does not fit: the bar first, then the times, then the end of the cell. */
function fitLine(state: BarState, width: number, colours: Colours): string {
  const count = `${Math.min(state.ended + 1, state.total)}/${state.total}`;
  const times = describeTimes(state);
  const bar = drawBar(state.ended / Math.max(1, state.total));
  const candidates = [
    { bar, text: [count, state.cell, times] },
    { bar: '', text: [count, state.cell, times] },
    { bar: '', text: [count, state.cell] },
  ];
  for (const candidate of candidates) {
    const text = candidate.text.filter((part) => part !== '').join('  ');
    const barWidth = candidate.bar === '' ? 0 : candidate.bar.length + 1;
    if (barWidth + text.length > width) continue;
    return barWidth === 0 ? text : `${colours.cyan(candidate.bar)} ${text}`;
  }
  return `${count}  ${state.cell}`.slice(0, Math.max(0, width));
}

/** `[###---]` for a share of 0 to 1. */
export function drawBar(share: number): string {
  const filled = Math.round(share * BAR_CELLS);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_CELLS - filled)}]`;
}

/** The rest is estimated from the trials that ended: they all take about as long. */
function describeTimes({ ended, total, elapsedMs }: BarState): string {
  const elapsed = `${formatDuration(elapsedMs)} elapsed`;
  if (ended === 0) return elapsed;
  return `${elapsed}, about ${formatDuration((elapsedMs / ended) * (total - ended))} left`;
}

/** `4:05`, or `1:04:05` from an hour on. */
function formatDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? `${part}` : String(part).padStart(2, '0'))).join(':');
}

function needsAttention(result: TrialResult): boolean {
  return result.status !== 'completed' || result.violations.length > 0;
}

function describeResult(result: TrialResult, ended: number, total: number, colours: Colours): string {
  const reasons = [...(result.status === 'completed' ? [] : result.reasons), ...result.violations];
  const paint = needsAttention(result) ? colours.yellow : colours.green;
  const status = result.violations.length > 0 ? `${result.status}, with violations` : result.status;
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ').replace(/\s+/g, ' ')}`;
  return `trial ${ended}/${total}  ${describeCell(result.spec)}  ${paint(status)}${why}`;
}

function describeCell(spec: TrialSpec): string {
  return `${spec.strategy} / ${spec.workload} / ${spec.fault}`;
}
