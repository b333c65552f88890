/** House rules that a machine can check. Each failure names the file and what is wrong with it. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Import,
  isWithinPackage,
  listFiles,
  packageOf,
  ROOT,
  read,
  readSource,
  type SourceFile,
} from './source-files.js';

const SELF = 'test/tidy.test.ts';
const MAX_FILE_LINES = 500;
const MAX_FUNCTION_LINES = 70;

const FOUNDATION = ['src/base'];
const PURE = [...FOUNDATION, 'src/stats', 'src/tls', 'src/http', 'src/contracts'];
const PLUGIN_BASE = ['src/contracts', 'src/base', 'src/http', 'src/stats'];
const PLUGINS = ['strategies', 'workloads', 'reports'];
const SYSTEM = [...PURE, 'src/net', ...PLUGINS, 'src/cluster'];
/** What each folder may import beside itself. Everybody may import types from src/contracts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/base': [],
  'src/stats': FOUNDATION,
  'src/tls': FOUNDATION,
  'src/http': FOUNDATION,
  'src/contracts': [...FOUNDATION, 'src/stats', 'src/tls', 'src/http'],
  'src/net': PURE,
  strategies: PLUGIN_BASE,
  workloads: PLUGIN_BASE,
  reports: PLUGIN_BASE,
  'src/cluster': [...PURE, 'src/net', ...PLUGINS],
  'src/bench': SYSTEM,
  'src/main': [...SYSTEM, 'src/bench'],
  'src/index.ts': [...SYSTEM, 'src/bench'],
};

const sources = ['src', 'strategies', 'workloads', 'reports', 'bench', 'examples', 'test']
  .flatMap((folder) => listFiles(folder))
  .filter((path) => /\.(ts|mts|js|mjs)$/.test(path))
  .map(readSource);
const product = sources.filter(({ path }) => layerOf(path) !== undefined);
const texts = [
  ...['src', 'strategies', 'workloads', 'reports', 'bench', 'examples', 'test', '.ci', '.github'].flatMap(
    (folder) => listFiles(folder),
  ),
  ...readdirSync(ROOT).filter((name) => /\.(md|ts|json|yml)$/.test(name) && name !== 'package-lock.json'),
].filter((path) => path !== SELF);
const packageJson = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

describe('imports', () => {
  it('point from a layer to the layers below it', () => {
    const wrong = product.flatMap(({ path, imports }) =>
      imports
        .filter((each) => isWithinPackage(each) && !isAllowed(path, each))
        .map(({ target }) => `${path} must not import ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('make no cycle', () => {
    expect(findCycles()).toEqual([]);
  });

  it('name files that exist', () => {
    const known = new Set(sources.map(({ path }) => path));
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((each) => isWithinPackage(each) && each.target.endsWith('.ts') && !known.has(each.target))
        .map(({ target }) => `${path} imports ${target}, which does not exist`),
    );
    expect(wrong).toEqual([]);
  });

  it('leave no file that nobody imports', () => {
    const imported = new Set(product.flatMap(({ imports }) => imports.map(({ target }) => target)));
    const orphans = product
      .map(({ path }) => path)
      .filter((path) => !path.startsWith('src/main/') && path !== 'src/index.ts' && !imported.has(path))
      .map((path) => `${path} is imported by nothing but tests`);
    expect(orphans).toEqual([]);
  });
});

describe('size', () => {
  it(`of a file is at most ${MAX_FILE_LINES} lines`, () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_FILE_LINES)
      .map(({ path, lines }) => `${path} has ${lines} lines`);
    expect(long).toEqual([]);
  });

  it(`of a function is at most ${MAX_FUNCTION_LINES} lines`, () => {
    const long = product.flatMap(({ path, text }) =>
      measureFunctions(text)
        .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
        .map(({ line, lines }) => `${path}:${line} begins a function of ${lines} lines`),
    );
    expect(long).toEqual([]);
  });
});

describe('packages', () => {
  const { dependencies, devDependencies, scripts } = packageJson;

  it('that the product imports are dependencies', () => {
    const undeclared = undeclaredPackages(product, new Set(Object.keys(dependencies)));
    expect(undeclared).toEqual([]);
  });

  it('that tests and tools import are declared', () => {
    const declared = new Set([...Object.keys(dependencies), ...Object.keys(devDependencies)]);
    expect(undeclaredPackages(sources, declared)).toEqual([]);
  });

  it('that are dependencies are used by the product', () => {
    // Quoted anywhere: a program of a package can also be found with `require.resolve`.
    const unused = Object.keys(dependencies).filter(
      (name) => !product.some(({ text }) => text.includes(`'${name}'`) || text.includes(`'${name}/`)),
    );
    expect(unused).toEqual([]);
  });

  it('that are development dependencies are used', () => {
    const commands = Object.values(scripts).join(' ');
    const programs: Record<string, string> = {
      '@biomejs/biome': 'biome',
      typescript: 'tsc',
      vitest: 'vitest',
    };
    const unused = Object.keys(devDependencies).filter((name) => {
      const typed = name.startsWith('@types/') ? name.slice('@types/'.length) : undefined;
      if (typed !== undefined)
        return typed !== 'node' && !(typed in dependencies || typed in devDependencies);
      const program = programs[name];
      return !(program !== undefined && commands.includes(program)) && !imports(name);
    });
    expect(unused).toEqual([]);
  });

  it('are locked without the address of a registry', () => {
    const addresses = read('package-lock.json').match(/"resolved": "https?:[^"]*"/g) ?? [];
    expect(addresses.slice(0, 5)).toEqual([]);
  });
});

describe('text', () => {
  it.each<[string, RegExp, (path: string) => boolean]>([
    ['marks of unfinished work', /\b(TODO|FIXME|XXX)\b/, () => true],
    ['paths of somebody’s machine', /(?<![\w.])\/(home|root|work|Users)\/\w|\b[A-Z]:\\\w/, () => true],
    ['numbers of issues', /(^|[\s(])#\d+\b|\b(issues|pull)\/\d+/, (path) => path.endsWith('.md')],
    ['tests that are left out or run alone', /\b(it|test|describe)\.(skip|only|todo)\b/, isTest],
  ])('has no %s', (_name, pattern, applies) => {
    const found = texts.filter(applies).flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );
    expect(found).toEqual([]);
  });
});

function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

function imports(packageName: string): boolean {
  return sources.some((source) => source.imports.some(({ target }) => packageOf(target) === packageName));
}

function undeclaredPackages(files: readonly SourceFile[], declared: ReadonlySet<string>): string[] {
  return files.flatMap(({ path, imports: all }) =>
    all.flatMap(({ target }) => {
      const name = isWithinPackage({ target }) ? undefined : packageOf(target);
      return name === undefined || declared.has(name) ? [] : [`${path} imports ${name}`];
    }),
  );
}

function isAllowed(path: string, { target, kind }: Import): boolean {
  const from = layerOf(path);
  const to = layerOf(target);
  if (from === undefined || from === to) return true;
  if (to === undefined) return false;
  return (to === 'src/contracts' && kind === 'type') || (MAY_IMPORT[from]?.includes(to) ?? false);
}

/** `src/tls`, `strategies`, `src/index.ts`; undefined for what is not part of the product. */
function layerOf(path: string): string | undefined {
  const parts = path.split('/');
  const layer = parts[0] === 'src' ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
  return layer in MAY_IMPORT ? layer : undefined;
}

/** Each cycle once, as `a -> b -> a`. Depth first; a file on the current path closes a cycle. */
function findCycles(): string[] {
  const targets = new Map(product.map(({ path, imports: all }) => [path, all.map(({ target }) => target)]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' -> '));
    if (start >= 0 || finished.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}

/**
 * Relies on the formatter: a function begins on a line that declares it, and ends on the first later line that begins with
 * a closing brace at the same indentation.
 */
function measureFunctions(text: string): { readonly line: number; readonly lines: number }[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const indent = /^\s*/.exec(line)?.[0] ?? '';
    if (!declaresFunction(line.trim())) return [];
    const closing = lines.findIndex((other, at) => at > index && other.startsWith(`${indent}}`));
    return closing < 0 ? [] : [{ line: index + 1, lines: closing - index + 1 }];
  });
}

function declaresFunction(line: string): boolean {
  if (/^(if|for|while|switch|catch|return|await|else|class|interface|new)\b/.test(line)) return false;
  const named = /^(export )?(default )?(async )?function\b/.test(line);
  const arrow = /=> \{$/.test(line);
  const method = /^(public |private |protected |static |override |async |get |set )*#?\w+(<.*>)?\(.*\{$/.test(
    line,
  );
  return named || arrow || method;
}
