/** Steps on the static state of a connection: what a primary serializes and a backup restores. */
import type { CipherSuite } from '../../tls/cipher-suites.js';
import { mirrored, randomState } from '../../tls/random-state.js';
import { ContentType } from '../../tls/record.js';
import {
  createReadState,
  createWriteState,
  parseStaticState,
  type StaticState,
  serializeStaticState,
} from '../../tls/static-state.js';
import { type CallStep, must } from './step.js';
import { MEASURED_SUITES, suiteId, suiteTitle } from './suites.js';

const GROUP = 'Static state';

export function stateSteps(): CallStep[] {
  return MEASURED_SUITES.flatMap(stepsOf);
}

function stepsOf(suite: CipherSuite): CallStep[] {
  const state = randomState(suite);
  const serialized = serializeStaticState(state);
  const step = (id: string, title: string, call: () => void, verify: () => void): CallStep => ({
    kind: 'call',
    id: `${id}.${suiteId(suite)}`,
    group: GROUP,
    title: `${title}, ${suiteTitle(suite)}`,
    operations: 1,
    call,
    verify,
  });
  const verify = (): void => mustContinue(state, parseStaticState(serialized));
  const deriveBoth = (): void => {
    createReadState(state, 0);
    createWriteState(state, 0);
  };
  return [
    step(
      'serialize',
      'serialize',
      () => void serializeStaticState(state),
      () => mustContinue(state, parseStaticState(serializeStaticState(state))),
    ),
    step('restore', 'restore', () => void parseStaticState(serialized), verify),
    step('derive-one', 'derive one way', () => void createWriteState(state, 0), verify),
    step('derive', 'derive both ways', deriveBoth, verify),
  ];
}

/** What one state seals the other opens, in both directions. */
function mustContinue(state: StaticState, restored: StaticState): void {
  const content = Buffer.from('continued', 'latin1');
  const toClient = createWriteState(restored, 0).seal(ContentType.application_data, content);
  const atClient = createReadState(mirrored(state), 0).open(Buffer.concat(toClient));
  const toServer = createWriteState(mirrored(state), 0).seal(ContentType.application_data, content);
  const atServer = createReadState(restored, 0).open(Buffer.concat(toServer));
  must(
    atClient.content.equals(content) && atServer.content.equals(content),
    `a restored state of ${state.suite.name} does not go on where it was`,
  );
}
