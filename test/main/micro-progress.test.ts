import { expect, it } from 'vitest';
import { createMicroProgress } from '../../src/main/micro-progress.js';

class Screen {
  readonly isTTY: boolean;
  readonly columns = 40;
  text = '';

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

it('is a bar on a terminal, no wider than it, and removed', () => {
  const screen = new Screen(true);
  const progress = createMicroProgress(screen, false);
  progress.show(0.5, 'a step with a name that is far too long for this terminal');
  expect(screen.text).toMatch(/^\r\[#{10}-{10}\] a step/);
  expect(screen.text.replace('\r', '').replace('\x1b[K', '').length).toBeLessThan(40);
  progress.close();
  const closed = screen.text;
  expect(closed.endsWith('\r\x1b[K')).toBe(true);
  progress.close();
  expect(screen.text).toBe(closed);
});

it('is a line for each tenth elsewhere', () => {
  const screen = new Screen(false);
  const progress = createMicroProgress(screen, false);
  for (const share of [0, 0.05, 0.1, 0.15, 0.35]) progress.show(share, 'step');
  progress.close();
  expect(screen.text).toBe('micro: 10 % done\nmicro: 30 % done\n');
});

it('is nothing when it is to be quiet', () => {
  const screen = new Screen(true);
  const progress = createMicroProgress(screen, true);
  progress.show(0.5, 'step');
  progress.close();
  expect(screen.text).toBe('');
});
