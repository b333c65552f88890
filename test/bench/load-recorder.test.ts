import { describe, expect, it } from 'vitest';
import { LoadRecorder } from '../../src/bench/load-recorder.js';
import { PHASES_AT_FAULT, type PhaseAtFault } from '../../src/contracts/results.js';

const REQUEST = { id: '0-0', method: 'GET', target: '/', bodyBytes: 0, atMs: 0 } as const;

/** Which phases had been told of after each step of a connection's life. */
async function lifeOf(awaited: PhaseAtFault): Promise<string[]> {
  const recorder = new LoadRecorder();
  const told: string[] = [];
  let step = 'nothing';
  void recorder.untilEntered(awaited).then(() => told.push(step));
  const doStep = async <T>(name: string, act: () => T): Promise<T> => {
    step = name;
    const result = act();
    await Promise.resolve();
    return result;
  };
  await doStep('start', () => recorder.transportStarted(0, 1, false));
  const row = await doStep('send', () => recorder.sent(0, REQUEST, 2, 2, false));
  await doStep('begin', () => recorder.begun(row, 3));
  await doStep('begin again', () => recorder.begun(row, 4));
  await doStep('reply', () => recorder.replied(row, 5, true));
  await doStep('send again', () => recorder.sent(0, REQUEST, 6, 6, false));
  return told;
}

describe('untilEntered', () => {
  it.each([
    ['handshake', 'start'],
    ['mid-request', 'send'],
    ['mid-response', 'begin'],
    ['idle', 'reply'],
  ] as const)('%s resolves once, when a connection enters it', async (phase, step) => {
    expect(await lifeOf(phase)).toEqual([step]);
  });

  it('knows every phase', async () => {
    for (const phase of PHASES_AT_FAULT) expect(await lifeOf(phase)).toHaveLength(1);
  });

  it('waits for the next connection to enter, not for one that is in it', async () => {
    const recorder = new LoadRecorder();
    recorder.sent(0, REQUEST, 1, 1, false);
    let entered = false;
    void recorder.untilEntered('mid-request').then(() => {
      entered = true;
    });
    await Promise.resolve();
    expect(entered).toBe(false);
    recorder.sent(1, REQUEST, 2, 2, false);
    await Promise.resolve();
    expect(entered).toBe(true);
  });
});
