import { describe, expect, it } from 'vitest';
import { formatMatrix } from '../../src/main/commands/matrix.js';

describe('the matrix as text', () => {
  it('has a table per workload, and each reason once', () => {
    const reason = 'nobody is left';
    const text = formatMatrix([
      { workload: 'a', strategy: 'spr', fault: 'kill', connections: 'kept', reason: null },
      { workload: 'a', strategy: 'spr', fault: 'double', connections: 'ended', reason },
      { workload: 'a', strategy: 'full-handshake', fault: 'kill', connections: 'reconnected', reason: null },
      { workload: 'a', strategy: 'full-handshake', fault: 'double', connections: 'ended', reason },
      { workload: 'b', strategy: 'spr', fault: 'kill', connections: 'kept', reason: null },
    ]);
    expect(text.split('\n').slice(0, 7)).toEqual([
      'a               kill         double',
      'spr             kept         ended [1]',
      'full-handshake  reconnected  ended [1]',
      '',
      'b    kill',
      'spr  kept',
      '',
    ]);
    expect(text.endsWith('\n[1] nobody is left')).toBe(true);
  });
});
