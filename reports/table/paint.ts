/** The colour of what is good, bad or worth a look. */
import type pc from 'picocolors';
import type { Tone } from '../parts/columns.js';

export function paint(text: string, tone: Tone, colours: ReturnType<typeof pc.createColors>): string {
  if (tone === 'good') return colours.green(text);
  if (tone === 'bad') return colours.red(text);
  return tone === 'warning' ? colours.yellow(text) : text;
}
