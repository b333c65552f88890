/** Chromium's own WebSocket, and a run as a user makes it, while the replica that serves them is killed. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { encodeRequestMessage } from '../../src/base/request-message.js';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import { seededContent } from '../../src/bench/load-protocol/seeded-content.js';
import { temporaryFolder } from './support/folder.js';
import { findProgram, isMissing, runCli } from './support/program.js';
import { ServeProcess } from './support/server.js';

/** What `serve` seeds its workload with. */
const SEED = 1;
const REQUEST_BYTES = 64;
const PUSHES = 60;
const PUSH_INTERVAL_MS = 5;
/** After so many of them the primary is killed. */
const PUSHES_BEFORE = 10;

/** Text: this project is compiled without the types of a browser. */
function conversation(url: string, messages: readonly string[]): string {
  return `(() => {
    const seen = (globalThis.seen = { labels: [], closed: undefined });
    const socket = new WebSocket(${JSON.stringify(url)});
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      for (const text of ${JSON.stringify(messages)}) socket.send(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    };
    socket.onmessage = ({ data }) => seen.labels.push(new TextDecoder('latin1').decode(data).split('\\n')[0]);
    socket.onclose = ({ code }) => (seen.closed = code);
  })()`;
}

function message(id: string, target: string): string {
  const content = seededContent(`request:${id}`, REQUEST_BYTES, createSeededBytes(SEED));
  return encodeRequestMessage({ id, target, content }).toString('base64');
}

async function untilLabels(page: Page, count: number): Promise<string[]> {
  await page.waitForFunction(`seen.closed !== undefined || seen.labels.length >= ${count}`);
  const { labels, closed } = await page.evaluate<{ labels: string[]; closed?: number }>('seen');
  expect(closed).toBeUndefined();
  return labels;
}

describe.skipIf(isMissing('chromium'))('a page in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    // The authority of a run lives as long as the run: no browser knows it.
    const args = ['--no-sandbox', '--ignore-certificate-errors'];
    browser = await chromium.launch({ executablePath: findProgram('chromium'), args });
  });
  afterAll(() => browser.close());

  it.each(['spr', 'full-state-copy'])(
    'gets every push once and in order through a kill: %s',
    async (strategy) => {
      const server = await ServeProcess.start('--strategy', strategy, '--workload', 'websocket');
      onTestFinished(() => server.destroy());
      const page = await browser.newPage();
      const series = `/messages?count=${PUSHES}&bytes=128&every-ms=${PUSH_INTERVAL_MS}`;
      const messages = [message('0-0', series), message('0-1', '/messages?count=1&bytes=128&every-ms=0')];
      await page.evaluate(conversation(`wss://127.0.0.1:${server.port}/`, messages));
      await untilLabels(page, PUSHES_BEFORE);
      server.killPrimary();
      await server.untilFailureIsDetected();
      const labels = await untilLabels(page, PUSHES + 1);
      expect(labels.filter((label) => label.startsWith('0-1'))).toEqual(['0-1 1/1']);
      const pushes = labels.filter((label) => label.startsWith('0-0'));
      expect(pushes).toEqual(Array.from({ length: PUSHES }, (_, index) => `0-0 ${index + 1}/${PUSHES}`));
      await page.close();
      await server.stop();
    },
  );
});

describe('compare', () => {
  it('says of HTTP/2 why it is not recoverable, and calls it no violation', async () => {
    const selection = ['--strategies', 'spr', '--workloads', 'http2,websocket', '--connections', '4'];
    const { code, stdout } = await runCli([
      'compare',
      ...selection,
      '--trials',
      '1',
      '--seed',
      '1',
      '--quiet',
      '--json',
      '--out',
      temporaryFolder(),
    ]);
    expect(code).toBe(0);
    const { cells } = JSON.parse(stdout) as {
      cells: { workload: string; connections: unknown; notRecoverable: unknown }[];
    };
    expect(cells.map(({ workload, connections }) => [workload, connections])).toMatchObject([
      ['http2', { kept: 0, reconnected: 4, lost: 0 }],
      ['websocket', { kept: 4, reconnected: 0, lost: 0 }],
    ]);
    expect(cells[0]?.notRecoverable).toMatchObject({ connections: 4 });
    expect(JSON.stringify(cells[0]?.notRecoverable)).toContain('HTTP/2');
  });
});
