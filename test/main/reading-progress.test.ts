import { describe, expect, it } from 'vitest';
import { createReadingProgress, LARGE_BYTES, type ReadingProgress } from '../../src/main/reading-progress.js';

const MB = 1e6;

class Screen {
  readonly isTTY: boolean;
  readonly columns: number;
  text = '';

  constructor(isTTY: boolean, columns = 80) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }
}

let nowMs = 0;

function start(stream: Screen, totalBytes = 100 * MB): ReadingProgress {
  nowMs = 0;
  return createReadingProgress({ path: 'run/trials.ndjson', totalBytes, stream, nowMs: () => nowMs });
}

describe('on a terminal', () => {
  it('is a bar that is drawn over itself and removed', () => {
    const screen = new Screen(true);
    const progress = start(screen);
    progress.read(0);
    nowMs = 200;
    progress.read(50 * MB);
    progress.close();
    expect(screen.text).toBe(
      [
        '\r[--------------------] 0 % of 100 MB read, run/trials.ndjson\x1b[K',
        '\r[##########----------] 50 % of 100 MB read, run/trials.ndjson\x1b[K',
        '\r\x1b[K',
      ].join(''),
    );
  });

  it('is not drawn for every chunk', () => {
    const screen = new Screen(true);
    const progress = start(screen);
    for (nowMs = 0; nowMs < 1000; nowMs++) progress.read(nowMs * MB);
    expect(screen.text.split('\r')).toHaveLength(11);
  });

  it('stays on one line, and within 100 % of a file that grows', () => {
    const screen = new Screen(true, 40);
    start(screen).read(200 * MB);
    expect(screen.text).toBe('\r[####################] 100 % of 100 MB\x1b[K');
  });
});

describe('elsewhere', () => {
  it('is a line per tenth', () => {
    const screen = new Screen(false);
    const progress = start(screen);
    for (let bytes = 0; bytes <= 100 * MB; bytes += MB / 10) progress.read(bytes);
    progress.close();
    const lines = screen.text.trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe('10 % of 100 MB read, run/trials.ndjson');
    expect(lines[9]).toBe('100 % of 100 MB read, run/trials.ndjson');
    expect(screen.text).not.toContain('\x1b');
  });
});

describe('a small file', () => {
  it.each([true, false])('has none (terminal: %s)', (isTTY) => {
    const screen = new Screen(isTTY);
    const progress = start(screen, LARGE_BYTES - 1);
    progress.read(LARGE_BYTES - 1);
    progress.close();
    expect(screen.text).toBe('');
  });
});
