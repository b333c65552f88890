/** A strict reader of the part of XML 1.0 that a report needs: elements, attributes, text, the five entities. */

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Of the element itself, without that of its children. */
  readonly text: string;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
/** Production 2: every character that a document may hold. */
const CHARACTERS = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** @throws Error for what is not well-formed. */
export function parseXml(document: string): XmlElement {
  if (!CHARACTERS.test(document)) throw new Error('holds a character that XML does not allow');
  if (!document.startsWith(DECLARATION)) throw new Error('does not begin with the XML declaration');
  const [root, rest] = parseElement(document.slice(DECLARATION.length));
  if (rest.trim() !== '') throw new Error(`text after the root: ${rest.slice(0, 40)}`);
  return root;
}

function parseElement(text: string): [element: XmlElement, rest: string] {
  const start = /^<([a-z-]+)((?: [a-z-]+="[^"<]*")*)>/.exec(text);
  if (start === null) throw new Error(`no start tag: ${text.slice(0, 60)}`);
  const [tag, name = '', attributes = ''] = start;
  const children: XmlElement[] = [];
  let own = '';
  let rest = text.slice(tag.length);
  for (;;) {
    const [content = ''] = /^[^<]*/.exec(rest) ?? [];
    own += decodeEntities(content);
    rest = rest.slice(content.length);
    if (rest.startsWith('</')) break;
    const [child, after] = parseElement(rest);
    children.push(child);
    rest = after;
  }
  const end = `</${name}>`;
  if (!rest.startsWith(end)) throw new Error(`${name} is not ended: ${rest.slice(0, 40)}`);
  return [{ name, attributes: parseAttributes(attributes), children, text: own }, rest.slice(end.length)];
}

function parseAttributes(text: string): Record<string, string> {
  const found = [...text.matchAll(/ ([a-z-]+)="([^"]*)"/g)].map(
    ([, name = '', value = '']) => [name, decodeEntities(value)] as const,
  );
  if (new Set(found.map(([name]) => name)).size !== found.length)
    throw new Error(`twice the same attribute: ${text}`);
  return Object.fromEntries(found);
}

function decodeEntities(text: string): string {
  return text.replace(/&([^;]*;?)/g, (_, entity: string) => {
    const character = ENTITIES[entity.slice(0, -1)];
    if (!entity.endsWith(';') || character === undefined)
      throw new Error(`unknown entity &${entity.slice(0, 20)}`);
    return character;
  });
}
