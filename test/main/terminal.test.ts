import { describe, expect, it } from 'vitest';
import { outputOptions } from '../../src/main/terminal.js';

const UTF8 = { LANG: 'en_US.UTF-8' };

describe('width', () => {
  it.each([
    ['of a terminal', { isTTY: true, columns: 72 }, { COLUMNS: '200' }, 72],
    ['of a terminal that says 0', { isTTY: true, columns: 0 }, {}, 160],
    ['of a pipe, as asked', {}, { COLUMNS: '60' }, 60],
    ['of a pipe', {}, {}, 160],
    ['of a pipe with nonsense', {}, { COLUMNS: 'wide' }, 160],
    ['of a pipe with a negative width', {}, { COLUMNS: '-1' }, 160],
  ])('%s', (_, stream, env, width) => {
    expect(outputOptions(stream, env).width).toBe(width);
  });
});

describe('characters', () => {
  it.each([
    [{ LANG: 'de_DE.utf8' }, true],
    [{ LANG: 'C.UTF-8', TERM: 'xterm' }, true],
    [{ ...UTF8, TERM: 'dumb' }, false],
    [{ LANG: 'C' }, false],
    [{}, false],
    [{ ...UTF8, LC_ALL: 'C' }, false],
    [{ ...UTF8, LC_ALL: '' }, true],
    [{ LANG: 'C', LC_CTYPE: 'en_US.UTF-8' }, true],
  ])('beyond ASCII in %j: %s', (env, unicode) => {
    expect(outputOptions({}, env).unicode).toBe(unicode);
  });
});

describe('colour', () => {
  it('is for terminals alone', () => {
    expect(outputOptions({}, UTF8).colour).toBe(false);
  });
});
