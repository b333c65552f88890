/**
 * How often requests were executed, in bounded memory. A request may run again long after its reply, when a fault comes
 * before its commit; two rotations later it cannot any more, and it is counted and forgotten.
 */
import type { RequestColumns } from '../../contracts/load.js';
import type { SoakExecutions } from '../../contracts/soak.js';
import type { Method } from '../../contracts/workload.js';

interface Request {
  times: number;
  /** Known once the load client is done with the request. */
  method: Method | undefined;
  verified: boolean;
  /** Rotation in which something was last heard of it. */
  heardIn: number;
}

const ROTATIONS_UNTIL_SETTLED = 2;

export class ExecutionAccount {
  readonly #requests = new Map<string, Request>();
  readonly #counts = { zero: 0, more: 0, moreNonIdempotent: 0 };
  #rotation = 0;

  /** @param executions of the same time, or longer: a reply that is known has an execution that is known */
  add(requests: RequestColumns, executions: ReadonlyMap<string, number>): void {
    this.#rotation += 1;
    for (const [id, times] of executions) this.#of(id).times += times;
    requests.id.forEach((id, row) => {
      const request = this.#of(id);
      request.method = requests.method[row];
      request.verified = requests.outcome[row] === 'ok';
    });
    this.#settle(this.#rotation - ROTATIONS_UNTIL_SETTLED);
  }

  /** Of the requests that are settled; after the last one, of all. */
  counts(): SoakExecutions {
    return { ...this.#counts };
  }

  /** Nothing more will be executed. */
  close(): void {
    this.#settle(this.#rotation);
  }

  /** Requests that are remembered. */
  get size(): number {
    return this.#requests.size;
  }

  #of(id: string): Request {
    let request = this.#requests.get(id);
    if (request === undefined) {
      request = { times: 0, method: undefined, verified: false, heardIn: 0 };
      this.#requests.set(id, request);
    }
    request.heardIn = this.#rotation;
    return request;
  }

  #settle(upTo: number): void {
    for (const [id, request] of this.#requests) {
      if (request.method === undefined || request.heardIn > upTo) continue;
      this.#requests.delete(id);
      if (request.times === 0 && request.verified) this.#counts.zero += 1;
      if (request.times < 2) continue;
      this.#counts.more += 1;
      if (request.method === 'POST') this.#counts.moreNonIdempotent += 1;
    }
  }
}
