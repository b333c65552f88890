/**
 * The commands, in the order of the help. A command is loaded when it is the one that runs: together they need nearly all of
 * this package, and most of what it depends on.
 */
import type { Command } from 'commander';

export interface CommandEntry {
  readonly description: string;
  /** Resolves with what adds options and action to the command. */
  load(): Promise<(command: Command) => Command>;
}

/** By name. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  compare: {
    description: 'run the strategies under load, inject faults, compare what clients noticed',
    load: async () => (await import('./compare.js')).compareCommand,
  },
  serve: {
    description:
      'start a director and replicas to try by hand; kill the primary and see what your client notices',
    load: async () => (await import('./serve.js')).serveCommand,
  },
  soak: {
    description: 'faults of all kinds in a row, on one cluster and under one load that live the whole time',
    load: async () => (await import('./soak.js')).soakCommand,
  },
  throughput: {
    description:
      'requests per second, latency and processor time of an HTTP client (autocannon), before and after a fault',
    load: async () => (await import('./throughput.js')).throughputCommand,
  },
  report: {
    description: 'draw the reports of a stored run again, or compare several stored runs',
    load: async () => (await import('./report.js')).reportCommand,
  },
  baseline: {
    description: 'print the baseline of a stored run, for gate: ratios, counts and times, one line each',
    load: async () => (await import('./baseline.js')).baselineCommand,
  },
  gate: {
    description:
      'compare a stored run with a baseline: exit 0 pass, 3 violation, 4 regression, 5 inconclusive',
    load: async () => (await import('./gate.js')).gateCommand,
  },
  calibrate: {
    description:
      'run each strategy against itself: how often gate raises a false alarm here, and what it can detect',
    load: async () => (await import('./calibrate.js')).calibrateCommand,
  },
  list: {
    description: 'list strategies, workloads or faults',
    load: async () => (await import('./list.js')).listCommand,
  },
  matrix: {
    description: 'what becomes of connections in every combination of workload, strategy and fault',
    load: async () => (await import('./matrix.js')).matrixCommand,
  },
  doctor: {
    description: 'what is possible on this machine, and what would disturb a run',
    load: async () => (await import('./doctor.js')).doctorCommand,
  },
  micro: {
    description: 'what the steps of a recovery cost, each measured alone',
    load: async () => (await import('./micro.js')).microCommand,
  },
};
