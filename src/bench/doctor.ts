/** What is possible on this machine, and what would disturb a measurement: `spr-bench doctor`. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { delimiter, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import pc from 'picocolors';
import { median } from '../stats/average.js';
import { type OpenFileLimit, OWN_DESCRIPTORS, readOpenFileLimit } from './open-files.js';
import { readCpuQuota, readGovernor } from './processor-limits.js';

export interface Finding {
  readonly topic: string;
  /** `warning`: works, or could not be found out. `missing`: something does not work without it. */
  readonly status: 'ok' | 'warning' | 'missing';
  readonly detail: string;
  readonly remedy?: string;
}

/** What was read from the machine. `undefined` where the system does not tell. */
export interface Host {
  readonly cores: number;
  /** Of the last minute. */
  readonly loadAverage: number;
  readonly openFiles: OpenFileLimit | undefined;
  readonly ephemeralPorts: PortRange | undefined;
  /** Why nothing can listen on 127.0.0.1; undefined when it can. */
  readonly loopbackError: string | undefined;
  readonly node: string;
  readonly openssl: string;
  /** Smallest step of `process.hrtime.bigint()`. */
  readonly clockStepNs: number;
  /** Processors that the control group allows at a time; null without a quota. */
  readonly cpuQuota: number | null;
  /** Of the processor's frequency; null where the system does not choose it. */
  readonly governor: string | null;
  readonly timing: Timing;
  /** Programs found on the PATH, out of {@link TOOLS}. */
  readonly tools: readonly string[];
}

/** How late the event loop of an idle process is, ms. */
export interface Timing {
  /** Median length of a timer of 1 ms. */
  readonly timerMs: number;
  /** Longest time that the loop was not free while nothing ran in it. */
  readonly pauseMs: number;
}

/** Both ends included. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** The director, a replica and the load client work at the same time; on one core they measure each other. */
const MIN_CORES = 2;
/** Above this share of the cores, other programs take processor time from the trials. */
const MAX_LOAD_PER_CORE = 0.5;
/** `engines` in `package.json`: the oldest version that the tests run on. */
const MIN_NODE = [20, 19] as const;
/** The director holds the client's socket and, for a server of somebody else, one upstream socket. */
const DESCRIPTORS_PER_CONNECTION = 2;
/** Largest number of connections that the presets use. */
const PRESET_CONNECTIONS = 1000;
/** Each client connection takes a port, a reconnect another one; closed ones rest for a minute (TIME_WAIT). */
const PORTS_PER_CONNECTION = 4;
/** The shortest step that is measured takes a few microseconds. */
const MAX_CLOCK_STEP_NS = 1000;
const CLOCK_SAMPLES = 1000;
/** Requests are sent by timers: one that takes longer belongs to a kernel with a coarse tick. */
const MAX_TIMER_MS = 2;
/** A fourth of a short recovery. A process that nothing else disturbs pauses for less than 1 ms. */
const MAX_PAUSE_MS = 5;
const TIMER_SAMPLES = 100;
const NS_PER_MS = 1e6;

/** Programs that only the system tests run, and what each is for. */
const TOOLS = {
  wrk: 'load from an unmodified client',
  curl: 'requests from an unmodified client',
  openssl: 'handshakes and KeyUpdate from an unmodified client',
  chromium: 'the look of the HTML report',
} as const;

/** Looks at this machine. Takes some tenths of a second, changes nothing. */
export async function diagnose(): Promise<Finding[]> {
  return diagnoseHost(await probeHost());
}

/** Pure: judges what was read. */
export function diagnoseHost(host: Host): Finding[] {
  return [
    judgeCores(host.cores),
    judgeLoad(host.loadAverage, host.cores),
    judgeOpenFiles(host.openFiles),
    judgePorts(host.ephemeralPorts),
    judgeLoopback(host.loopbackError),
    judgeNode(host.node, host.openssl),
    judgeClock(host.clockStepNs),
    judgeQuota(host.cpuQuota, host.cores),
    judgeGovernor(host.governor),
    judgeTiming(host.timing),
    ...Object.entries(TOOLS).map(([tool, purpose]) => judgeTool(tool, purpose, host.tools.includes(tool))),
  ];
}

