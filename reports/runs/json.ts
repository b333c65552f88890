/** The comparison of runs as one JSON document. */
import type { RunsReport } from '../../src/contracts/report.js';

export const runsJson: RunsReport = {
  id: 'json',
  title: 'Comparison of runs as JSON',
  extension: 'json',
  render: (comparison) => `${JSON.stringify(comparison, null, 2)}\n`,
};
