/** A strict reader of CSV as RFC 4180 defines it, ABNF of section 2. Throws where the text departs from it. */

/** Records of fields; all have the same number of them (2.4). */
export function parseCsv(text: string): string[][] {
  const reader = new Reader(text);
  const records: string[][] = [];
  while (!reader.atEnd()) records.push(reader.record());
  const [first = []] = records;
  for (const [index, record] of records.entries()) {
    if (record.length !== first.length) {
      throw new Error(`record ${index} has ${record.length} fields, the header has ${first.length}`);
    }
  }
  return records;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** `record = field *(COMMA field)`, ended by CRLF. */
  record(): string[] {
    const fields = [this.#field()];
    while (this.#take(',')) fields.push(this.#field());
    if (!this.#take('\r\n'))
      throw new Error(`no CRLF at ${this.#at}: ${this.#text.slice(this.#at, this.#at + 20)}`);
    return fields;
  }

  /** `field = (escaped / non-escaped)`. */
  #field(): string {
    if (!this.#take('"')) return this.#match(/[^",\r\n]*/y);
    let field = this.#match(/[^"]*/y);
    while (this.#take('""')) field += `"${this.#match(/[^"]*/y)}`;
    if (!this.#take('"')) throw new Error(`the quoted field before ${this.#at} has no end`);
    return field;
  }

  #take(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }
}
