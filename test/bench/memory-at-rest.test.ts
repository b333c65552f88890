import { describe, expect, it } from 'vitest';
import { MIN_CONNECTIONS_FOR_MEMORY, memoryPerConnection } from '../../src/bench/memory-at-rest.js';

const READINGS = {
  before: { director: 1_000_000, replicas: [9_000_000, 2_000_000, 3_000_000] },
  idle: { director: 3_000_000, replicas: [9_000_000, 12_000_000, 2_800_000] },
  roles: { primary: 1, backup: 2, replicas: 3 },
};

describe('memoryPerConnection', () => {
  it('is the growth of each process over the connections, by role', () => {
    expect(memoryPerConnection({ ...READINGS, connections: 500 })).toEqual({
      directorBytesPerConnection: 4000,
      primaryBytesPerConnection: 20_000,
      backupBytesPerConnection: -400,
    });
  });

  it('is nothing for too few connections', () => {
    const connections = MIN_CONNECTIONS_FOR_MEMORY;
    expect(memoryPerConnection({ ...READINGS, connections: connections - 1 })).toBeNull();
    expect(memoryPerConnection({ ...READINGS, connections })).not.toBeNull();
  });
});
