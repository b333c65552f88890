/** A flow that a replica serves, in one of its stages. */
import type { EndReason } from '../../net/control-records.js';
import type { ServerHandshake } from '../../tls/adoption.js';
import type { Connection } from './connection.js';
import type { NativeConnection } from './native-connection.js';

export type ServedFlow =
  | { readonly stage: 'handshake'; readonly handshake: ServerHandshake; backup: number | undefined }
  | { readonly stage: 'connection'; readonly connection: Connection }
  | { readonly stage: 'native'; readonly native: NativeConnection }
  /** The link from the failed primary is still being drained: what arrives meanwhile waits. */
  | {
      readonly stage: 'taking';
      readonly records: Buffer[];
      backup: number | undefined;
      ended: EndReason | undefined;
      /** Of the `take`, and what came since: its client may read on before anything new is made for it. */
      creditBytes: number;
    };
