/** Where the entry modules of the processes are: beside this folder, compiled. */

export type ProcessName =
  | 'director'
  | 'replica'
  | 'external-replica'
  | 'client'
  | 'http-load'
  | 'cold-takeover';

export function processEntry(name: ProcessName): URL {
  return new URL(`../main/${name}.js`, import.meta.url);
}
