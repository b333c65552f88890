/** The director dies and another one takes its place: the one process that nobody replaces while it is gone. */
import type { Fault, FaultEvidence } from '../../contracts/fault.js';

/** As a supervisor waits; drawn, so that it beats no time. */
const MIN_PAUSE_MS = 50;
const PAUSE_SPAN_MS = 100;
/** A process starts in about 100 ms, on a busy machine in more. */
const USUAL_START_MS = 800;

export const directorRestart: Fault = {
  id: 'director-restart',
  title: 'Director restart',
  question: 'what is lost when the director itself dies (SIGKILL) and is started again?',
  noticed: 'nothing',
  victims: () => [],
  durationMs: () => MIN_PAUSE_MS + PAUSE_SPAN_MS + USUAL_START_MS,
  outcome: () => ({
    connections: 'reset',
    service: 'continues',
    reason: 'the director died, and with it the TCP connections of all clients',
  }),
  async inject(target) {
    await target.killDirector();
    await target.sleep(MIN_PAUSE_MS + PAUSE_SPAN_MS * target.uniform());
    await target.startDirector();
  },
  verify: (evidence) => [...notReplaced(evidence), ...endedReplicas(evidence)],
};

function notReplaced({ events, exits, returns }: FaultEvidence): string[] {
  const killed = events.find(({ action }) => action === 'kill-director');
  const exit = exits.find(({ replica }) => replica === null);
  if (killed === undefined || exit?.signal !== 'SIGKILL') return ['the director was not killed'];
  const back = returns.find(({ replica }) => replica === null);
  return back === undefined || back.atMs < exit.atMs ? ['the director did not come back'] : [];
}

/** Replicas live on: what they lose is their state. */
function endedReplicas({ fates }: FaultEvidence): string[] {
  return fates.flatMap(({ answers, endedBy }, index) =>
    answers ? [] : [`replica ${index} did not live on: ${endedBy ?? 'it does not answer'}`],
  );
}
