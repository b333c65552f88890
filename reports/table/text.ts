/** Text in lines of a given width, counted in characters. */
import { NONE } from '../parts/format.js';

/** Breaks between words; a word longer than a line is broken inside. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((part) => pieces(part, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

function pieces(word: string, width: number): string[] {
  if (word.length <= width) return [word];
  return Array.from({ length: Math.ceil(word.length / width) }, (_, i) =>
    word.slice(i * width, (i + 1) * width),
  );
}

/** At most `width` characters; the last is an ellipsis where something was cut off. */
export function clip(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}

/** Replaces the signs that tables themselves put between names and numbers. Names stay what they are. */
export function withAsciiSigns(text: string): string {
  return text.replaceAll(NONE, '-').replaceAll('…', '~').replaceAll('R²', 'R2');
}
