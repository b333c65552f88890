import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../../src/cluster/replica/outbox.js';
import type { AcknowledgementWaiter, OutgoingLink } from '../../../src/cluster/replication/link.js';
import type { RecordPosition } from '../../../src/contracts/strategy.js';
import type { Trunk } from '../../../src/net/trunk.js';

/** As much of a trunk and of a link as an outbox uses. */
class Ends {
  readonly sent: string[] = [];
  readonly waiters = new Set<AcknowledgementWaiter>();
  acknowledgedCounter = 0;

  readonly trunk = {
    sendSealed: (parts: readonly Buffer[]) => this.sent.push(Buffer.concat(parts).toString()),
    sendCommit: (_flowId: number, recordsRead: number, quiet: boolean, state?: Buffer) =>
      this.sent.push(`commit ${recordsRead} ${quiet} ${state?.toString() ?? '-'}`),
    sendCredit: (_flowId: number, bytes: number) => this.sent.push(`credit ${bytes}`),
    sendEnd: (_flowId: number, reason: string) => this.sent.push(`end ${reason}`),
  } as unknown as Trunk;

  readonly link = {
    wait: (waiter: AcknowledgementWaiter) => this.waiters.add(waiter),
    stopWaiting: (waiter: AcknowledgementWaiter) => this.waiters.delete(waiter),
  };

  /** A link whose counter is the one of this object. */
  asLink(): OutgoingLink {
    Object.defineProperty(this.link, 'acknowledgedCounter', { get: () => this.acknowledgedCounter });
    return this.link as unknown as OutgoingLink;
  }

  acknowledge(counter: number): void {
    this.acknowledgedCounter = counter;
    for (const waiter of [...this.waiters]) waiter.acknowledged(counter);
  }
}

interface Started {
  readonly ends: Ends;
  readonly outbox: Outbox;
  /** Commits that have left. */
  readonly committed: RecordPosition[];
  readonly record: (text: string) => void;
}

function start(withLink = true): Started {
  const ends = new Ends();
  const committed: RecordPosition[] = [];
  const link = withLink ? ends.asLink() : undefined;
  const outbox = new Outbox(7, ends.trunk, link, (at) => committed.push(at));
  return { ends, outbox, committed, record: (text) => outbox.record([Buffer.from(text)]) };
}

/** Behind this many records of the client. */
function behind(recordsRead: number): RecordPosition {
  return { recordsRead, recordsWritten: 2 * recordsRead };
}

