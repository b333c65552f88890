/** The library: plugin contracts, result files, and the parts that a program of its own can build on. */

export { FILES_REPORTS, REPORTS } from '../reports/index.js';
export { RUNS_REPORTS } from '../reports/runs/index.js';
export { STRATEGIES } from '../strategies/index.js';
export { WORKLOADS } from '../workloads/index.js';
export { UsageError } from './base/errors.js';
export { describeStrategies } from './bench/describe-strategies.js';
export { jsonSchemas } from './bench/json-schemas.js';
export { readResults } from './bench/read-results.js';
export { readSummary, readTrials } from './bench/results-file.js';
export { type RunContext, type RunHandler, type RunOutcome, runAll } from './bench/run.js';
export { parseRunOptions, type RunOptions } from './bench/run-options.js';
export { FAULTS } from './cluster/faults/index.js';
export type * from './contracts/fault.js';
export type * from './contracts/gate.js';
export type * from './contracts/micro.js';
export type * from './contracts/report.js';
export type * from './contracts/results.js';
export type * from './contracts/run-comparison.js';
export type * from './contracts/strategy.js';
export type * from './contracts/workload.js';
