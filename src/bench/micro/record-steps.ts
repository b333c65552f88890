/** Steps on records: seal, open, cut out of a stream. */
import { randomBytes } from 'node:crypto';
import type { CipherSuite } from '../../tls/cipher-suites.js';
import { RecordDeframer, TLS_STREAM } from '../../tls/deframer.js';
import { mirrored, randomState } from '../../tls/random-state.js';
import { ContentType } from '../../tls/record.js';
import type { ReadState } from '../../tls/record-protection.js';
import { createReadState, createWriteState, type StaticState } from '../../tls/static-state.js';
import { type CallStep, must } from './step.js';
import { COMMON_SUITES, MEASURED_SUITES, suiteId, suiteTitle } from './suites.js';

/** A small reply, a larger one, and a full record. */
export const CONTENT_BYTES = [128, 1024, 16_384] as const;
/** Of a stream: as many records as one socket read of 64 KiB holds. */
const DEFRAMED_RECORDS = 400;
const GROUP = 'Records';

export function recordSteps(): CallStep[] {
  const sealing = MEASURED_SUITES.flatMap((suite) =>
    CONTENT_BYTES.flatMap((bytes) => [sealStep(suite, bytes), openStep(suite, bytes)]),
  );
  return [...sealing, deframeStep()];
}

function sealStep(suite: CipherSuite, bytes: number): CallStep {
  const state = randomState(suite);
  const content = randomBytes(bytes);
  let write = createWriteState(state, 0);
  return {
    kind: 'call',
    id: `seal.${suiteId(suite)}.${bytes}`,
    group: GROUP,
    title: `seal ${bytes} B, ${suiteTitle(suite)}`,
    operations: 1,
    call() {
      if (write.nextAction !== 'seal') write = createWriteState(state, 0);
      write.seal(ContentType.application_data, content);
    },
    verify() {
      write = createWriteState(state, 0);
      const record = Buffer.concat(write.seal(ContentType.application_data, content));
      mustOpen(createReadState(mirrored(state), 0), record, content);
    },
  };
}

/** Opening counts upwards: the same records are opened again and again by new read states, whose making is not included. */
function openStep(suite: CipherSuite, bytes: number): CallStep {
  const state = mirrored(randomState(suite));
  const content = randomBytes(bytes);
  const records = sealedRecords(state, content);
  const reader = mirrored(state);
  const opener = new RepeatedOpener(reader, records);
  return {
    kind: 'call',
    id: `open.${suiteId(suite)}.${bytes}`,
    group: GROUP,
    title: `open ${bytes} B, ${suiteTitle(suite)}`,
    operations: 1,
    call: () => opener.next(),
    verify() {
      const [first = Buffer.alloc(0)] = records;
      mustOpen(createReadState(reader, 0), first, content);
    },
  };
}

/** Enough that the making of a read state for each round of them is below 1 % of opening them. */
const OPENED_RECORDS = 1024;

class RepeatedOpener {
  readonly #state: StaticState;
  readonly #records: readonly Buffer[];
  #read: ReadState;
  #at = 0;

  constructor(state: StaticState, records: readonly Buffer[]) {
    this.#state = state;
    this.#records = records;
    this.#read = createReadState(state, 0);
  }

  next(): void {
    let record = this.#records[this.#at];
    if (record === undefined) {
      this.#at = 0;
      this.#read = createReadState(this.#state, 0);
      [record = Buffer.alloc(0)] = this.#records;
    }
    this.#at += 1;
    this.#read.open(record);
  }
}

function sealedRecords(writer: StaticState, content: Buffer): Buffer[] {
  const write = createWriteState(writer, 0);
  return Array.from({ length: OPENED_RECORDS }, () =>
    Buffer.concat(write.seal(ContentType.application_data, content)),
  );
}

function mustOpen(read: ReadState, record: Buffer, content: Buffer): void {
  const opened = read.open(record);
  must(
    opened.type === ContentType.application_data && opened.content.equals(content),
    'a record does not open to what was sealed',
  );
}

function deframeStep(): CallStep {
  const [suite] = COMMON_SUITES;
  must(suite !== undefined, 'there is no cipher suite');
  const [bytes] = CONTENT_BYTES;
  const write = createWriteState(randomState(suite), 0);
  const records = Array.from({ length: DEFRAMED_RECORDS }, () =>
    Buffer.concat(write.seal(ContentType.application_data, randomBytes(bytes))),
  );
  const chunk = Buffer.concat(records);
  const deframer = new RecordDeframer(TLS_STREAM);
  return {
    kind: 'call',
    id: 'deframe.128',
    group: GROUP,
    title: `deframe ${bytes} B, ${DEFRAMED_RECORDS} in a chunk`,
    operations: DEFRAMED_RECORDS,
    call: () => deframer.push(chunk, () => {}),
    verify() {
      const found: Buffer[] = [];
      new RecordDeframer(TLS_STREAM).push(chunk, (record) => found.push(record));
      must(
        found.length === records.length && Buffer.concat(found).equals(chunk),
        'the deframer does not find the records',
      );
    },
  };
}
