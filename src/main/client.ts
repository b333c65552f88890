/** The load client process: forked by the orchestrator, loads the director on 127.0.0.1; commands and report go over IPC. */

import { loadWorkload } from '../../workloads/index.js';
import { LoadClient } from '../bench/load-client.js';
import type { LoadCommand, LoadConfig, LoadEvent } from '../contracts/load.js';
import { serveParent } from '../net/message-channel.js';

let client: LoadClient | undefined;

const parent = serveParent<LoadCommand, LoadEvent>({
  open: ({ config }) => open(config),
  run: ({ startMs }) => openedClient().run(startMs),
  stop: ({ faultMs }) => stop(faultMs),
});

async function open(config: LoadConfig): Promise<void> {
  client = new LoadClient(config, await loadWorkload(config.workload));
  await client.open();
  parent.send({ kind: 'opened' });
}

async function stop(faultMs: number): Promise<void> {
  const opened = openedClient();
  await opened.stop(faultMs);
  parent.send({ kind: 'report', report: opened.report() });
  opened.close();
}

function openedClient(): LoadClient {
  if (client === undefined) throw new Error("the command 'open' must come first");
  return client;
}
