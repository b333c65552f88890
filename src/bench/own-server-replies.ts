/** What a user's server answers while nothing has failed: the measure of every later reply. */
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { formatReplies, type StoredReply } from '../../workloads/own-server.js';
import { UsageError } from '../base/errors.js';
import type { Cluster } from '../cluster/cluster.js';

/** In Base64 it must fit the file of a workload. */
const MAX_CONTENT_BYTES = 32 * 1024 * 1024;
const REPLY_TIMEOUT_MS = 10_000;

export interface RepliesOptions {
  /** With one server or more of the user's. */
  readonly cluster: Pick<Cluster, 'port'>;
  readonly paths: readonly string[];
  readonly servername: string;
  readonly ca: string;
}

/**
 * Fetches each path twice, through the director, and writes the replies into `folder`.
 *
 * @returns the path of the file, for the setting `replies` of the workload `own-server`
 * @throws UsageError when a reply is no success, changes from one time to the next, or is too large
 */
export async function storeReplies(options: RepliesOptions, folder: string): Promise<string> {
  const replies: StoredReply[] = [];
  let bytes = 0;
  for (const target of options.paths) {
    const first = await fetchReply(options, target);
    const second = await fetchReply(options, target);
    if (first.status < 200 || first.status > 299) {
      throw new UsageError(
        `--paths ${target}: the server answers with status ${first.status}, 200 to 299 is needed`,
      );
    }
    if (first.status !== second.status || !first.content.equals(second.content)) {
      throw new UsageError(
        `--paths ${target}: the server answers it differently each time, so that nobody could tell a wrong reply`,
      );
    }
    bytes += first.content.length;
    if (bytes > MAX_CONTENT_BYTES) {
      throw new UsageError(
        `--paths ${target}: the replies together are longer than ${MAX_CONTENT_BYTES} bytes`,
      );
    }
    replies.push(first);
  }
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'replies.json');
  await writeFile(path, formatReplies(replies));
  return path;
}

function fetchReply({ cluster, servername, ca }: RepliesOptions, target: string): Promise<StoredReply> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port: cluster.port,
      servername,
      ca,
      rejectUnauthorized: true,
      path: target,
      // As the load client does: what a server makes of other fields must not differ.
      headers: { Host: servername },
      agent: false,
      timeout: REPLY_TIMEOUT_MS,
    });
    const fail = (reason: string): void =>
      reject(new UsageError(`--paths ${target}: the server gives no reply: ${reason}`));
    sent.on('timeout', () => sent.destroy(new Error(`none within ${REPLY_TIMEOUT_MS} ms`)));
    sent.on('error', (error) => fail(error.message));
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => fail(error.message));
      response.on('end', () =>
        resolve({ target, status: response.statusCode ?? 0, content: Buffer.concat(chunks) }),
      );
    });
    sent.end();
  });
}
