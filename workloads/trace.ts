/** Traffic that was recorded: the requests of an access log, at their times, with their methods and sizes. */
import type {
  Application,
  PlannedRequest,
  Prng,
  ReplyCheck,
  SeededBytes,
  Workload,
  WorkloadFile,
  WorkloadOptions,
  WorkloadSettings,
} from '../src/contracts/workload.js';
import { RefusedContentCheck, SeededCheck, WrongStatusCheck } from './parts/seeded-check.js';
import { executeContent, refuse, replyKey, sendSeededReply, tolerateLoss } from './parts/seeded-exchange.js';
import { parseTrace, type Trace, type TraceEntry } from './parts/trace.js';
import { SAMPLE_TRACE } from './parts/trace-sample.js';

/** Of a POST or a PUT in a log that does not tell: a short form or JSON document. */
const UNKNOWN_BODY_BYTES = 64;
const MAX_SPEED = 1e6;

export const trace: Workload = {
  ...createTrace(parseTrace(SAMPLE_TRACE.name, SAMPLE_TRACE.text), undefined),
  parameters: [
    {
      kind: 'file',
      name: 'file',
      meaning: 'access log (Common or Combined Log Format) or HAR; absent: a sample',
    },
    {
      kind: 'number',
      name: 'speed',
      meaning: 'times as fast as recorded; 0: so fast that the file fills the load once',
      low: 0,
      high: MAX_SPEED,
      whole: false,
      default: 0,
    },
  ],
  configure: ({ file, speed }: WorkloadSettings) => {
    const { name, text } = isFile(file) ? file : SAMPLE_TRACE;
    return createTrace(parseTrace(name, text), typeof speed === 'number' && speed > 0 ? speed : undefined);
  },
};

function isFile(value: WorkloadSettings[string] | undefined): value is WorkloadFile {
  return typeof value === 'object';
}

/** @param speed undefined: the trace fills the load once */
function createTrace(recorded: Trace, speed: number | undefined): Workload {
  return {
    id: 'trace',
    title: 'Trace',
    question: 'How does recorded traffic, with its bursts and sizes, get over the fault?',
    arrivals: 'open',
    defaultConnections: 20,
    plan: (options, prng) => planTrace(recorded, speed, options, prng),
    application: createApplication,
    verify: verifyReply,
  };
}

/**
 * Clients keep to a connection of their own, or share one where there are fewer. Each seed begins at another place of the
 * trace, so that faults strike all parts of it, and goes round.
 */
function planTrace(recorded: Trace, speed: number | undefined, options: WorkloadOptions, prng: Prng) {
  const factor = speed ?? recorded.durationMs / options.durationMs;
  const startMs = prng.fork('start').uniform() * recorded.durationMs;
  const connections = Array.from({ length: options.connections }, (_, connection) => {
    const own = recorded.entries.filter(({ client }) => client % options.connections === connection);
    return {
      [Symbol.iterator]: () => requests(connection, own, { recorded, factor, startMs }),
    };
  });
  return { connections };
}

interface Replay {
  readonly recorded: Trace;
  /** Recorded time / time of the load. */
  readonly factor: number;
  /** Where in the trace the load begins. */
  readonly startMs: number;
}

function* requests(
  connection: number,
  own: readonly TraceEntry[],
  { recorded, factor, startMs }: Replay,
): Generator<PlannedRequest> {
  const sooner = own.filter(({ atMs }) => atMs < startMs);
  const order = [...own.filter(({ atMs }) => atMs >= startMs), ...sooner];
  // A connection without a client of its own asks once, when the load is over: it shows whether it still works.
  if (order.length === 0) {
    yield toRequest(connection, 0, IDLE, Number.MAX_SAFE_INTEGER);
    return;
  }
  for (let index = 0; ; index++) {
    const entry = order[index % order.length] ?? IDLE;
    const laps = Math.floor(index / order.length) + (entry.atMs < startMs ? 1 : 0);
    const atMs = (laps * recorded.durationMs + entry.atMs - startMs) / factor;
    yield toRequest(connection, index, entry, atMs);
  }
}

const IDLE: TraceEntry = { client: 0, atMs: 0, method: 'GET', bodyBytes: undefined, replyBytes: 0 };

/** What counts for a recovery is whether a request may be executed twice: that is kept of its method. */
function toRequest(
  connection: number,
  index: number,
  { method, bodyBytes, replyBytes }: TraceEntry,
  atMs: number,
): PlannedRequest {
  const id = `${connection}-${index}`;
  const sentBytes = method === 'GET' ? 0 : (bodyBytes ?? UNKNOWN_BODY_BYTES);
  const target = `/recorded/${id}?bytes=${replyBytes}&body=${sentBytes}`;
  return { id, method, target, bodyBytes: sentBytes, atMs };
}

interface TraceTarget {
  readonly id: string;
  /** Of the reply. */
  readonly bytes: number;
  readonly bodyBytes: number;
}

function parseTraceTarget(target: string | undefined): TraceTarget | undefined {
  const [match, id = '', bytes, body] =
    /^\/recorded\/(\d+-\d+)\?bytes=(\d{1,8})&body=(\d{1,8})$/.exec(target ?? '') ?? [];
  return match === undefined ? undefined : { id, bytes: Number(bytes), bodyBytes: Number(body) };
}

function createApplication(bodies: SeededBytes): Application {
  return (request, response, exchange) => {
    tolerateLoss(request, response);
    const target = parseTraceTarget(request.url);
    if (target === undefined) refuse(request, response, 404, `no such resource: ${request.url}`);
    else if (request.method === 'GET') {
      exchange.recordExecution(target.id);
      sendSeededReply(response, target, bodies);
    } else if (request.method === 'POST' || request.method === 'PUT') {
      executeContent(target, target.bodyBytes, { request, response, exchange, bodies });
    } else refuse(request, response, 405, `method ${request.method} is not allowed: GET, POST and PUT are`);
  };
}

function verifyReply(request: PlannedRequest, status: number, bodies: SeededBytes): ReplyCheck {
  const target = parseTraceTarget(request.target);
  if (target === undefined) throw new Error(`request ${request.id} has a foreign target ${request.target}`);
  if (status === 400) return new RefusedContentCheck();
  if (status !== 200) return new WrongStatusCheck(target.bytes);
  return new SeededCheck(bodies, replyKey(target.id), target.bytes);
}