/** A table for the terminal: status, topic, detail; a remedy on a line of its own. */
export function renderDoctor(findings: readonly Finding[], options: { readonly colour: boolean }): string {
  const colours = pc.createColors(options.colour);
  const paint = { ok: colours.green, warning: colours.yellow, missing: colours.red };
  const statusWidth = 'warning'.length;
  const topicWidth = Math.max(0, ...findings.map(({ topic }) => topic.length));
  const indent = ' '.repeat(statusWidth + topicWidth + 4);
  const lines = findings.flatMap(({ status, topic, detail, remedy }) => {
    const line = `${paint[status](status.padEnd(statusWidth))}  ${topic.padEnd(topicWidth)}  ${detail}`;
    return remedy === undefined ? [line] : [line, `${indent}${colours.dim(remedy)}`];
  });
  return `${lines.join('\n')}\n`;
}

/** Reads what {@link diagnoseHost} judges. */
export async function probeHost(): Promise<Host> {
  const [loadAverage = 0] = loadavg();
  return {
    cores: availableParallelism(),
    loadAverage,
    openFiles: readOpenFileLimit(),
    ephemeralPorts: parsePortRange(readOrEmpty('/proc/sys/net/ipv4/ip_local_port_range')),
    loopbackError: await tryLoopback(),
    node: process.versions.node,
    openssl: process.versions.openssl,
    clockStepNs: measureClockStep(),
    cpuQuota: readCpuQuota(),
    governor: readGovernor(),
    timing: await measureTiming(),
    tools: Object.keys(TOOLS).filter(isOnPath),
  };
}

/** The two numbers of `/proc/sys/net/ipv4/ip_local_port_range`. */
export function parsePortRange(text: string): PortRange | undefined {
  const match = /^(\d+)\s+(\d+)\s*$/.exec(text);
  return match === null ? undefined : { low: Number(match[1]), high: Number(match[2]) };
}

function judgeCores(cores: number): Finding {
  const detail = `${cores} ${cores === 1 ? 'core' : 'cores'}`;
  if (cores >= MIN_CORES) return ok('cores', detail);
  return warning(
    'cores',
    detail,
    `use at least ${MIN_CORES}: the processes of a trial measure each other here`,
  );
}

function judgeLoad(loadAverage: number, cores: number): Finding {
  const detail = `${loadAverage.toFixed(2)} on ${cores} cores over the last minute`;
  if (loadAverage <= cores * MAX_LOAD_PER_CORE) return ok('load', detail);
  return warning('load', detail, 'end other programs first: they show up in every time that is measured');
}

function judgeOpenFiles(limit: OpenFileLimit | undefined): Finding {
  const remedy = `ulimit -n ${OWN_DESCRIPTORS + DESCRIPTORS_PER_CONNECTION * PRESET_CONNECTIONS}`;
  if (limit === undefined) return warning('open files', 'unknown: /proc/self/limits tells nothing', remedy);
  const connections = Math.max(0, Math.floor((limit.soft - OWN_DESCRIPTORS) / DESCRIPTORS_PER_CONNECTION));
  const detail = `${limit.soft} (hard limit ${limit.hard}): about ${connections} connections`;
  return connections >= PRESET_CONNECTIONS ? ok('open files', detail) : warning('open files', detail, remedy);
}

function judgePorts(range: PortRange | undefined): Finding {
  if (range === undefined) return warning('ports', 'unknown: ip_local_port_range tells nothing');
  const ports = range.high - range.low + 1;
  const detail = `${ports} ephemeral ports (${range.low} to ${range.high})`;
  if (ports >= PORTS_PER_CONNECTION * PRESET_CONNECTIONS) return ok('ports', detail);
  return warning('ports', detail, 'sysctl -w net.ipv4.ip_local_port_range="32768 60999"');
}

