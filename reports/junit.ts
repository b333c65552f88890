/**
 * JUnit XML, as Jenkins, GitLab and others read it (junit-10.xsd of Jenkins' xUnit plugin): a suite per workload and
 * fault, a case per strategy. A violation is a failure; a strategy without a completed trial is an error, with the reasons.
 * Durations are left out: what was measured is no duration of a test, and stands in `system-out`.
 */
import type { Report, Results } from '../src/contracts/report.js';
import type { Summary } from '../src/contracts/results.js';
import { groupCells } from './parts/cells.js';
import { MEASURE_COLUMNS, toRow } from './parts/columns.js';
import { printable } from './parts/printable.js';
import { problemsOf, violationsOfNoCell } from './parts/problems.js';
import { verdict } from './parts/verdict.js';

interface TestCase {
  readonly name: string;
  readonly failures: readonly string[];
  readonly errors: readonly string[];
  /** What is known beside; one line each. */
  readonly output: readonly string[];
}

interface TestSuite {
  readonly name: string;
  readonly cases: readonly TestCase[];
}

export const junit: Report = { id: 'junit', title: 'JUnit XML', extension: 'xml', fileName: 'junit', render };

function render({ summary }: Results): string {
  const suites = [runSuite(summary), ...caseSuites(summary)];
  const counts = totals(suites.flatMap(({ cases }) => cases));
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="spr-bench" ${counts}>
${suites.map(renderSuite).join('\n')}
</testsuites>
`;
}

/** What is about no strategy: without it a run that ended before its first trial would look like one that passed. */
function runSuite(summary: Summary): TestSuite {
  const { headline, details } = verdict(summary);
  const noTrial = summary.cells.every(({ trials }) => trials.completed === 0);
  const complete: TestCase = {
    name: 'all planned trials ended',
    failures: [],
    errors: [
      ...(summary.complete ? [] : ['the run is incomplete: not all planned trials ended']),
      ...(noTrial ? ['no trial completed: nothing can be concluded'] : []),
    ],
    output: [headline, ...details],
  };
  const others = violationsOfNoCell(summary);
  const further: TestCase = { name: 'further violations', failures: others, errors: [], output: [] };
  return { name: 'run', cases: others.length === 0 ? [complete] : [complete, further] };
}

function caseSuites(summary: Summary): TestSuite[] {
  return groupCells(summary).map(({ workload, fault, cells }) => ({
    name: `${workload}, ${fault}`,
    cases: cells.map((cell): TestCase => {
      const problems = problemsOf(summary, cell);
      const row = toRow(summary, cell);
      const figures = MEASURE_COLUMNS.map(({ group, heading, text }) => `${group} ${heading}: ${text(row)}`);
      return {
        name: cell.strategy,
        failures: problems.violations,
        errors: cell.trials.completed === 0 ? ['no completed trial', ...problems.rejected] : [],
        output: [...figures, ...problems.rejected],
      };
    }),
  }));
}

function renderSuite({ name, cases }: TestSuite): string {
  return `  <testsuite name="${xml(name)}" ${totals(cases)} skipped="0">
${cases.map((testCase) => renderCase(name, testCase)).join('\n')}
  </testsuite>`;
}

function totals(cases: readonly TestCase[]): string {
  const failed = cases.filter(({ failures }) => failures.length > 0).length;
  const broken = cases.filter(({ failures, errors }) => failures.length === 0 && errors.length > 0).length;
  return `tests="${cases.length}" failures="${failed}" errors="${broken}"`;
}

function renderCase(suite: string, { name, failures, errors, output }: TestCase): string {
  const children = [
    ...problemElement(failures, errors),
    ...(output.length === 0 ? [] : [`<system-out>${output.map(xml).join('\n')}</system-out>`]),
  ];
  const content = children.map((child) => `\n      ${child}`).join('');
  return `    <testcase classname="${xml(`spr-bench.${suite}`)}" name="${xml(name)}">${content}
    </testcase>`;
}

/** One at most, as several readers take only the first. */
function problemElement(failures: readonly string[], errors: readonly string[]): string[] {
  const [failure] = failures;
  const [error] = errors;
  if (failure !== undefined) {
    return [`<failure type="violation" message="${xml(failure)}">${failures.map(xml).join('\n')}</failure>`];
  }
  if (error === undefined) return [];
  return [`<error type="inconclusive" message="${xml(error)}">${errors.map(xml).join('\n')}</error>`];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** What XML 1.0 cannot hold beside the control characters, which {@link printable} replaces (production 2, `Char`). */
const NO_XML_CHARACTER = /[\p{Cs}\ufffe\uffff]/gu;

function xml(text: string): string {
  return printable(text)
    .replace(NO_XML_CHARACTER, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
