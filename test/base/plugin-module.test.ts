import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { isModuleSpecifier, loadPlugin } from '../../src/base/plugin-module.js';

interface Plugin {
  readonly id: string;
}

const REGISTRY: readonly Plugin[] = [{ id: 'one' }, { id: 'two' }];
const folder = mkdtempSync(join(tmpdir(), 'spr-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

function problem(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'id' in value ? undefined : 'has no id';
}

function load(specifier: string): Promise<Plugin> {
  return loadPlugin('strategy', specifier, REGISTRY, problem);
}

function moduleFile(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('isModuleSpecifier', () => {
  it.each([
    ['spr', false],
    ['full-handshake', false],
    ['mine.js', true],
    ['mine.mjs', true],
    ['./mine', true],
    ['../strategies/mine.js', true],
    ['/somewhere/mine.js', true],
    ['file:///somewhere/mine.js', true],
  ])('%s: %s', (specifier, expected) => {
    expect(isModuleSpecifier(specifier)).toBe(expected);
  });
});

describe('loadPlugin', () => {
  const usageError = (message: RegExp) =>
    expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(message) });

  it('finds entries of the registry', async () => {
    expect(await load('two')).toBe(REGISTRY[1]);
  });

  it('names what is allowed instead of an unknown id', async () => {
    await expect(load('three')).rejects.toEqual(
      usageError(/^strategy "three" is unknown: the ids are one, two;/),
    );
  });

  it('loads the default export of a module, by path or address', async () => {
    const path = moduleFile('mine.mjs', 'export default { id: "mine" };');
    for (const specifier of [path, relative(process.cwd(), path), pathToFileURL(path).href]) {
      expect(await load(specifier)).toEqual({ id: 'mine' });
    }
  });

  it('says what a module lacks', async () => {
    const path = moduleFile('empty.mjs', 'export const mine = 1;');
    await expect(load(path)).rejects.toEqual(usageError(/empty\.mjs: its default export has no id$/));
  });

  it('says why a module cannot be loaded', async () => {
    await expect(load('./nowhere/mine.js')).rejects.toEqual(
      usageError(/^strategy \.\/nowhere\/mine\.js cannot be loaded: /),
    );
    const path = moduleFile('broken.mjs', 'throw new Error("on purpose");');
    await expect(load(path)).rejects.toEqual(usageError(/cannot be loaded: on purpose$/));
  });
});
