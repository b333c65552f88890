import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrialResult, TrialSpec } from '../../src/contracts/results.js';
import { createProgress, type Progress, type ProgressOptions } from '../../src/main/progress.js';

const spec: TrialSpec = {
  ...{ index: 0, block: 0, strategy: 'spr', workload: 'echo', fault: 'kill', seed: 1 },
  ...{
    connections: 10,
    replicas: 2,
    heartbeats: { intervalMs: 100, missedLimit: 20 },
    arrivals: 'open',
    engine: 'adopted',
    rttMs: 0,
    beforeMs: 1000,
    afterMs: 1000,
  },
  tls: { version: '1.3', suite: 'TLS_AES_128_GCM_SHA256', key: 'ecdsa-p256' },
};

const invalid: TrialResult = {
  ...{ schemaVersion: 1, status: 'invalid', spec, startedAt: '2026-01-01T00:00:00Z' },
  ...{ measurements: null, violations: [], reasons: ['2 full handshakes\ninstead of resumed ones'] },
};

/** Only what progress looks at. */
const completed = { ...invalid, status: 'completed', reasons: undefined } as unknown as TrialResult;
const violated = { ...completed, violations: ['3 corrupted bytes'] } as TrialResult;

class Screen {
  readonly isTTY: boolean;
  readonly columns: number;
  text = '';

  constructor(isTTY: boolean, columns = 100) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }

  /** What a terminal would show: carriage return, erase to the end of the line and line feed are carried out. */
  lines(): string[] {
    return this.text.split('\n').map((line) => {
      const drawn = line.split('\r').at(-1) ?? '';
      return drawn.replace('\x1b[K', '');
    });
  }
}

let nowMs = 0;

function start(stream: Screen, options: Partial<ProgressOptions> = {}): Progress {
  return createProgress({ total: 4, quiet: false, stream, nowMs: () => nowMs, colour: false, ...options });
}

beforeEach(() => {
  nowMs = 0;
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('progress on a terminal', () => {
  it('shows bar, trial, cell, elapsed and estimated time', () => {
    const screen = new Screen(true);
    const progress = start(screen);
    progress.trialStarted(spec);
    expect(screen.lines()).toEqual(['[--------------------] 1/4  spr / echo / kill  0:00 elapsed']);

    nowMs = 65_000;
    progress.trialEnded(completed);
    expect(screen.lines()).toEqual([
      '[#####---------------] 2/4  spr / echo / kill  1:05 elapsed, about 3:15 left',
    ]);
    progress.close();
  });

  it('redraws while a trial runs, and no more once closed', () => {
    const screen = new Screen(true);
    const progress = start(screen);
    progress.trialStarted(spec);
    nowMs = 3_723_000;
    vi.advanceTimersByTime(1000);
    expect(screen.lines().at(-1)).toContain('1:02:03 elapsed');

    progress.close();
    vi.advanceTimersByTime(10_000);
    expect(screen.lines()).toEqual(['']);
  });

  it('leaves a line for a trial that does not count or broke a promise', () => {
    const screen = new Screen(true, 120);
    const progress = start(screen);
    progress.trialEnded(invalid);
    progress.trialEnded(completed);
    progress.trialEnded(violated);
    progress.close();

    expect(screen.lines()).toEqual([
      'trial 1/4  spr / echo / kill  invalid: 2 full handshakes instead of resumed ones',
      'trial 3/4  spr / echo / kill  completed, with violations: 3 corrupted bytes',
      '',
    ]);
  });

  it('never fills a line to its end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 150 }), fc.boolean(), (columns, ended) => {
        const screen = new Screen(true, columns);
        const progress = start(screen);
        progress.trialStarted(spec);
        if (ended) progress.trialEnded(completed);
        const longest = Math.max(...screen.text.split('\r').map((line) => line.replace('\x1b[K', '').length));
        progress.close();
        expect(longest).toBeLessThan(columns);
      }),
    );
  });

  it.each([
    [59, '1/4  spr / echo / kill  0:00 elapsed'],
    [40, '1/4  spr / echo / kill  0:00 elapsed'],
    [30, '1/4  spr / echo / kill'],
    [12, '1/4  spr / '],
  ])('leaves out what does not fit in %i columns', (columns, line) => {
    const screen = new Screen(true, columns);
    const progress = start(screen);
    progress.trialStarted(spec);
    expect(screen.lines()).toEqual([line]);
    progress.close();
  });

  it('colours the bar only when asked', () => {
    const screen = new Screen(true);
    const progress = start(screen, { colour: true });
    progress.trialStarted(spec);
    progress.close();

    expect(screen.text).toContain('\x1b[36m[');
  });
});

describe('progress elsewhere', () => {
  it('writes one line per ended trial', () => {
    const screen = new Screen(false);
    const progress = start(screen);
    progress.trialStarted(spec);
    progress.trialEnded(completed);
    progress.trialStarted(spec);
    progress.trialEnded(invalid);
    progress.close();

    expect(screen.text).toBe(
      'trial 1/4  spr / echo / kill  completed\n' +
        'trial 2/4  spr / echo / kill  invalid: 2 full handshakes instead of resumed ones\n',
    );
  });
});

describe('progress with --quiet', () => {
  it.each([true, false])('writes nothing (terminal: %s)', (isTTY) => {
    const screen = new Screen(isTTY);
    const progress = start(screen, { quiet: true });
    progress.trialStarted(spec);
    progress.trialEnded(invalid);
    progress.close();

    expect(screen.text).toBe('');
  });
});
