/** The command line that starts a user's own server as a replica: a template with places for what each start differs in. */
import { UsageError } from '../../base/errors.js';

/** What can stand in braces in the template. Each is the same in all words. */
export interface CommandValues {
  /** Where the server has to listen, on 127.0.0.1. */
  readonly port: string;
  /** Paths of PEM files: the server's certificate, its key, and the authority that signed it. */
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** Of the replica, from 0. */
  readonly index: string;
  /** A folder of this replica alone, removed after the trial. */
  readonly folder: string;
  /** Path of a file with 48 random bytes, the same for all replicas. */
  readonly 'ticket-keys': string;
}

export type Placeholder = keyof CommandValues;

const PLACEHOLDERS: readonly Placeholder[] = ['port', 'cert', 'key', 'ca', 'index', 'folder', 'ticket-keys'];

/** Other things in braces are the user's. */
const PLACE = /\{([a-z-]+)\}/g;

export interface CommandTemplate {
  /** As the user wrote it. */
  readonly text: string;
  /** Program and arguments. With a shell: the shell, `-c`, and the text. */
  readonly words: readonly string[];
  /** Whether a shell reads the text. */
  readonly shell: boolean;
}

/**
 * @param shell whether `/bin/sh` runs it; without one the text is split at white space, quotes and backslashes as in a shell
 * @throws UsageError when it is empty, a quote is not closed, or `{port}` is missing
 */
export function parseCommand(text: string, shell: boolean): CommandTemplate {
  if (!text.includes('{port}')) {
    throw new UsageError(
      `--replica-command ${text}: must have {port} where the server is told its port; it may have ${PLACEHOLDERS.map((name) => `{${name}}`).join(', ')}`,
    );
  }
  return { text, shell, words: shell ? ['/bin/sh', '-c', text] : splitWords(text) };
}

export function usesPlaceholder({ text }: CommandTemplate, name: Placeholder): boolean {
  return text.includes(`{${name}}`);
}

/** Program and arguments. A value never becomes more than one word, whatever is in it. */
export function fillCommand({ words, shell }: CommandTemplate, values: CommandValues): string[] {
  return words.map((word) =>
    word.replaceAll(PLACE, (place, name: string) => {
      const known = PLACEHOLDERS.find((candidate) => candidate === name);
      if (known === undefined) return place;
      return shell ? quote(values[known]) : values[known];
    }),
  );
}

/** For a POSIX shell. */
function quote(value: string): string {
  return /^[\w./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

/** A word is a row of unquoted characters, escaped ones and quoted parts (POSIX shell, 2.2), without expansions. */
const PART = /\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)"|([^\s\\'"]+)/gsy;

function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; ) {
    PART.lastIndex = at;
    const match = PART.exec(text);
    if (match !== null) {
      const [whole, escaped, single, double, plain] = match;
      word = (word ?? '') + (escaped ?? single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? plain ?? '');
      at += whole.length;
    } else if (/\s/.test(text[at] ?? '')) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
    } else throw new UsageError(`--replica-command ${text}: a quote or a backslash at its end is open`);
  }
  if (word !== undefined) words.push(word);
  return words;
}
