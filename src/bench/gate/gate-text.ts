/** The gate's answer as a table for the terminal. */
import pc from 'picocolors';
import type { GateResult, Judgement, Verdict } from '../../contracts/gate.js';
import type { SelftestResult, WindowVerdicts } from './selftest.js';

const VERDICT_WIDTH = 'inconclusive'.length;
/** What needs attention comes first. */
const ORDER: readonly Verdict[] = ['regressed', 'inconclusive', 'improved', 'same'];

const HEADLINES: Readonly<Record<GateResult['verdict'], string>> = {
  pass: 'pass: no metric has regressed',
  regression: 'regression',
  inconclusive: 'inconclusive: for some metrics nothing can be said',
  violation: 'correctness violation',
};

/** Ends with a line end. */
export function renderGate(result: GateResult, options: { readonly colour: boolean }): string {
  const colours = pc.createColors(options.colour);
  const paint: Readonly<Record<Verdict, (text: string) => string>> = {
    regressed: colours.red,
    inconclusive: colours.yellow,
    improved: colours.green,
    same: colours.dim,
  };
  const isQuiet = ({ verdict, kind }: Judgement): boolean => verdict === 'same' && kind === 'count';
  const shown = result.judgements.filter((judgement) => !isQuiet(judgement));
  const quiet = result.judgements.length - shown.length;
  const sorted = shown.sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  const names = sorted.map(nameOf);
  const width = Math.max(0, ...names.map(({ length }) => length));
  const rows = sorted.map((judgement, index) => {
    const verdict = paint[judgement.verdict](judgement.verdict.padEnd(VERDICT_WIDTH));
    return `${verdict}  ${names[index]?.padEnd(width)}  ${describeChange(judgement)}`.trimEnd();
  });
  if (quiet > 0) rows.push(`${colours.dim('same'.padEnd(VERDICT_WIDTH))}  ${quiet} counts`);
  const violations = result.violations.map((violation) => colours.red(`violation: ${violation}`));
  const notes = result.notes.map((note) => colours.dim(`note: ${note}`));
  return `${[...rows, ...violations, ...notes, headline(result)].join('\n')}\n`;
}

const SELFTEST_HEADLINES: Readonly<Record<SelftestResult['verdict'], string>> = {
  pass: 'pass: the gate found the slow-down, and none where there is none',
  'false-alarm': 'failed: the gate found a change where there is none',
  missed:
    'failed: the gate did not find the slow-down: this machine is too noisy for that, or the trials are too few',
};

/** Ends with a line end. */
export function renderSelftest({
  verdict,
  trials,
  recoveryTimeMs,
  delayMs,
  same,
  slowed,
  windows,
}: SelftestResult): string {
  const line = (what: string, judgement: Judgement): string =>
    `${what}  ${judgement.verdict.padEnd(VERDICT_WIDTH)}  ${describeChange(judgement)}`.trimEnd();
  const share = Math.round((delayMs / recoveryTimeMs) * 100);
  return [
    `median recovery ${recoveryTimeMs.toFixed(1)} ms; delay put in: ${delayMs.toFixed(1)} ms (+${share} %); ${trials} trials of each`,
    line('nothing changed  ', same),
    line('slowed down      ', slowed),
    ...(windows === null ? [] : describeWindows(windows)),
    SELFTEST_HEADLINES[verdict],
    '',
  ].join('\n');
}

function describeWindows({ trials, blocks, same, slowed }: WindowVerdicts): string[] {
  const total = (verdicts: WindowVerdicts['same']): number =>
    ORDER.reduce((sum, verdict) => sum + verdicts[verdict], 0);
  return [
    `of ${total(same)} windows of ${trials} trials, drawn from ${blocks} blocks:`,
    `nothing changed    ${same.regressed + same.improved} false alarms, ${same.inconclusive} inconclusive`,
    `slowed down        ${slowed.regressed} found, ${slowed.inconclusive} inconclusive`,
  ];
}

function headline({ verdict, judgements }: GateResult): string {
  const counts = ORDER.map(
    (each) => [each, judgements.filter((judgement) => judgement.verdict === each).length] as const,
  );
  const shown = counts.filter(([, count]) => count > 0).map(([each, count]) => `${count} ${each}`);
  return `${HEADLINES[verdict]} (${shown.join(', ') || 'nothing compared'})`;
}

function nameOf({ kind, metric, strategy, workload, fault }: Judgement): string {
  return `${workload}, ${fault}  ${strategy}  ${metric} (${kind})`;
}

function describeChange({ change, threshold, reason, outliers }: Judgement): string {
  const parts: string[] = [];
  if (change !== null) {
    const [ratio, low, high] = [change.ratio, change.low, change.high].map((value) => value.toFixed(2));
    parts.push(`${ratio}x [${low}, ${high}], threshold ${threshold}`);
  }
  if (reason !== null) parts.push(reason);
  const far = outliers.baseline.length + outliers.run.length;
  if (far > 0) parts.push(`outliers: ${describeOutliers(outliers)}`);
  return parts.join('; ');
}

function describeOutliers({ baseline, run }: Judgement['outliers']): string {
  const named = [
    ...baseline.map((position) => `baseline ${position + 1}`),
    ...run.map((position) => `run ${position + 1}`),
  ];
  return named.join(', ');
}