describe('Outbox', () => {
  it('sends at once when nothing waits', () => {
    const { ends, outbox, record } = start();
    record('a');
    outbox.commit(behind(3), true);
    outbox.commit(behind(4), false, Buffer.from('sealed'));
    outbox.end('closed');
    expect(ends.sent).toEqual(['a', 'commit 3 true -', 'commit 4 false sealed', 'end closed']);
    expect(ends.waiters.size).toBe(0);
  });

  it('gives credit behind a commit that waits, and not behind what is held', () => {
    const { ends, outbox, record } = start();
    outbox.credit(1);
    outbox.releaseWhenAcknowledged(5);
    record('a');
    outbox.credit(2);
    expect(ends.sent).toEqual(['credit 1', 'credit 2']);
    outbox.commit(behind(1), false);
    outbox.hold();
    record('held');
    outbox.credit(3);
    outbox.credit(4);
    expect(ends.sent).toEqual(['credit 1', 'credit 2']);
    ends.acknowledge(5);
    expect(ends.sent.slice(2)).toEqual(['a', 'commit 1 false -', 'credit 4', 'credit 3']);
    outbox.credit(5);
    expect(ends.sent.at(-1)).toBe('credit 5');
    outbox.release();
    expect(ends.sent.at(-1)).toBe('held');
  });

  it('keeps everything behind an acknowledgement in order', () => {
    const { ends, outbox, record } = start();
    outbox.releaseWhenAcknowledged(5);
    record('a');
    outbox.commit(behind(1), true);
    outbox.releaseWhenAcknowledged(6);
    record('b');
    outbox.end('closed');
    expect([ends.sent, outbox.pendingBytes]).toEqual([[], 2]);
    ends.acknowledge(4);
    expect(ends.sent).toEqual([]);
    ends.acknowledge(5);
    expect(ends.sent).toEqual(['a', 'commit 1 true -']);
    ends.acknowledge(9);
    expect(ends.sent).toEqual(['a', 'commit 1 true -', 'b', 'end closed']);
    expect([ends.waiters.size, outbox.pendingBytes]).toEqual([0, 0]);
  });

  it('lets no acknowledgement pass what is held', () => {
    const { ends, outbox, record } = start();
    record('before');
    outbox.hold();
    record('held');
    expect(outbox.holding).toBe(true);
    ends.acknowledge(100);
    ends.acknowledge(Number.POSITIVE_INFINITY);
    expect(ends.sent).toEqual(['before']);
    outbox.release();
    expect(ends.sent).toEqual(['before', 'held']);
    expect(outbox.holding).toBe(false);
  });

  it('releases what was held with the acknowledgement that was asked for', () => {
    const { ends, outbox, record } = start();
    outbox.hold();
    record('held');
    outbox.releaseWhenAcknowledged(8);
    record('last');
    outbox.commit(behind(2), true);
    expect(ends.sent).toEqual([]);
    ends.acknowledge(8);
    expect(ends.sent).toEqual(['held', 'last', 'commit 2 true -']);
  });

  it('tells of a commit when it leaves, not before', () => {
    const { ends, outbox, committed } = start();
    outbox.commit(behind(1), true);
    expect(committed).toEqual([behind(1)]);
    outbox.releaseWhenAcknowledged(5);
    outbox.commit(behind(2), true);
    expect(committed).toHaveLength(1);
    ends.acknowledge(5);
    expect(committed).toEqual([behind(1), behind(2)]);
  });

  it('never waits for less than before', () => {
    const { ends, outbox, record } = start();
    outbox.releaseWhenAcknowledged(9);
    outbox.releaseWhenAcknowledged(4);
    record('a');
    ends.acknowledge(4);
    expect(ends.sent).toEqual([]);
    ends.acknowledge(9);
    expect(ends.sent).toEqual(['a']);
  });

  it('waits for nothing when there is no backup, or none any more', () => {
    const alone = start(false);
    alone.outbox.hold();
    alone.record('a');
    alone.outbox.releaseWhenAcknowledged(3);
    alone.record('b');
    expect(alone.ends.sent).toEqual(['a', 'b']);
    const lost = start();
    lost.outbox.releaseWhenAcknowledged(3);
    lost.record('a');
    lost.ends.acknowledge(Number.POSITIVE_INFINITY);
    lost.outbox.releaseWhenAcknowledged(4);
    lost.record('b');
    expect(lost.ends.sent).toEqual(['a', 'b']);
  });

  it('forgets what is cleared, and waits no more', () => {
    const { ends, outbox, record } = start();
    outbox.releaseWhenAcknowledged(5);
    record('a');
    outbox.clear();
    expect([ends.waiters.size, outbox.pendingBytes]).toEqual([0, 0]);
    ends.acknowledge(5);
    expect(ends.sent).toEqual([]);
  });

  it('sends everything once and in order, whatever is held and acknowledged on the way', () => {
    const steps = fc.array(fc.constantFrom('record', 'commit', 'hold', 'release', 'gate', 'acknowledge'));
    fc.assert(
      fc.property(steps, (list) => {
        const { ends, outbox, record } = start();
        const expected: string[] = [];
        let gate = 0;
        for (const [index, step] of list.entries()) {
          if (step === 'record') record(expected[expected.push(`${index}`) - 1] ?? '');
          if (step === 'commit') {
            expected.push(`commit ${index} true -`);
            outbox.commit(behind(index), true);
          }
          if (step === 'hold') outbox.hold();
          if (step === 'release') outbox.release();
          if (step === 'gate') outbox.releaseWhenAcknowledged(++gate);
          if (step === 'acknowledge') ends.acknowledge(gate);
          expect(ends.sent).toEqual(expected.slice(0, ends.sent.length));
        }
        outbox.release();
        ends.acknowledge(gate);
        expect(ends.sent).toEqual(expected);
        expect(ends.waiters.size).toBe(0);
      }),
    );
  });
});
