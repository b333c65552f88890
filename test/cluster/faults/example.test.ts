import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadFault } from '../../../src/cluster/faults/index.js';
import { describeFault } from './conformance.js';

const PATH = fileURLToPath(new URL('../../../examples/faults/hang-then-kill.js', import.meta.url));
const fault = await loadFault(PATH);

describeFault(fault);

it('is the one of the example', () => {
  expect(fault.id).toBe('hang-then-kill');
});
