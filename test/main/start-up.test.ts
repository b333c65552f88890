/**
 * What a process loads before it knows what to do: everything that its entry imports statically, in however many steps. A
 * trial waits for that in each of its processes, and a user at each command.
 */
import { describe, expect, it } from 'vitest';
import { isWithinPackage, packageOf, readSource } from '../source-files.js';

describe('at its start', () => {
  it.each([
    ['cli', ['commander']],
    ['director', ['pure-rand']],
    ['replica', []],
    ['client', ['pure-rand']],
    ['external-replica', []],
    ['commands/list', []],
    ['commands/doctor', ['picocolors']],
  ])('%s loads these packages, and no other: %j', (entry, packages) => {
    expect(loadedBy(`src/main/${entry}.ts`).packages).toEqual(packages);
  });

  it('the command line loads no command', () => {
    const { files } = loadedBy('src/main/cli.ts');
    expect(files.filter((path) => path.startsWith('src/main/commands/'))).toEqual([
      'src/main/commands/index.ts',
    ]);
  });

  it('a process loads one protocol, and not those of other workloads', () => {
    const files = [...loadedBy('src/main/replica.ts').files, ...loadedBy('src/main/client.ts').files];
    expect(files.filter((path) => /^src.*(websocket|http2)(-application)?\.ts$/.test(path))).toEqual([]);
  });
});

interface Loaded {
  /** Both sorted. */
  readonly files: readonly string[];
  readonly packages: readonly string[];
}

function loadedBy(entry: string): Loaded {
  const files = new Set([entry]);
  const packages = new Set<string>();
  for (const path of files) {
    const targets = readSource(path).imports.filter(({ kind }) => kind === 'static');
    for (const { target } of targets) {
      const name = packageOf(target);
      if (isWithinPackage({ target })) files.add(target);
      else if (name !== undefined) packages.add(name);
    }
  }
  return { files: [...files].sort(), packages: [...packages].sort() };
}
