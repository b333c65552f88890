/** What happened to one connection, as a sequence of events between client, director, primary and backup. */
import type { RecoveryExample } from '../../src/contracts/report.js';
import { seriesStyle } from '../charts/palette.js';
import { formatCount, formatMs } from '../parts/format.js';
import { dataTable } from './figure.js';
import { html, type Markup } from './markup.js';

type Actor = 'client' | 'director' | 'primary' | 'backup';

interface Event {
  /** ms after the fault. */
  readonly atMs: number;
  readonly text: string;
  readonly from: Actor;
  /** Absent for what happens inside an actor. */
  readonly to?: Actor;
  /** `fault`: the end of the primary. `both`: a dialogue. */
  readonly kind?: 'fault' | 'both';
}

export interface Sequence {
  readonly title: string;
  readonly fault: string;
  readonly position: number;
  readonly example: RecoveryExample;
}

/** Middle of each lifeline, px; the times stand left of the first. */
const LIFELINES: Readonly<Record<Actor, number>> = { client: 64, director: 130, primary: 192, backup: 248 };
const WIDTH = 272;
const HEAD_HEIGHT = 20;
const ROW_HEIGHT = 32;

/** From the end of a line to its arrow head, and the size of the head, px. */
const ARROW = 5;

export function sequenceFigure(sequence: Sequence): Markup {
  const { title, example } = sequence;
  const events = eventsOf(sequence);
  const name = `${title}: one connection, step by step`;
  const text = `Connection ${formatCount(example.connection)} of trial ${formatCount(example.trial)}, recovered after ${formatMs(example.recoveryTimeMs)} ms: the median of its trial. Not to scale.`;
  const rows = events.map(({ atMs, text: what, from, to }) => [
    signed(atMs),
    to === undefined ? `${from}: ${what}` : `${from} to ${to}: ${what}`,
  ]);
  return html`<figure><figcaption>${title}</figcaption>${picture(name, text, events, sequence.position)}<p>${text}</p>${dataTable(name, { columns: ['ms after the fault', 'event'], rows })}</figure>`;
}

function eventsOf({ fault, example }: Sequence): Event[] {
  const { detectionMs, redirectMs, stateMs, cryptoMs } = example.phases;
  const detectedMs = detectionMs;
  const redirectedMs = detectedMs + redirectMs;
  const stateAtMs = redirectedMs + stateMs;
  const cryptoAtMs = stateAtMs + cryptoMs;
  const steps =
    example.fate === 'kept'
      ? keptSteps(detectedMs, redirectedMs, stateAtMs, cryptoAtMs)
      : reconnectedSteps(example, detectedMs, redirectedMs, cryptoAtMs);
  return [
    ...lastReply(example),
    { atMs: 0, text: `fault: ${fault}`, from: 'primary', kind: 'fault' },
    ...steps,
    { atMs: example.recoveryTimeMs, text: 'first verified reply', from: 'backup', to: 'client' },
  ];
}

function lastReply({ interruptionMs, recoveryTimeMs }: RecoveryExample): Event[] {
  if (interruptionMs === null) return [];
  const atMs = Math.min(0, recoveryTimeMs - interruptionMs);
  return [{ atMs, text: 'last verified reply', from: 'primary', to: 'client' }];
}

function keptSteps(detectedMs: number, redirectedMs: number, stateMs: number, cryptoMs: number): Event[] {
  return [
    { atMs: detectedMs, text: 'failure detected', from: 'director' },
    { atMs: redirectedMs, text: 'takeover, evidence', from: 'director', to: 'backup' },
    { atMs: stateMs, text: 'state found and checked', from: 'backup' },
    { atMs: cryptoMs, text: 'keys derived', from: 'backup' },
  ];
}

function reconnectedSteps(
  { handshakes }: RecoveryExample,
  detectedMs: number,
  redirectedMs: number,
  cryptoMs: number,
): Event[] {
  const kind = handshakes.resumed > 0 ? 'resumed' : 'full';
  return [
    { atMs: detectedMs, text: 'connection reset', from: 'director', to: 'client' },
    { atMs: redirectedMs, text: 'new TCP connection', from: 'client', to: 'director' },
    { atMs: cryptoMs, text: `${kind} handshake done`, from: 'client', to: 'backup', kind: 'both' },
  ];
}

function picture(name: string, text: string, events: readonly Event[], position: number): Markup {
  const height = HEAD_HEIGHT + events.length * ROW_HEIGHT + ROW_HEIGHT / 4;
  const { colour } = seriesStyle(position);
  const faultRow = events.findIndex(({ kind }) => kind === 'fault');
  const rows = events.map((event, row) => drawEvent(event, rowY(row), colour));
  return html`<svg class="sequence" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img"><title>${name}</title><desc>${text}</desc>${lifelines(height, rowY(faultRow))}${rows}</svg>`;
}

function rowY(row: number): number {
  return HEAD_HEIGHT + (row + 0.75) * ROW_HEIGHT;
}

/** The primary's ends at the fault. */
function lifelines(height: number, faultY: number): Markup[] {
  return (Object.keys(LIFELINES) as Actor[]).map((actor) => {
    const x = LIFELINES[actor];
    const end = actor === 'primary' ? faultY : height;
    return html`<text x="${x}" y="12" text-anchor="middle">${actor}</text><line x1="${x}" y1="${HEAD_HEIGHT}" x2="${x}" y2="${end}" stroke="currentColor" stroke-opacity=".3"/>`;
  });
}

function drawEvent(event: Event, y: number, colour: string): Markup {
  const { atMs, text, from, to, kind } = event;
  const x = LIFELINES[from];
  const time = html`<text x="48" y="${y + 4}" text-anchor="end" class="time">${signed(atMs)}</text>`;
  const mark =
    to === undefined
      ? point(x, y, kind === 'fault' ? 'currentColor' : colour, kind)
      : arrow(event, y, colour);
  const left = to === undefined ? x : Math.min(x, LIFELINES[to]);
  // What stands right of the third lifeline would leave the picture.
  const late = left > LIFELINES.director;
  return html`${time}${mark}<text x="${late ? left - 9 : left + 8}" y="${y - 6}" text-anchor="${late ? 'end' : 'start'}" class="event">${text}</text>`;
}

function point(x: number, y: number, colour: string, kind: Event['kind']): Markup {
  if (kind === 'fault') {
    return html`<path d="M${x - 5},${y - 5}l10,10m0,-10l-10,10" stroke="currentColor" stroke-width="2.5"/>`;
  }
  return html`<circle cx="${x}" cy="${y}" r="4" fill="${colour}"/>`;
}

function arrow({ from, to = from, kind }: Event, y: number, colour: string): Markup {
  const [start, end] = [LIFELINES[from], LIFELINES[to]];
  const back = kind === 'both' ? head(start, y, end > start ? -1 : 1, colour) : '';
  return html`<line x1="${start}" y1="${y}" x2="${end}" y2="${y}" stroke="${colour}" stroke-width="1.75"/>${head(end, y, end > start ? 1 : -1, colour)}${back}`;
}

/** @param direction 1 to the right, -1 to the left */
function head(x: number, y: number, direction: 1 | -1, colour: string): Markup {
  const tail = x - direction * 1.6 * ARROW;
  return html`<path d="M${x},${y}L${tail},${y - ARROW}V${y + ARROW}Z" fill="${colour}"/>`;
}

function signed(ms: number): string {
  if (ms === 0) return '0';
  return `${ms < 0 ? '−' : '+'}${formatMs(Math.abs(ms))}`;
}
