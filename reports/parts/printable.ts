/** Makes text from result files safe to print: it may hold anything, escape sequences of a terminal included. */

/**
 * C0 and C1 controls (escape sequences, line breaks), the line and paragraph separators, and the marks that change the
 * direction of text, which can make a line read as another one (Unicode TR 36).
 */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The text with everything unprintable replaced by U+FFFD: one line, without effects. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}
