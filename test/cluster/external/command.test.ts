import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { fillCommand, parseCommand, usesPlaceholder } from '../../../src/cluster/external/command.js';

const VALUES = {
  port: '4433',
  cert: '/tmp/a folder/cert.pem',
  key: '/tmp/key.pem',
  ca: '/tmp/ca.pem',
  index: '1',
  folder: "/tmp/it's",
  'ticket-keys': '/tmp/tickets',
};

function fill(text: string, shell = false): string[] {
  return fillCommand(parseCommand(text, shell), VALUES);
}

describe('the command of a replica', () => {
  it('is split as a shell does it, and its places are filled', () => {
    expect(
      fill(`nginx -g 'daemon off;' -p "{folder}" --port={port}  a\\ b "c \\"d\\" \\n" '' {index}`),
    ).toEqual(['nginx', '-g', 'daemon off;', '-p', "/tmp/it's", '--port=4433', 'a b', 'c "d" \\n', '', '1']);
  });

  it('never makes two words of one value, and fills no place in a value', () => {
    expect(fill('server {cert} {port}')).toEqual(['server', '/tmp/a folder/cert.pem', '4433']);
    const nested = { ...VALUES, port: '{key}$&' };
    expect(fillCommand(parseCommand('server {port}', false), nested)[1]).toBe('{key}$&');
  });

  it('leaves braces alone that are no place', () => {
    expect(fill('node -e "f({a:1},{port})" {nothing}')).toEqual(['node', '-e', 'f({a:1},4433)', '{nothing}']);
  });

  it('goes to a shell whole, with quoted values, if that is asked for', () => {
    expect(fill('cd {folder} && exec server {port} "$HOME"', true)).toEqual([
      '/bin/sh',
      '-c',
      `cd '/tmp/it'\\''s' && exec server 4433 "$HOME"`,
    ]);
  });

  it('gives back every word that is quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), (words) => {
        const plain = words.map((word) => word.replaceAll(/[{}]/g, ''));
        const text = plain.map((word) => `'${word.replaceAll("'", `'"'"'`)}'`).join(' ');
        expect(fill(`${text} {port}`)).toEqual([...plain, '4433']);
      }),
    );
  });

  it.each([
    ['nginx -p {folder}', '{port}'],
    ['', '{port}'],
    ["server 'x {port}", 'open'],
    ['server "x {port}', 'open'],
    ['server {port} \\', 'open'],
  ])('is refused: %s', (text, problem) => {
    expect(() => parseCommand(text, false)).toThrow(UsageError);
    expect(() => parseCommand(text, false)).toThrow(problem);
  });

  it('knows which places it has', () => {
    const command = parseCommand('server {port} {ticket-keys}', false);
    expect(usesPlaceholder(command, 'ticket-keys')).toBe(true);
    expect(usesPlaceholder(command, 'cert')).toBe(false);
  });
});
