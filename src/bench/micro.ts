/** `spr-bench micro`: what one step of a recovery costs, measured alone in this process. */
import { randomBytes } from 'node:crypto';
import { Bench, type Task } from 'tinybench';
import { CIPHER_SUITES, type CipherSuite } from '../tls/cipher-suites.js';
import { RecordDeframer, TLS_STREAM } from '../tls/deframer.js';
import { mirrored, randomState } from '../tls/random-state.js';
import { ContentType } from '../tls/record.js';
import {
  createReadState,
  createWriteState,
  parseStaticState,
  type StaticState,
  serializeStaticState,
} from '../tls/static-state.js';

/** A small reply, and a full record. */
const CONTENT_BYTES = [128, 16_384] as const;
/** Of a small chunk: as many records as one socket read of 64 KiB holds. */
const DEFRAMED_RECORDS = 400;

export interface MicroResult {
  readonly name: string;
  /** Median time of one operation. */
  readonly medianUs: number;
  readonly p99Us: number;
  readonly samples: number;
}

/** Runs all tasks for `timeMs` each. Nothing else should run on the machine. */
export async function runMicro(timeMs: number): Promise<MicroResult[]> {
  const bench = new Bench({ time: timeMs, warmupTime: timeMs / 2, retainSamples: true });
  for (const suite of CIPHER_SUITES.filter(({ authentication }) => authentication !== 'rsa'))
    addSuite(bench, suite);
  addDeframer(bench);
  await bench.run();
  return bench.tasks.map(toResult);
}

function addSuite(bench: Bench, suite: CipherSuite): void {
  const state = randomState(suite);
  const serialized = serializeStaticState(state);
  bench.add(`${suite.name}: serialize static state`, () => void serializeStaticState(state), {
    async: false,
  });
  bench.add(
    `${suite.name}: parse static state, derive both directions`,
    () => {
      const restored = parseStaticState(serialized);
      createReadState(restored, 0);
      createWriteState(restored, 0);
    },
    { async: false },
  );
  for (const bytes of CONTENT_BYTES) addRecords(bench, suite, state, bytes);
}

function addRecords(bench: Bench, suite: CipherSuite, state: StaticState, bytes: number): void {
  const content = randomBytes(bytes);
  let write = createWriteState(state, 0);
  let read = createReadState(mirrored(state), 0);
  bench.add(
    `${suite.name}: seal ${bytes} B`,
    () => {
      if (write.nextAction !== 'seal') write = createWriteState(state, 0);
      write.seal(ContentType.application_data, content);
    },
    { async: false },
  );
  let pairedWrite = createWriteState(state, 0);
  bench.add(
    `${suite.name}: seal and open ${bytes} B`,
    () => {
      if (pairedWrite.nextAction !== 'seal') {
        pairedWrite = createWriteState(state, 0);
        read = createReadState(mirrored(state), 0);
      }
      read.open(Buffer.concat(pairedWrite.seal(ContentType.application_data, content)));
    },
    { async: false },
  );
}

function addDeframer(bench: Bench): void {
  const suite = CIPHER_SUITES[0];
  if (suite === undefined) return;
  const write = createWriteState(randomState(suite), 0);
  const records = Array.from({ length: DEFRAMED_RECORDS }, () =>
    Buffer.concat(write.seal(ContentType.application_data, randomBytes(CONTENT_BYTES[0]))),
  );
  const chunk = Buffer.concat(records);
  const deframer = new RecordDeframer(TLS_STREAM);
  bench.add(
    `deframe ${DEFRAMED_RECORDS} records of ${CONTENT_BYTES[0]} B`,
    () => deframer.push(chunk, () => {}),
    {
      async: false,
    },
  );
}

function toResult({ name, result }: Task): MicroResult {
  if (result.state !== 'completed') throw new Error(`${name}: ${result.state}`);
  const { latency } = result;
  const toUs = (ms: number): number => ms * 1000;
  return { name, medianUs: toUs(latency.p50), p99Us: toUs(latency.p99), samples: latency.samplesCount };
}
