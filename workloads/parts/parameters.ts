/**
 * Settings of workloads: how a workload declares them, and how those that the user gave, as in
 * `request-reply:think-ms=20:post-share=0.5`, become a workload with an id of its own. Results of other settings thus
 * never pass for those of the defaults.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../../src/base/errors.js';
import type {
  NumberParameter,
  Workload,
  WorkloadFile,
  WorkloadParameter,
  WorkloadSettings,
} from '../../src/contracts/workload.js';

/** Where the settings of a specifier begin: a URL or a path may have colons of its own. */
const SETTINGS = /:(?=[a-z][a-z0-9-]*=)/;
/** An hour of a busy server; it is read as a whole, by each process. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Enough to tell files apart, short enough for tables. */
const HASH_DIGITS = 12;
/** An id has at most 100 characters; the name of a file is only for people. */
const MAX_NAME_CHARACTERS = 32;
/** Of the setting that says which content a file must have; every workload with a file has it. */
const HASH = 'sha256';

/** Declares number settings by their names in camel case: the user writes them in kebab case. */
export type NumberSettings<K extends string> = Readonly<Record<K, Omit<NumberParameter, 'kind' | 'name'>>>;

/** A workload with number settings. `build` gets a value for each; it must not keep state between calls. */
export function configurable<K extends string>(
  settings: NumberSettings<K>,
  build: (values: Readonly<Record<K, number>>) => Workload,
): Workload {
  const keys = Object.keys(settings) as K[];
  const valuesOf = (given: WorkloadSettings): Record<K, number> => {
    const values: Partial<Record<K, number>> = {};
    for (const key of keys) {
      const value = given[kebabCase(key)];
      values[key] = typeof value === 'number' ? value : settings[key].default;
    }
    return values as Record<K, number>;
  };
  return {
    ...build(valuesOf({})),
    parameters: keys.map((key) => ({ kind: 'number', name: kebabCase(key), ...settings[key] })),
    configure: (given) => build(valuesOf(given)),
  };
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The name of a workload or the path of its module, and what follows it as `name=value`, each after a colon. */
export function splitSpecifier(specifier: string): {
  readonly name: string;
  readonly settings: readonly string[];
} {
  const [name = '', ...settings] = specifier.split(SETTINGS);
  return { name, settings };
}

/** The id without settings. */
export function plainId({ id }: Pick<Workload, 'id'>): string {
  return splitSpecifier(id).name;
}

/**
 * `workload` with the settings that were given as `name=value`. Its id names those that are not the default, so that it
 * is itself a specifier (of a file only the name and the head of its hash).
 *
 * @throws UsageError naming the setting, its value and what is allowed
 */
export function configureWorkload(workload: Workload, settings: readonly string[]): Workload {
  if (settings.length === 0) return workload;
  const given = new Map<string, string>();
  for (const setting of settings) {
    const [name = '', value = ''] = splitOnce(setting, '=');
    if (given.has(name)) throw new UsageError(`workload ${workload.id}: "${name}" is given twice`);
    given.set(name, value);
  }
  const parameters = workload.parameters ?? [];
  refuseUnknown(workload, parameters, given);
  const values: Record<string, number | WorkloadFile> = {};
  const named: string[] = [];
  for (const parameter of parameters) {
    const text = given.get(parameter.name);
    if (text === undefined) continue;
    const value = parseValue(workload, parameter, text);
    values[parameter.name] = value;
    named.push(...idParts(parameter, value));
    if (typeof value !== 'number') checkHash(workload, text, value, given.get(HASH));
  }
  const configured = workload.configure?.(values) ?? workload;
  if (named.length === 0) return configured;
  return {
    ...configured,
    id: [workload.id, ...named].join(':'),
    title: `${workload.title} (${named.join(', ')})`,
  };
}

function refuseUnknown(
  { id }: Workload,
  parameters: readonly WorkloadParameter[],
  given: ReadonlyMap<string, string>,
): void {
  const names = parameters.map(({ name }) => name);
  const file = parameters.find(({ kind }) => kind === 'file');
  if (file !== undefined) names.push(HASH);
  const unknown = [...given.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    throw new UsageError(`workload ${id}: the setting "${unknown}" is unknown, ${known}`);
  }
  if (file !== undefined && given.has(HASH) && !given.has(file.name)) {
    throw new UsageError(
      `workload ${id}: ${HASH}=${given.get(HASH)} is of a ${file.name}, which is not given`,
    );
  }
}

function parseValue(workload: Workload, parameter: WorkloadParameter, text: string): number | WorkloadFile {
  if (parameter.kind === 'file') return readWorkloadFile(workload, parameter.name, text);
  const { name, low, high, whole } = parameter;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
  const what = whole ? 'a whole number' : 'a number';
  throw new UsageError(`workload ${workload.id}: ${name}=${text} must be ${what} from ${low} to ${high}`);
}

/** What the id says of a setting; nothing of a default. */
function idParts(parameter: WorkloadParameter, value: number | WorkloadFile): string[] {
  if (typeof value !== 'number') {
    return [`${parameter.name}=${value.name}`, `${HASH}=${value.sha256.slice(0, HASH_DIGITS)}`];
  }
  const isDefault = parameter.kind === 'number' && value === parameter.default;
  return isDefault ? [] : [`${parameter.name}=${value}`];
}

function readWorkloadFile({ id }: Workload, name: string, path: string): WorkloadFile {
  const content = readBytes(`workload ${id}: ${name}=${path}`, path);
  return {
    // What has a meaning in a specifier has none in it.
    name: basename(path)
      .replace(/[^\w.-]/g, '_')
      .slice(-MAX_NAME_CHARACTERS),
    text: content.toString('utf8'),
    sha256: createHash('sha256').update(content).digest('hex'),
  };
}

function readBytes(what: string, path: string): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${what} cannot be read: ${reason}`, { cause: error });
  }
  if (content.length > MAX_FILE_BYTES) {
    throw new UsageError(`${what} has ${content.length} bytes, allowed are ${MAX_FILE_BYTES}`);
  }
  return content;
}

function checkHash(
  { id }: Workload,
  path: string,
  { sha256 }: WorkloadFile,
  expected: string | undefined,
): void {
  if (expected === undefined || (expected.length >= HASH_DIGITS && sha256.startsWith(expected))) return;
  throw new UsageError(
    `workload ${id}: ${HASH}=${expected} is not of ${path}, which has ${sha256.slice(0, HASH_DIGITS)}...`,
  );
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
