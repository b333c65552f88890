/** The documents of the project: every link within the repository leads somewhere, to the section that it names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['', 'docs', 'examples', '.github'];
const documents = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: folder !== '' })
    .map(String)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

/** Of inline links and pictures: where they lead. */
function linksOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target);
}

/** As GitHub makes it of a heading: lower case, hyphens for spaces, no punctuation. */
function anchorOf(heading: string): string {
  const words = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '');
  return words.trim().replace(/\s/g, '-');
}

function anchorsOf(path: string): string[] {
  const text = withoutCode(readFileSync(path, 'utf8'));
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, (code) => code.slice(1, -1));
}

function isBroken(document: string, link: string): boolean {
  if (/^[a-z]+:/.test(link)) return false;
  const [file = '', anchor] = link.split('#');
  const path = file === '' ? join(ROOT, document) : join(ROOT, dirname(document), file);
  if (relative(ROOT, path).startsWith('..') || !existsSync(path)) return true;
  return anchor !== undefined && !anchorsOf(path).includes(anchor);
}

describe('links of documents', () => {
  it.each(documents)('%s', (document) => {
    const links = linksOf(readFileSync(join(ROOT, document), 'utf8'));
    expect(links.filter((link) => isBroken(document, link))).toEqual([]);
  });

  it('are looked at', () => {
    expect(linksOf(readFileSync(join(ROOT, 'README.md'), 'utf8')).length).toBeGreaterThan(10);
    expect(isBroken('README.md', 'METHOD.md#the-gate')).toBe(false);
    expect(isBroken('README.md', 'METHOD.md#no-such-section')).toBe(true);
    expect(isBroken('README.md', 'NOTHING.md')).toBe(true);
    expect(isBroken('README.md', '../elsewhere.md')).toBe(true);
  });
});
