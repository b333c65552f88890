import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadFault } from '../../../src/cluster/faults/index.js';
import { describeFault } from './conformance.js';

const FOLDER = fileURLToPath(new URL('../../../examples/faults/', import.meta.url));
const fault = await loadFault(join(FOLDER, 'hang-then-kill.js'));

describeFault(fault);

it('is the one of the example', () => {
  expect(fault.id).toBe('hang-then-kill');
});
