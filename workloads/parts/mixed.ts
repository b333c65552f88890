/**
 * Several workloads in one: connection i belongs to workload i modulo their number, on the same replicas. Requests keep
 * their ids, which name the connection, so that no two are the same.
 */
import type { Application, PlannedRequest, Workload } from '../../src/contracts/workload.js';
import { plainId } from './parameters.js';

/** The first segment of a target says whose request it is: `/bulk-download/reply/...`. */
const TARGET = /^\/([a-z0-9-]+)(\/.*)$/;

/** @param parts at least one, with different ids */
export function mixWorkloads(parts: readonly Workload[]): Workload {
  const ids = parts.map(({ id }) => id);
  return {
    id: ids.join('-and-'),
    title: parts.map(({ title }) => title).join(', '),
    question: 'How do connections with different traffic fare on the same replicas?',
    arrivals: 'open',
    defaultConnections: Math.max(...parts.map(({ defaultConnections }) => defaultConnections)),
    plan(options, prng) {
      const plans = parts.map((part) => {
        const { connections } = part.plan(options, prng.fork(part.id));
        return connections.map((requests) => ({
          [Symbol.iterator]: () => addressed(requests, plainId(part)),
        }));
      });
      return {
        connections: Array.from(
          { length: options.connections },
          (_, index) => plans[index % parts.length]?.[index] ?? [],
        ),
      };
    },
    application(bodies, nowMs) {
      const applications = new Map(parts.map((part) => [plainId(part), part.application(bodies, nowMs)]));
      return (request, response, exchange) => dispatch(applications, request, response, exchange);
    },
    verify(request, status, bodies) {
      const [, id, target] = TARGET.exec(request.target) ?? [];
      const part = parts.find((candidate) => plainId(candidate) === id);
      if (part === undefined || target === undefined) {
        throw new Error(`request ${request.id} has a foreign target ${request.target}`);
      }
      return part.verify({ ...request, target }, status, bodies);
    },
  };
}

function* addressed(requests: Iterable<PlannedRequest>, id: string): Generator<PlannedRequest> {
  for (const request of requests) yield { ...request, target: `/${id}${request.target}` };
}

function dispatch(
  applications: ReadonlyMap<string, Application>,
  ...[request, response, exchange]: Parameters<Application>
): void {
  const [, id = '', target] = TARGET.exec(request.url ?? '') ?? [];
  const application = applications.get(id);
  if (application !== undefined && target !== undefined) {
    request.url = target;
    application(request, response, exchange);
    return;
  }
  const message = `no such resource: ${request.url}`;
  request.resume();
  response.writeHead(404, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(message) });
  response.end(message);
}
