import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { processState, stateOfStat } from '../../src/bench/process-state.js';

it.each([
  ['1 (node) R 1 1', 'running'],
  ['1 (node) S 1 1', 'running'],
  ['1 (node) D 1 1', 'running'],
  ['1 (node) T 1 1', 'stopped'],
  ['1 (a) T (b) Z 1 1', 'ended'],
  ['1 (node)) X 1 1', 'ended'],
  ['', 'unknown'],
])('reads the letter behind the name: %j', (stat, state) => {
  expect(stateOfStat(stat)).toBe(state);
});

it.skipIf(process.platform !== 'linux')('follows a process through its life', async () => {
  const child = spawn('sleep', ['60']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const untilState = async (state: string): Promise<void> => {
    while (processState(pid) !== state) await new Promise((resolve) => setImmediate(resolve));
  };
  await untilState('running');
  child.kill('SIGSTOP');
  await untilState('stopped');
  child.kill('SIGCONT');
  await untilState('running');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(processState(pid)).toBe('ended');
});
