/** HTML from templates that escape what is put into them: text from result files cannot become markup. */
import { printable } from '../parts/printable.js';

/** Text that is markup already. Made only by {@link html} and {@link trusted}. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | Markup | readonly (string | number | Markup)[];

/** A template literal: strings and numbers are escaped, markup is kept, lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  let text = parts[0] ?? '';
  values.forEach((value, index) => {
    text += toText(value) + (parts[index + 1] ?? '');
  });
  return new Markup(text);
}

/** Marks text as markup. Only for text that this project made: the style sheet and rendered pictures. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/** No markup. */
export const NOTHING = trusted('');

/** Every character with a meaning in HTML text or in a quoted attribute. */
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as one line of HTML text, or as the value of a quoted attribute. */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function toText(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(toText).join('');
}
