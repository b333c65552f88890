/** What a director that lies would tell a backup. */
import type { Take } from '../../../src/net/control-records.js';

/** The evidence of an idle flow, with one record less than the client has. */
export function understate(take: Take): Take {
  const { recordsRead, recordsWritten } = take.commit;
  return {
    ...take,
    commit: { recordsRead, recordsWritten: recordsWritten - 1 },
    delivered: take.delivered - 1,
  };
}
