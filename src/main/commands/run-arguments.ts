/** Command-line options of every command that runs trials, and how such a command line is written again. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { UsageError } from '../../base/errors.js';

/** A seed that can be typed again. */
export const MAX_RANDOM_SEED = 2 ** 31;
/** Of a calibration or a self-test: far more than their shares need, and still judged within a minute. */
export const MAX_WINDOWS = 10_000;

/** Adds all options of a run but the number of trials, which each command counts in its own way. */
export function withRunOptions(command: Command): Command {
  return command
    .option('--strategies <ids>', 'all, or ids separated by commas (default: all)')
    .addOption(
      repeatable('--strategy <file>', 'another strategy: a module with a default export; may be repeated'),
    )
    .option(
      '--workloads <ids>',
      'all, or ids separated by commas, with settings as in request-reply:think-ms=20 (default: request-reply,bulk-download,idle-fleet; with --quick: request-reply)',
    )
    .option(
      '--faults <ids>',
      'ids or modules separated by commas, for example kill,hang,drain; see list faults (default: kill)',
    )
    .option('--connections <n>', "client connections (default: each workload's own)")
    .option('--arrivals <kind>', "open or closed (default: each workload's own)")
    .option('--seed <n>', 'fixes workload, fault times and order of trials (default: random)')
    .option('--tls <version>', '1.3 or 1.2 (default: 1.3)')
    .option('--suite <name>', 'cipher suite, for example aes-256-gcm (default: aes-128-gcm)')
    .option('--key <type>', 'ecdsa-p256, rsa-2048 or rsa-4096 (default: ecdsa-p256)')
    .option(
      '--engine <kind>',
      'adopted, or native: plain node:tls, for strategies that reconnect (default: adopted)',
    )
    .option(
      '--rekey',
      'begin each takeover with a KeyUpdate, in TLS 1.2 AES-GCM with a fresh region of nonces; no effect on TLS 1.2 ChaCha20',
    )
    .option('--audit', 'record every nonce that leaves towards clients and check that none is used twice')
    .option('--rtt-ms <ms>', 'round-trip time between client and director (default: 0)')
    .option(
      '--jitter-ms <ms>',
      'by how much each direction may take longer, drawn from the seed (default: 0)',
    )
    .option('--bandwidth-mbit <mbit>', "of each direction of each client's link (default: no limit)")
    .option(
      '--warm-up-ms <ms>',
      'load on all replicas before the connections of a trial are opened (default: 250)',
    )
    .option('--session-age-ms <ms>', 'load before the fault (default: 400, and 20 round trips)')
    .option(
      '--fault-phase <phase>',
      'strike as soon as a connection enters it: handshake, idle, mid-request or mid-response (default: at a time drawn from the seed)',
    )
    .option(
      '--sweep <parameter=values>',
      'a series: one parameter with several values, for example connections=10,100,1000',
    )
    .option('--replicas <n>', 'replica servers (default: 2)')
    .option('--heartbeat-interval-ms <ms>', 'time between two heartbeats (default: 100)')
    .option('--heartbeat-missed <n>', 'heartbeats missed in a row that make a failure (default: 20)')
    .option(
      '--replica-command <command>',
      'a TLS server of your own as replicas: "server --port {port} --cert {cert} --key {key}"; also {ca}, {index}, {folder}, {ticket-keys}',
    )
    .option('--replica-shell', 'run that command by /bin/sh')
    .option('--proxy-protocol', 'begin each connection to it with a PROXY protocol header, version 2')
    .option(
      '--replica-stop-signal <signal>',
      'tells it to end in the faults drain and rolling (default: SIGTERM; nginx ends its connections first on SIGQUIT)',
    )
    .option('--paths <targets>', 'what is fetched from it, separated by commas (default: /)')
    .option('--config <file>', 'JSON file with options by name; those on the command line come first');
}

/** @throws UsageError when `path` is given and does not hold a JSON object */
export function readConfig(path: unknown): Record<string, unknown> {
  if (typeof path !== 'string') return {};
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--config ${path}: ${reason}`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`--config ${path}: must hold one JSON object with options by name`);
  }
  return value as Record<string, unknown>;
}

/** What reproduces the run: the seed is part of it even when it was drawn. */
export function commandLine(seed: number): string {
  const given = process.argv
    .slice(2)
    .map((word) => (/^[\w./,:=-]+$/.test(word) ? word : JSON.stringify(word)));
  const seeded = given.some((word) => word.startsWith('--seed'));
  return ['spr-bench', ...given, ...(seeded ? [] : ['--seed', String(seed)])].join(' ');
}

function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, earlier: string[] | undefined) => [
    ...(earlier ?? []),
    value,
  ]);
}

/** @throws UsageError naming the option, the value and what is allowed */
export function wholeNumber(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new UsageError(`--${name} ${text}: must be a whole number from ${low} to ${high}`);
}