function judgeLoopback(error: string | undefined): Finding {
  if (error === undefined) return ok('loopback', 'can listen on 127.0.0.1');
  return missing('loopback', `cannot listen on 127.0.0.1: ${error}`, 'bring up the loopback interface');
}

function judgeNode(node: string, openssl: string): Finding {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [minMajor, minMinor] = MIN_NODE;
  const detail = `${node} with OpenSSL ${openssl}`;
  if (major > minMajor || (major === minMajor && minor >= minMinor)) return ok('node', detail);
  return missing('node', detail, `install Node ${minMajor}.${minMinor} or newer`);
}

function judgeClock(stepNs: number): Finding {
  const detail = `steps of ${stepNs} ns`;
  if (stepNs <= MAX_CLOCK_STEP_NS) return ok('clock', detail);
  return warning(
    'clock',
    detail,
    'short phases cannot be told apart here: use another machine or clock source',
  );
}

function judgeQuota(quota: number | null, cores: number): Finding {
  if (quota === null) return ok('quota', 'none: all cores can be used');
  const detail = `${quota} of ${cores} cores, by the control group`;
  if (quota >= cores) return ok('quota', detail);
  return warning(
    'quota',
    detail,
    'a process that used its share stands still: allow as much as there are cores',
  );
}

function judgeGovernor(governor: string | null): Finding {
  if (governor === null) return ok('governor', 'none: the system does not choose the frequency');
  if (governor === 'performance') return ok('governor', governor);
  const remedy = 'cpupower frequency-set --governor performance';
  return warning('governor', `${governor}: the frequency depends on the load`, remedy);
}

function judgeTiming({ timerMs, pauseMs }: Timing): Finding {
  const detail = `a timer of 1 ms takes ${timerMs.toFixed(1)} ms; longest pause of an idle loop ${pauseMs.toFixed(1)} ms`;
  if (timerMs <= MAX_TIMER_MS && pauseMs <= MAX_PAUSE_MS) return ok('event loop', detail);
  return warning(
    'event loop',
    detail,
    'end other programs, or use a machine of your own: trials pause as well',
  );
}

function judgeTool(tool: string, purpose: string, found: boolean): Finding {
  if (found) return ok(tool, 'found');
  return missing(tool, `not found; only system tests need it: ${purpose}`, `apt-get install ${tool}`);
}

function ok(topic: string, detail: string): Finding {
  return { topic, status: 'ok', detail };
}

function warning(topic: string, detail: string, remedy?: string): Finding {
  return { topic, status: 'warning', detail, ...(remedy === undefined ? {} : { remedy }) };
}

function missing(topic: string, detail: string, remedy: string): Finding {
  return { topic, status: 'missing', detail, remedy };
}

/** Empty where there is no such file: `/proc` is Linux only. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function tryLoopback(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.message));
    server.listen(0, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}

function measureClockStep(): number {
  let smallest = Infinity;
  let last = process.hrtime.bigint();
  for (let sample = 0; sample < CLOCK_SAMPLES; sample++) {
    const now = process.hrtime.bigint();
    if (now > last) smallest = Math.min(smallest, Number(now - last));
    last = now;
  }
  return smallest;
}

async function measureTiming(): Promise<Timing> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const lengthsMs: number[] = [];
  delay.enable();
  for (let sample = 0; sample < TIMER_SAMPLES; sample++) {
    const startMs = performance.now();
    await sleep(1);
    lengthsMs.push(performance.now() - startMs);
  }
  delay.disable();
  // The histogram counts its own resolution into every delay.
  return { timerMs: median(lengthsMs) ?? 0, pauseMs: Math.max(0, delay.max / NS_PER_MS - 1) };
}

function isOnPath(tool: string): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.some((folder) => isExecutable(join(folder, tool)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
