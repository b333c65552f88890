/** The totals of a soak: grows with the number of fault kinds and connections, not with time. */
import type { LoadReport } from '../../contracts/load.js';
import type { SoakFault, SoakSummary } from '../../contracts/soak.js';
import { countRequests } from './judge-fault.js';

/** The first ones tell what is wrong; a soak that fails for hours must not fill the memory. */
const MAX_VIOLATIONS = 100;

type Totals = Pick<
  SoakSummary,
  | 'faults'
  | 'connections'
  | 'requests'
  | 'corruptedBytes'
  | 'longestInterruptionMs'
  | 'violations'
  | 'connectionsOpened'
  | 'connectionsNeverLost'
>;

export class SoakAccount {
  readonly #opened: number;
  readonly #lost = new Set<number>();
  readonly #faults = new Map<string, { injected: number; survived: number; disturbed: number }>();
  readonly #connections = { kept: 0, lost: 0, notRecoverable: 0, causes: new Map<string, number>() };
  readonly #requests = { ok: 0, failed: 0, unknown: 0 };
  readonly #violations: string[] = [];
  #corruptedBytes = 0;
  #longestInterruptionMs = 0;

  /** @param faults kinds, in the order in which they are to be listed */
  constructor(opened: number, faults: readonly string[]) {
    this.#opened = opened;
    for (const fault of faults) this.#faults.set(fault, { injected: 0, survived: 0, disturbed: 0 });
  }

  /** @param lost indices of the connections that ended around it */
  add(result: SoakFault, lost: Iterable<number>): void {
    const kind = this.#faults.get(result.fault) ?? { injected: 0, survived: 0, disturbed: 0 };
    this.#faults.set(result.fault, kind);
    kind.injected += 1;
    if (result.survived) kind.survived += 1;
    if (result.disturbances.length > 0) kind.disturbed += 1;
    for (const connection of lost) this.#lost.add(connection);
    this.#addConnections(result.connections);
    this.#addRequests(result.requests);
    this.#corruptedBytes += result.corruptedBytes;
    this.#longestInterruptionMs = Math.max(this.#longestInterruptionMs, result.longestInterruptionMs);
    for (const violation of result.violations) {
      this.violated(`fault ${result.index} (${result.fault}): ${violation}`);
    }
  }

  /** What the load client saw after the last fault, its check of silent connections included. */
  addRest(report: LoadReport): void {
    this.#addRequests(countRequests(report));
    this.#corruptedBytes += report.corruptedBytes;
    if (report.corruptedBytes > 0) {
      this.violated(`after the last fault: ${report.corruptedBytes} wrong bytes reached a client`);
    }
    const silent = report.requests.closing.filter((closing, row) => closing && !isOk(report, row)).length;
    if (silent > 0) {
      this.#addConnections({ kept: 0, lost: silent, notRecoverable: 0, causes: { 'no reply': silent } });
      this.violated(`after the last fault: ${silent} connections gave no right reply`);
    }
  }

  violated(what: string): void {
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push(what);
  }

  totals(): Totals {
    return {
      connectionsOpened: this.#opened,
      connectionsNeverLost: this.#opened - this.#lost.size,
      faults: [...this.#faults].map(([fault, counts]) => ({ fault, ...counts })),
      connections: { ...this.#connections, causes: Object.fromEntries(this.#connections.causes) },
      requests: { ...this.#requests },
      corruptedBytes: this.#corruptedBytes,
      longestInterruptionMs: this.#longestInterruptionMs,
      violations: [...this.#violations],
    };
  }

  #addConnections({ kept, lost, notRecoverable, causes }: SoakFault['connections']): void {
    const totals = this.#connections;
    totals.kept += kept;
    totals.lost += lost;
    totals.notRecoverable += notRecoverable;
    for (const [cause, count] of Object.entries(causes)) {
      totals.causes.set(cause, (totals.causes.get(cause) ?? 0) + count);
    }
  }

  #addRequests({ ok, failed, unknown }: SoakFault['requests']): void {
    this.#requests.ok += ok;
    this.#requests.failed += failed;
    this.#requests.unknown += unknown;
  }
}

function isOk({ requests }: LoadReport, row: number): boolean {
  return requests.outcome[row] === 'ok';
}
