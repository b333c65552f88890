/** The fault in the curves of a case: a rule at 0, and a fainter one with its name for whatever else the fault did. */
import { printable } from '../parts/printable.js';
import { type ChartLayer, TEXT_SIZE } from './render.js';
import type { ChartSeries } from './series.js';

/** What is drawn, ms around the fault. */
interface Axis {
  readonly from: number;
  readonly to: number;
}

interface FaultEvent {
  readonly ms: number;
  readonly label: string;
}

/** Words for what faults do, where their names are those of signals. */
const WORDS: Readonly<Record<string, string>> = {
  SIGKILL: 'kill',
  SIGSTOP: 'stop',
  SIGCONT: 'wake-up',
  SIGTERM: 'drain',
};

const ORDINALS = ['', '', 'second ', 'third ', 'fourth '];

/** Of names above each other; what comes later in a fault has a rule and no name. */
const MAX_NAMES = 4;

const NAME_HEIGHT = 12;

/** Names closer than this share of the axis would run into each other. */
const NAME_SHARE = 0.3;

/** Names from here on stand left of their rule, to stay in the picture; share of the axis. */
const RIGHT_SHARE = 0.7;

/** @returns layers that go below the curves */
export function faultLayers(series: readonly ChartSeries[], span: Axis): ChartLayer[] {
  const events = faultEvents(series).filter(({ ms }) => ms >= span.from && ms <= span.to);
  return [faultRule(), ...(events.length === 0 ? [] : [eventRules(events), ...eventNames(events, span)])];
}

/** In words, for the text under a chart: ` Also: wake-up after 3,100 ms.`; nothing when nothing else happened. */
export function describeFaultEvents(
  series: readonly ChartSeries[],
  formatMs: (ms: number) => string,
): string {
  const events = faultEvents(series);
  if (events.length === 0) return '';
  return ` Fainter rules: ${events.map(({ label, ms }) => `${label} after ${formatMs(ms)} ms`).join(', ')}.`;
}

/** When the last thing happened, ms after the fault. */
export function lastFaultEventMs(series: readonly ChartSeries[]): number {
  return Math.max(0, ...faultEvents(series).map(({ ms }) => ms));
}

/** The strategies of a case had the same fault, at times of their own: of those of the same name the mean is drawn. */
function faultEvents(series: readonly ChartSeries[]): FaultEvent[] {
  const times = new Map<string, number[]>();
  for (const { series: one } of series) {
    const counts = new Map<string, number>();
    for (const [index, { action, ms }] of one.faultEvents.entries()) {
      const word = WORDS[action] ?? printable(action);
      const count = (counts.get(word) ?? 0) + 1;
      counts.set(word, count);
      if (index === 0) continue;
      const label = `${count === 1 ? '' : (ORDINALS[count] ?? `${count}th `)}${word}`;
      times.set(label, [...(times.get(label) ?? []), ms]);
    }
  }
  return [...times]
    .map(([label, all]) => ({ label, ms: all.reduce((sum, ms) => sum + ms, 0) / all.length }))
    .sort((a, b) => a.ms - b.ms);
}

/** The fault as an upright rule at 0. */
function faultRule(): ChartLayer {
  return {
    data: { values: [{ fault: 0 }] },
    mark: { type: 'rule', color: 'currentColor', strokeWidth: 1.25, opacity: 0.7 },
    encoding: { x: { field: 'fault', type: 'quantitative' } },
  };
}

function eventRules(values: FaultEvent[]): ChartLayer {
  return {
    data: { values },
    mark: { type: 'rule', color: 'currentColor', strokeWidth: 1, opacity: 0.4 },
    encoding: { x: { field: 'ms', type: 'quantitative' } },
  };
}

/** Above the plot, each higher than a neighbour that it would run into. */
function eventNames(events: readonly FaultEvent[], { from, to }: Axis): ChartLayer[] {
  let level = 0;
  return events.slice(0, MAX_NAMES).map(({ ms, label }, index) => {
    const before = events[index - 1]?.ms ?? -Infinity;
    level = ms - before < NAME_SHARE * (to - from) ? level + 1 : 0;
    return {
      data: { values: [{ ms, label }] },
      mark: {
        type: 'text',
        align: ms > from + RIGHT_SHARE * (to - from) ? 'right' : 'left',
        baseline: 'bottom',
        color: 'currentColor',
        opacity: 0.75,
        fontSize: TEXT_SIZE,
      },
      encoding: {
        x: { field: 'ms', type: 'quantitative' },
        y: { value: -3 - level * NAME_HEIGHT },
        text: { field: 'label', type: 'nominal' },
      },
    };
  });
}
