/** The sources of this repository as tests look at them: their text, and what they import. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Import {
  readonly target: string;
  /** `later`: only when the line that names it runs. */
  readonly kind: 'type' | 'static' | 'later';
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Module specifiers; relative ones as a path from the root of the package. */
  readonly imports: readonly Import[];
}

/** Folder of the package. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @param path from the root of the package */
export function readSource(path: string): SourceFile {
  const text = read(path);
  return { path, text, imports: findImports(path, withoutComments(text)) };
}

/** Static and dynamic imports, re-exports, and files that are named by `new URL(..., import.meta.url)`; not folders. */
function findImports(path: string, code: string): Import[] {
  const pattern =
    /(?:\b(?:import|export)(\s+type)?\s+(?:[\w*{][^'";]*?\s+from\s+)?|(\bimport\(\s*|\bnew URL\(\s*))'([^']+)'/g;
  return (
    [...code.matchAll(pattern)]
      .map(
        ([, typeOnly, later, specifier = '']): Import => ({
          target: specifier.startsWith('.') ? resolveImport(path, specifier) : specifier,
          kind: typeOnly !== undefined ? 'type' : later !== undefined ? 'later' : 'static',
        }),
      )
      // A path that leaves the package is seen from the compiled file, which lies deeper.
      .filter(({ target }) => !target.endsWith('.') && !target.endsWith('/') && !target.startsWith('../'))
  );
}

/** TypeScript is imported by the name of the JavaScript that it is compiled to. */
function resolveImport(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** All files below a folder, as paths from the root with forward slashes. None when there is no such folder. */
export function listFiles(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** Undefined for what comes with Node, and for this package by its own name. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('node:') || /^spr-bench(\/|$)/.test(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Whether it is a file of this package. */
export function isWithinPackage({ target }: { readonly target: string }): boolean {
  return /^(src|strategies|workloads|reports|bench|examples|test)\/|^[\w.-]+\.(ts|json)$/.test(target);
}
