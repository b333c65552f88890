/** The faults that come with spr-bench. */
import type { Fault } from '../contracts/fault.js';

const kill: Fault = {
  id: 'kill',
  title: 'Kill',
  question: 'what do clients notice when the primary dies without a word (SIGKILL)?',
  inject(target) {
    target.signalPrimary('SIGKILL');
  },
};

export const FAULTS: readonly Fault[] = [kill];
