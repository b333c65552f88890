import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { parseOpenFileLimit, readOpenFileLimit, requireOpenFiles } from '../../src/bench/open-files.js';

describe('parseOpenFileLimit', () => {
  const table = (soft: string, hard: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \n` +
    `Max processes             100                  200                  processes \n` +
    `Max open files            ${soft.padEnd(21)}${hard.padEnd(21)}files     \n`;

  it.each<[string, string, ReturnType<typeof parseOpenFileLimit>]>([
    ['1024', '4096', { soft: 1024, hard: 4096 }],
    ['1024', 'unlimited', { soft: 1024, hard: Infinity }],
  ])('reads %s and %s', (soft, hard, limit) => {
    expect(parseOpenFileLimit(table(soft, hard))).toEqual(limit);
  });

  it.each(['', 'Max open files few many files\n'])('finds none in %o', (text) => {
    expect(parseOpenFileLimit(text)).toBeUndefined();
  });
});

describe('readOpenFileLimit', () => {
  it('finds the limit of this process, where the system tells it', () => {
    if (process.platform === 'linux') expect(readOpenFileLimit()?.soft).toBeGreaterThan(0);
    else expect(readOpenFileLimit()).toBeUndefined();
  });
});

describe('requireOpenFiles', () => {
  it('takes what fits, and everything where the limit is unknown', () => {
    expect(() => requireOpenFiles(200, { soft: 264, hard: 264 })).not.toThrow();
    expect(() => requireOpenFiles(100_000, { soft: Infinity, hard: Infinity })).not.toThrow();
    expect(() => requireOpenFiles(100_000, undefined)).not.toThrow();
  });

  it('names connections, limit and what it takes', () => {
    const refuse = () => requireOpenFiles(200, { soft: 263, hard: 4096 });
    expect(refuse).toThrow(UsageError);
    expect(refuse).toThrow(/--connections 200: .* 263 open files: .*ulimit -n 264/);
  });
});
