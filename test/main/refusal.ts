/** What a user did wrong, as a command says it: in this process, up to the point where it would begin. */
import { Command } from 'commander';
import { expect } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { COMMANDS } from '../../src/main/commands/index.js';

/** The command refuses its arguments, in one line that mentions all of this. Its name is the first word. */
export async function expectRefused(words: readonly string[], ...mentions: string[]): Promise<void> {
  const reason = await refusalOf(words);
  if (!(reason instanceof UsageError)) throw new Error(`${words.join(' ')}: not refused`, { cause: reason });
  expect(reason.message).not.toContain('\n');
  for (const text of mentions) expect(reason.message).toContain(text);
}

async function refusalOf([name = '', ...rest]: readonly string[]): Promise<unknown> {
  const entry = COMMANDS[name];
  if (entry === undefined) throw new Error(`there is no command ${name}`);
  const command = (await entry.load())(new Command(name)).exitOverride();
  return command.parseAsync(rest, { from: 'user' }).then(
    () => undefined,
    (error: unknown) => error,
  );
}
