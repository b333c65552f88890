/** The version of this package. */
import { createRequire } from 'node:module';

/** The one in `package.json`, which the package finds by its own name from `src` and from `dist/src` alike. */
export function packageVersion(): string {
  const { version }: { version?: unknown } = createRequire(import.meta.url)('spr-bench/package.json');
  if (typeof version !== 'string') throw new TypeError('package.json of spr-bench has no version');
  return version;
}
