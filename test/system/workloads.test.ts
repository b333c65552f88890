/** The workloads that no other system test runs, on real processes: small, with a kill, and every nonce checked. */
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/folder.js';
import { ROOT, runCli } from './support/program.js';
import { cellOf, parseSummary } from './support/results.js';

const CONNECTIONS = 4;
const CHURN = 'request-reply:think-ms=2:requests-per-connection=10';
const UPLOAD = 'bulk-upload:max-mib=2';
const WORKLOADS = [UPLOAD, 'event-stream', 'trace', CHURN];

describe('compare with uploads, event streams, a trace and connections that end as planned', () => {
  it('spr keeps what there is, and nothing fails', async () => {
    const args = ['--connections', String(CONNECTIONS), '--trials', '1', '--seed', '1', '--audit', '--json'];
    const { code, stdout, stderr } = await runCli(
      [
        'compare',
        '--strategies',
        'spr',
        '--workloads',
        WORKLOADS.join(),
        ...args,
        '--out',
        temporaryFolder(),
      ],
      { cwd: ROOT },
    );
    expect(code, stderr).toBe(0);
    const summary = parseSummary(stdout);
    expect(summary.rejected).toEqual([]);
    const ids = [UPLOAD, 'event-stream', 'trace', CHURN].map((id) => cellOf(summary, 'spr', id));
    for (const { connections, corruptedBytes, handshakesAfterFault, requests } of ids) {
      expect(connections.kept + connections.opened).toBe(CONNECTIONS);
      expect(handshakesAfterFault).toEqual({ full: 0, resumed: 0 });
      expect(corruptedBytes).toBe(0);
      // The request of a client whose handshake was not over for the server: there was nothing to keep.
      expect(requests.failed).toBeLessThanOrEqual(connections.opened);
    }
  });
});
