/** Options of a run against a server of the user's own: what they allow, and what they leave of the others. */
import { STRATEGIES } from '../../strategies/index.js';
import { UsageError } from '../base/errors.js';
import { type CommandTemplate, parseCommand, usesPlaceholder } from '../cluster/external/command.js';
import type { StopSignal } from '../cluster/external/stop-signals.js';
import type { RecoveryStrategy } from '../contracts/strategy.js';

/** Undefined in a run without a server of the user's own. */
export interface ExternalOptions {
  readonly command: CommandTemplate;
  readonly proxyProtocol: boolean;
  /** Tells the program to end as planned. */
  readonly stopSignal: StopSignal;
  /** Request targets that the load fetches, at least one, each once. */
  readonly paths: readonly string[];
}

export interface RawExternalOptions {
  readonly replicaCommand?: string | undefined;
  readonly replicaShell: boolean;
  readonly proxyProtocol: boolean;
  readonly replicaStopSignal?: StopSignal | undefined;
  readonly paths?: readonly string[] | undefined;
}

/** The other options of the run, as far as such a server limits them. */
export interface LimitedOptions {
  readonly workloads?: readonly string[] | undefined;
  readonly engine?: string | undefined;
  readonly rekey: boolean;
  readonly audit: boolean;
  readonly sweep?: string | undefined;
}

export const OWN_SERVER_WORKLOAD = 'own-server';

/**
 * @throws UsageError naming the option, its value and what is allowed
 */
export function parseExternalOptions(
  raw: RawExternalOptions,
  limited: LimitedOptions,
): ExternalOptions | undefined {
  const { replicaCommand, replicaShell, proxyProtocol, replicaStopSignal, paths } = raw;
  if (replicaCommand === undefined) {
    const [lone] = [
      ...(replicaShell ? ['--replica-shell'] : []),
      ...(proxyProtocol ? ['--proxy-protocol'] : []),
      ...(replicaStopSignal === undefined ? [] : [`--replica-stop-signal ${replicaStopSignal}`]),
      ...(paths === undefined ? [] : [`--paths ${paths.join(',')}`]),
    ];
    if (lone !== undefined) throw new UsageError(`${lone}: is for --replica-command, which is missing`);
    return undefined;
  }
  refuseLimited(limited);
  return {
    command: parseCommand(replicaCommand, replicaShell),
    proxyProtocol,
    stopSignal: replicaStopSignal ?? 'SIGTERM',
    paths: parsePaths(paths ?? ['/']),
  };
}

/** Ids for `all`: those that the server can show. */
export function possibleStrategies({ command }: ExternalOptions): string[] {
  return STRATEGIES.filter(
    ({ sharesTicketKeys }) => !sharesTicketKeys || usesPlaceholder(command, 'ticket-keys'),
  ).map(({ id }) => id);
}

/** Strategies that reconnect run on the user's server; those that keep connections can run on ours only. */
export function runsOnOwnServer({ expects }: RecoveryStrategy): boolean {
  return expects.transport === 'reconnected';
}

/** @throws UsageError when the server cannot show what a strategy claims */
export function refuseImpossible(
  { command }: ExternalOptions,
  strategies: readonly RecoveryStrategy[],
): void {
  if (!strategies.some(runsOnOwnServer)) {
    throw new UsageError(
      '--strategies: none of them runs on the server of --replica-command, full-handshake does',
    );
  }
  const resuming = strategies.find(({ sharesTicketKeys }) => sharesTicketKeys);
  if (resuming !== undefined && !usesPlaceholder(command, 'ticket-keys')) {
    throw new UsageError(
      `--strategies ${resuming.id}: all replicas must have the same ticket keys, name their file as {ticket-keys} in --replica-command (48 bytes; nginx: ssl_session_ticket_key)`,
    );
  }
}

function refuseLimited({ workloads, engine, rekey, audit, sweep }: LimitedOptions): void {
  const foreign = workloads?.find((id) => id.trim() !== OWN_SERVER_WORKLOAD);
  if (foreign !== undefined) {
    throw new UsageError(
      `--workloads ${foreign}: a server of --replica-command does not answer it, only ${OWN_SERVER_WORKLOAD} can be used`,
    );
  }
  const [option] = [
    ...(engine === undefined ? [] : [`--engine ${engine}`]),
    ...(rekey ? ['--rekey'] : []),
    ...(audit ? ['--audit'] : []),
    ...(sweep === undefined ? [] : [`--sweep ${sweep}`]),
  ];
  if (option !== undefined) {
    throw new UsageError(`${option}: has no meaning for a server of --replica-command`);
  }
}

function parsePaths(paths: readonly string[]): string[] {
  const targets = [...new Set(paths.map((path) => path.trim()))];
  const wrong = targets.find((target) => !/^\/[!-~]*$/.test(target));
  if (wrong === undefined && targets.length > 0) return targets;
  throw new UsageError(`--paths ${wrong}: must begin with a "/" and have no spaces, as in /,/style.css?v=1`);
}
