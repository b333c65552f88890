/**
 * Foreign TLS clients against a cluster whose primary is killed: a table of clients, cipher suites and moments. Run it
 * with `npm run matrix`; `docs/takeover-matrix.md` says what it needs and has the last table.
 *
 * Usage: main.js [--clients ID,ID] [--quick] [--strict]. Exits with 1 when a cell failed, or with `--strict` when a client is
 * not installed; with 2 on wrong usage.
 */
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/base/errors.js';
import { createIdentity, type Identity } from '../../src/cluster/certificates.js';
import { endOnInterrupt, runProgram } from '../program.js';
import { planSections, type Section } from './cases.js';
import { type Outcome, tryCell } from './cell.js';
import type { Client } from './client.js';
import { CLIENTS } from './clients/index.js';
import { SERVERNAME } from './killable-cluster.js';
import { type Row, renderSection } from './table.js';
import { tryWire, WIRE_CASES } from './wire.js';

const USAGE = 'main.js [--clients ID,ID] [--quick] [--strict]';

interface Entry {
  readonly client: Client;
  /** Undefined when it is not installed. */
  readonly description: string | undefined;
}

async function main(args: readonly string[]): Promise<number> {
  const { clients, quick, strict } = parseOptions(args);
  const identity = await createIdentity({ key: 'ecdsa-p256', servername: SERVERNAME });
  const entries = await Promise.all(
    clients.map(async (client) => ({ client, description: await client.describe() })),
  );
  const missing = entries
    .filter(({ description }) => description === undefined)
    .map(({ client }) => client.id);
  if (missing.length > 0) process.stderr.write(`not installed: ${missing.join(', ')}\n`);
  const counts = { ok: 0, failed: 0, 'not-applicable': 0 };
  for (const section of planSections(quick)) {
    const rows = await trySection(section, entries, identity);
    for (const { kind } of rows.flatMap(({ outcomes }) => outcomes ?? [])) counts[kind] += 1;
    process.stdout.write(`${renderSection(section, rows)}\n`);
  }
  for (const wireCase of WIRE_CASES) {
    const outcome = await tryWire(wireCase, identity);
    const { strategy, suite } = wireCase;
    const where = `${strategy}, TLS ${suite.version} ${suite.aead}`;
    // Nothing but a missing program makes it inapplicable.
    if (outcome.kind === 'not-applicable') missing.push('tshark');
    else counts[outcome.kind] += 1;
    process.stdout.write(`wire: tshark decrypts through the takeover (${where}): ${wordFor(outcome)}\n`);
  }
  const { ok, failed } = counts;
  process.stdout.write(
    `${ok} ok, ${failed} failed, ${counts['not-applicable']} not applicable, ${missing.length} not installed\n`,
  );
  return failed > 0 || (strict && missing.length > 0) ? 1 : 0;
}

interface Options {
  readonly clients: readonly Client[];
  readonly quick: boolean;
  readonly strict: boolean;
}

function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      clients: { type: 'string' },
      quick: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
    },
  });
  const { clients, quick, strict } = values;
  return { clients: clients === undefined ? CLIENTS : clients.split(',').map(findClient), quick, strict };
}

function findClient(id: string): Client {
  const client = CLIENTS.find((each) => each.id === id);
  if (client !== undefined) return client;
  throw new UsageError(`--clients ${id}: must be among ${CLIENTS.map((each) => each.id).join(', ')}`);
}

async function trySection(
  section: Section,
  entries: readonly Entry[],
  identity: Identity,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { client, description } of entries) {
    if (description === undefined) rows.push({ client: client.id, outcomes: undefined });
    else rows.push({ client: description.trim(), outcomes: await tryRow(section, client, identity) });
  }
  return rows;
}

async function tryRow(section: Section, client: Client, identity: Identity): Promise<readonly Outcome[]> {
  const { strategy, scenario, suites } = section;
  const outcomes: Outcome[] = [];
  for (const suite of suites) {
    const outcome = await tryCell(client, { strategy, scenario, suite }, identity);
    const title = [client.id, strategy, scenario, suite.version, suite.aead].join(' ');
    process.stderr.write(`${title}: ${wordFor(outcome)}\n`);
    outcomes.push(outcome);
  }
  return outcomes;
}

function wordFor(outcome: Outcome): string {
  if (outcome.kind === 'ok') return 'ok';
  return outcome.kind === 'failed' ? `FAILED: ${outcome.what}` : `n/a (${outcome.reason})`;
}

endOnInterrupt();
process.exitCode = await runProgram({ usage: USAGE, main });
