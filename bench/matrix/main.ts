/**
 * Foreign TLS clients against a cluster whose primary is killed: a table of clients, cipher suites and moments. Run it
 * with `npm run matrix`; `docs/takeover-matrix.md` says what it needs and has the last table.
 *
 * Usage: main.js [--clients ID,ID] [--quick]. Exits with 1 when a cell failed, with 2 on wrong usage.
 */
import { parseArgs } from 'node:util';
import { createIdentity, type Identity } from '../../src/cluster/certificates.js';
import { planSections, type Section } from './cases.js';
import { type Outcome, tryCell } from './cell.js';
import type { Client } from './client.js';
import { CLIENTS } from './clients/index.js';
import { SERVERNAME } from './killable-cluster.js';
import { type Row, renderSection } from './table.js';
import { tryWire, WIRE_CASES } from './wire.js';

/** Exit code after Ctrl-C, as shells have it. */
const INTERRUPTED = 130;

interface Entry {
  readonly client: Client;
  /** Undefined when it is not installed. */
  readonly description: string | undefined;
}

async function main(): Promise<number> {
  const { clients, quick } = parseOptions();
  const identity = await createIdentity({ key: 'ecdsa-p256', servername: SERVERNAME });
  const entries = await Promise.all(
    clients.map(async (client) => ({ client, description: await client.describe() })),
  );
  const missing = entries
    .filter(({ description }) => description === undefined)
    .map(({ client }) => client.id);
  if (missing.length > 0) process.stderr.write(`not installed: ${missing.join(', ')}\n`);
  let failed = 0;
  for (const section of planSections(quick)) {
    const rows = await trySection(section, entries, identity);
    failed += rows.flatMap(({ outcomes }) => outcomes ?? []).filter(({ kind }) => kind === 'failed').length;
    process.stdout.write(`${renderSection(section, rows)}\n`);
  }
  for (const wireCase of WIRE_CASES) {
    const outcome = await tryWire(wireCase, identity);
    if (outcome.kind === 'failed') failed += 1;
    const { strategy, suite } = wireCase;
    const where = `${strategy}, TLS ${suite.version} ${suite.aead}`;
    process.stdout.write(`wire: tshark decrypts through the takeover (${where}): ${wordFor(outcome)}\n`);
  }
  return failed === 0 ? 0 : 1;
}

function parseOptions(): { readonly clients: readonly Client[]; readonly quick: boolean } {
  const { values } = parseArgs({
    options: { clients: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  if (values.clients === undefined) return { clients: CLIENTS, quick: values.quick };
  const clients = values.clients.split(',').map((id) => {
    const client = CLIENTS.find((each) => each.id === id);
    if (client !== undefined) return client;
    throw new TypeError(`--clients ${id}: must be among ${CLIENTS.map((each) => each.id).join(', ')}`);
  });
  return { clients, quick: values.quick };
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

process.once('SIGINT', () => process.exit(INTERRUPTED));
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
