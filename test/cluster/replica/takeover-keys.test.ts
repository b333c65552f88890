/** When keys are derived after a takeover: at once for who waits, and for nobody else. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemoryReplica } from '../../../src/bench/micro/memory-replica.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { RecordLayer } from '../../../src/tls/record-layer.js';

const running: MemoryReplica[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const replica of running.splice(0)) replica.close();
});

describe.each(['1.3', '1.2'] as const)('keys of a flow of TLS %s that is taken over', (version) => {
  it.each([
    { what: 'with a request in its journal: at once', requests: 1, derived: 3 },
    { what: 'that is idle: not before its client speaks', requests: 0, derived: 0 },
  ] as const)('$what', async ({ requests, derived }) => {
    const suite = findSuite({ version, name: 'aes-128-gcm', authentication: 'ecdsa' });
    const replica = new MemoryReplica(suite, () => 0);
    running.push(replica);
    await replica.start();
    const deriveKeys = vi.spyOn(RecordLayer.prototype, 'deriveKeys');
    const open = vi.spyOn(RecordLayer.prototype, 'open');
    const flows = await replica.replicate(3);
    await replica.exchange(await replica.takes(flows, requests), { takeovers: 3, replies: 3 * requests });
    if (requests === 0) {
      expect(open).not.toHaveBeenCalled();
      await replica.exchange(await replica.requests(flows), { replies: 3 });
    }
    expect(open).toHaveBeenCalledTimes(3);
    expect(deriveKeys).toHaveBeenCalledTimes(derived);
  });
});
