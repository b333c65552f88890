/** GitHub-flavoured Markdown from text that may hold anything, within what GitHub takes. */
import { formatNumberOf } from './format.js';
import { printable } from './printable.js';

/** What GitHub takes as the summary of a step (docs: "Workflow commands", step isolation and limits). */
export const MAX_BYTES = 1024 * 1024;

const LIMIT_NOTE = 'a summary of a step holds at most 1 MiB. The other formats hold everything.';

/** Room for a note that something was cut, and for what joins it. */
const NOTE_BYTES = 200;

/**
 * Text as itself: a backslash before every character with a meaning in Markdown, entities for those of HTML, and a
 * zero-width joiner in what GitHub would make a link or a mention of.
 */
export function escapeMarkdown(text: string): string {
  return printable(text)
    .replace(/[\\`*_{}[\]|~$#]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@|:\/\/|www\./gi, '$&\u200d');
}

/** Escapes its lines. */
export function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${escapeMarkdown(line)}`).join('\n');
}

/** Nothing when there are no lines. */
export function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `### ${title}\n\n${list(lines)}`;
}

/** Paragraphs; empty ones are left out. */
export function joinParts(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

export interface TableShape {
  /** So many columns from the left hold text and are aligned to the left, the others to the right. */
  readonly textColumns: number;
  /** As many rows as fit are shown; the last line says how many do not. */
  readonly maxBytes?: number;
}

/** Escapes headings and cells. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { textColumns, maxBytes = MAX_BYTES }: TableShape,
): string {
  const alignments = headings.map((_, index) => (index < textColumns ? ':--' : '--:'));
  const [first = '', second = '', ...rest] = [
    headings.map(escapeMarkdown),
    alignments,
    ...rows.map((cells) => cells.map(escapeMarkdown)),
  ].map((cells) => `| ${cells.join(' | ')} |`);
  const shown = leading(rest, maxBytes - byteLength(first) - byteLength(second) - NOTE_BYTES);
  const missing = rest.length - shown.length;
  const note = missing === 0 ? '' : `\n\n${formatNumberOf(missing, 'further row')} left out: ${LIMIT_NOTE}`;
  return [first, second, ...shown].join('\n') + note;
}

/** The last resort: texts of a result file can be of any length. */
export function cutLines(text: string): string {
  if (byteLength(text) <= MAX_BYTES) return text;
  const shown = leading(text.trimEnd().split('\n'), MAX_BYTES - NOTE_BYTES);
  return `${shown.join('\n')}\n\nCut here: ${LIMIT_NOTE}\n`;
}

export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/** As many lines from the first on as `bytes` hold with their line ends. */
function leading(lines: readonly string[], bytes: number): readonly string[] {
  let left = bytes;
  const end = lines.findIndex((line) => {
    left -= byteLength(line) + 1;
    return left < 0;
  });
  return end < 0 ? lines : lines.slice(0, end);
}
