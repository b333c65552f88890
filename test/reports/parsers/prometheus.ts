/**
 * A strict reader of the Prometheus text exposition format 0.0.4 ("Exposition formats": line format, grouping and
 * sorting). Throws where the text departs from it.
 */

export interface Sample {
  readonly metric: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const HELP = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)+)$/;
const TYPE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/;
const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\\\|\\"|\\n)*",?)*)\} (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const NUMBER = /^[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

export function parsePrometheus(text: string): Sample[] {
  if (!text.endsWith('\n')) throw new Error('the last line does not end with a line feed');
  const seen = new Set<string>();
  const finished = new Set<string>();
  const samples: Sample[] = [];
  let current = { name: '', type: '' };
  for (const line of text.slice(0, -1).split('\n')) {
    const help = HELP.exec(line);
    const type = TYPE.exec(line);
    if (help !== null) {
      finished.add(current.name);
      current = { name: help[1] ?? '', type: '' };
      if (finished.has(current.name)) throw new Error(`${current.name} comes in two groups`);
    } else if (type !== null) {
      if (type[1] !== current.name || current.type !== '') throw new Error(`TYPE out of place: ${line}`);
      current = { name: current.name, type: type[2] ?? '' };
    } else samples.push(parseSample(line, current, seen));
  }
  return samples;
}

function parseSample(line: string, current: { name: string; type: string }, seen: Set<string>): Sample {
  const [, metric, labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (metric === undefined) throw new Error(`no sample: ${line}`);
  if (metric !== current.name || current.type === '') throw new Error(`${metric} has no TYPE before it`);
  if (!NUMBER.test(value)) throw new Error(`${value} is no number: ${line}`);
  const series = `${metric}{${labels}}`;
  if (seen.has(series)) throw new Error(`twice the same series: ${series}`);
  seen.add(series);
  return { metric, type: current.type, labels: parseLabels(labels), value: Number(value) };
}

function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(LABEL)].map(([, name = '', value = '']) => [
      name,
      value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    ]),
  );
}
