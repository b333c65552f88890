import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { countExecutions, Ledger } from '../../../src/cluster/replica/ledger.js';

interface Replica {
  readonly ledger: Ledger;
  readonly path: string;
  nowMs: number;
}

function createReplicas(count: number): Replica[] {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return Array.from({ length: count }, (_, index) => {
    const path = join(folder, `${index}.log`);
    const replica: Replica = { path, nowMs: 0, ledger: new Ledger(path, () => replica.nowMs) };
    return replica;
  });
}

function execute(replica: Replica | undefined, atMs: number, ...ids: readonly string[]): void {
  if (replica === undefined) throw new Error('no such replica');
  replica.nowMs = atMs;
  for (const id of ids) replica.ledger.record(id);
}

it('counts each request over all replicas', async () => {
  const replicas = createReplicas(2);
  execute(replicas[0], 1, '0-1', '0-2', '0-2');
  execute(replicas[1], 2, '0-2', '1-0');
  const { byRequest, byFenced } = await countExecutions(
    replicas.map(({ path }) => path),
    new Map(),
  );
  expect([...byRequest]).toEqual([
    ['0-1', 1],
    ['0-2', 3],
    ['1-0', 1],
  ]);
  expect(byFenced).toBe(0);
});

it('tells what a replica executed after it had been declared failed, by its index', async () => {
  const replicas = createReplicas(3);
  execute(replicas[1], 99.75, '0-1');
  execute(replicas[1], 100.25, '0-2', '0-3');
  execute(replicas[2], 500, '0-2');
  const failedAtMs = new Map([
    [0, 1],
    [1, 100],
  ]);
  const { byRequest, byFenced } = await countExecutions(
    replicas.map(({ path }) => path),
    failedAtMs,
  );
  expect(byFenced).toBe(2);
  expect(byRequest.get('0-2')).toBe(2);
});
