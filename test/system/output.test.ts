/** What goes to stdout and what to stderr, where neither is a terminal. */
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/folder.js';
import { CLI, type ProgramOptions, type ProgramResult, run, runCli } from './support/program.js';
import { parseSummary } from './support/results.js';

/** ECMA-48: what colours and cursor movements begin with. */
const ESCAPE = '\x1b';

function compare(args: readonly string[], options?: ProgramOptions): Promise<ProgramResult> {
  const small = ['--quick', '--trials', '1', '--connections', '2', '--strategies', 'spr'];
  return runCli(['compare', ...small, '--out', temporaryFolder(), ...args], options);
}

describe('compare', () => {
  it('--json prints one document, and progress as plain lines to stderr', async () => {
    const { code, stdout, stderr } = await compare(['--json']);
    expect(code).toBe(0);
    expect(parseSummary(stdout).complete).toBe(true);
    expect(stderr).toBe('trial 1/1  spr / request-reply / kill  completed\n');
  });

  it('--json --quiet prints nothing else at all', async () => {
    const { stdout, stderr } = await compare(['--json', '--quiet'], { env: { CI: 'true' } });
    expect(parseSummary(stdout).complete).toBe(true);
    expect(stderr).toBe('');
  });

  it('prints a table without colours to what is no terminal', async () => {
    const { stdout, stderr } = await compare([], { env: { CI: 'true', COLUMNS: '40' } });
    expect(stdout).toMatch(/^spr +\d/m);
    expect(stdout + stderr).not.toContain(ESCAPE);
    expect(stderr).toMatch(/^trial 1\/1 .*\nreport: .*report\.html\n$/);
  });
});

describe('the command line', () => {
  it.each(['--help', '--version', 'compare --help', 'serve --help', 'list faults'])(
    '%s prints to stdout alone',
    async (command) => {
      const { code, stdout, stderr } = await runCli(command.split(' '), { env: { CI: 'true' } });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.length).toBeGreaterThan(0);
      expect(stdout).not.toContain(ESCAPE);
    },
  );

  // npx links to the file of a clone, and runs it as it finds it after the next build.
  it('is a program as it was built', async () => {
    const { code, stdout } = await run(CLI, ['--version']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it('does not complain about a reader that has seen enough', async () => {
    const pipeline = '"$0" "$1" list strategies | head -n 0';
    const { stdout, stderr } = await run('/bin/sh', ['-c', pipeline, process.execPath, CLI]);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  });
});
