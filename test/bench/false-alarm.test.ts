import { describe, expect, it } from 'vitest';
import { FalseAlarm, notBegun, unlessFalseAlarm } from '../../src/bench/false-alarm.js';
import { ReplicaDetections } from '../../src/bench/fault-injection.js';
import { trialResultSchema } from '../../src/contracts/results.js';
import { fixtureTrial } from '../fixtures/results.js';

const refused = new Error('connection 33 could not be opened: ECONNRESET');

describe('what comes before the fault', () => {
  it('is a false alarm when it fails after a replica was declared failed, and names that', async () => {
    const detections = new ReplicaDetections();
    detections.failed(1, 'missed-heartbeats');
    detections.failed(0, 'missed-heartbeats');
    const failed = await unlessFalseAlarm(detections, () => Promise.reject(refused)).catch((error) => error);
    expect(failed).toBeInstanceOf(FalseAlarm);
    expect(failed.message).toMatch(/^replica 1 was declared failed \(missed-heartbeats\) before the load/);
    expect(failed.cause).toBe(refused);
  });

  it('fails for what it is when nobody was declared failed', async () => {
    const detections = new ReplicaDetections();
    await expect(unlessFalseAlarm(detections, () => Promise.reject(refused))).rejects.toBe(refused);
  });

  it('may go on without the replica that was declared failed', async () => {
    const detections = new ReplicaDetections();
    detections.failed(1, 'missed-heartbeats');
    expect(await unlessFalseAlarm(detections, async () => 7)).toBe(7);
  });
});

it('a trial that could not begin is inconclusive, and valid as a line of the results', () => {
  const { spec } = fixtureTrial();
  const result = notBegun(spec, new FalseAlarm('too short'), new Date(0));
  expect(trialResultSchema.parse(result)).toMatchObject({ status: 'inconclusive', reasons: ['too short'] });
});
