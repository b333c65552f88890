/** `micro.json` in the folder of a run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type MicroResult, microSchema } from '../../contracts/micro.js';
import { readDocument } from '../results-file.js';

export const MICRO_FILE = 'micro.json';

/**
 * What was measured for the run in this folder; undefined when nothing was.
 * @throws UsageError when the file cannot be read or is none of this release
 */
export function readMicro(folder: string): MicroResult | undefined {
  const path = join(folder, MICRO_FILE);
  return existsSync(path) ? readDocument(microSchema, path, 'result of micro') : undefined;
}
