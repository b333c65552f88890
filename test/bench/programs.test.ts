/** The benchmarks' programs: what they say of themselves, and of a wrong option. */
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../bench/combinations/settings.js';
import { runProgram } from '../../bench/program.js';
import { UsageError } from '../../src/base/errors.js';

const KNOWN = { workloads: ['bulk', 'idle'], strategies: ['spr'], faults: ['kill', 'hang'] };

async function run(args: readonly string[], main: (args: readonly string[]) => Promise<number>) {
  const written = { out: '', error: '' };
  const code = await runProgram({ usage: 'main.js [--all]', main }, args, {
    out: (text) => {
      written.out += text;
    },
    error: (text) => {
      written.error += text;
    },
  });
  return { code, ...written };
}

describe('a program', () => {
  it('prints its usage when it is asked, and does nothing else', async () => {
    const refuse = () => Promise.reject(new Error('it was run'));
    const expected = { code: 0, out: 'usage: main.js [--all]\n', error: '' };
    expect(await run(['--help'], refuse)).toEqual(expected);
    expect(await run(['--all', '-h'], refuse)).toEqual(expected);
  });

  it('has the exit code of what it does', async () => {
    expect(await run([], async () => 1)).toEqual({ code: 1, out: '', error: '' });
  });

  it.each([['--no-such-option'], ['word'], ['--at-a-time', '0'], ['--faults', 'flood']])(
    'says what is wrong with %s %s, and how it is used, without a stack',
    async (...args) => {
      const main = async (given: readonly string[]) => readSettings(given, KNOWN).atATime;
      const { code, out, error } = await run(args, main);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      for (const word of args) expect(error).toContain(word);
      expect(error).toMatch(/\nusage: main\.js \[--all\]\n$/);
      expect(error).not.toMatch(/^\s+at /m);
    },
  );

  it('hides no bug', async () => {
    await expect(run([], () => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
  });
});

describe('the settings of the combinations', () => {
  it('are every pair, all at once, when nothing is said', () => {
    expect(readSettings([], KNOWN)).toMatchObject({ all: false, faults: undefined });
  });

  it('take a number and names', () => {
    const args = ['--all', '--at-a-time', '3', '--faults', 'kill, hang'];
    expect(readSettings(args, KNOWN)).toEqual({
      all: true,
      atATime: 3,
      workloads: undefined,
      strategies: undefined,
      faults: ['kill', 'hang'],
    });
  });

  it('name what is allowed', () => {
    expect(() => readSettings(['--workloads', 'bulk,http'], KNOWN)).toThrow(
      new UsageError('--workloads http: must be among bulk, idle'),
    );
  });
});
