/** `wrk` with a script that counts replies and compares their content, so that a test can act on what was served. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './folder.js';
import { Program } from './program.js';
import { replyContent, replyTarget } from './replies.js';
import type { ServeProcess } from './server.js';

/** Replies between two lines of progress. */
const PROGRESS_REPLIES = 100;
/** Far longer than any test takes: the test ends it. */
const DURATION = '120s';
/** A reply that takes longer counts as a socket error. */
const TIMEOUT = '60s';
const REPLY_ID = '1-1';
const REPLY_BYTES = 128;

const SCRIPT = `
local replies = 0
local expected = '${replyContent(REPLY_ID, REPLY_BYTES).toString('hex')}'

local function hex(bytes)
  return (bytes:gsub('.', function(byte) return string.format('%02x', byte:byte()) end))
end

local right
function response(status, headers, body)
  if right == nil and hex(body) == expected then right = body end
  if status ~= 200 or body ~= right then print('wrong reply') io.stdout:flush() end
  replies = replies + 1
  if replies % ${PROGRESS_REPLIES} == 0 then print('replies ' .. replies) io.stdout:flush() end
end
`;

export class Wrk {
  readonly #program: Program;

  constructor(server: ServeProcess, connections: number) {
    const script = join(temporaryFolder(), 'count.lua');
    writeFileSync(script, SCRIPT);
    const options = ['-t1', `-c${connections}`, `-d${DURATION}`, '--timeout', TIMEOUT, '-s', script];
    this.#program = new Program('wrk', [...options, server.url(replyTarget(REPLY_ID, REPLY_BYTES))]);
  }

  /** Replies so far, rounded down to a line of progress. */
  get replies(): number {
    return Number([...this.#program.stdout.matchAll(/^replies (\d+)$/gm)].at(-1)?.[1] ?? 0);
  }

  async untilReplies(count: number): Promise<void> {
    await this.#program.until(`reply ${count}`, () => this.replies >= count);
  }

  /** Ends it by Ctrl-C. Resolves with its statistics. */
  async stop(): Promise<string> {
    this.#program.kill('SIGINT');
    const { stdout } = await this.#program.ended;
    return stdout.replace(/^replies \d+\n/gm, '');
  }

  destroy(): void {
    this.#program.kill('SIGKILL');
  }
}
