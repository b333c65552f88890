/** The summary as one JSON document. */
import type { Report } from '../src/contracts/report.js';

export const json: Report = {
  id: 'json',
  title: 'Summary as JSON',
  extension: 'json',
  render: ({ summary }) => `${JSON.stringify(summary, null, 2)}\n`,
};
