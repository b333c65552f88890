import { expect, it } from 'vitest';
import { Handovers } from '../../../src/cluster/director/handovers.js';

it('a flow with something under way stands still from the last byte of its old owner', () => {
  const handovers = new Handovers();
  handovers.handedOver(7, 0, false, 100);
  handovers.asked(7, 105);
  handovers.resumed(7, 112);
  expect(handovers.rows()).toEqual([{ flowId: 7, from: 0, atMs: 100, frozenMs: 12, resumedMs: 112 }]);
});

it('an idle one from the next record of its client, the first one', () => {
  const handovers = new Handovers();
  handovers.handedOver(7, 0, true, 100);
  handovers.asked(7, 500);
  handovers.asked(7, 501);
  handovers.resumed(7, 503);
  expect(handovers.rows()).toMatchObject([{ frozenMs: 3, resumedMs: 503 }]);
});

it('has no time for a flow that nobody asked anything on, or that ended', () => {
  const handovers = new Handovers();
  handovers.handedOver(7, 0, true, 100);
  handovers.resumed(7, 200);
  handovers.handedOver(8, 0, false, 100);
  handovers.ended(8);
  handovers.resumed(8, 300);
  expect(handovers.rows().map(({ frozenMs }) => frozenMs)).toEqual([null, null]);
});

it('counts each move of a flow, and forgets what it has told', () => {
  const handovers = new Handovers();
  handovers.handedOver(7, 0, false, 100);
  handovers.resumed(7, 110);
  handovers.handedOver(7, 1, false, 200);
  expect(handovers.rows().map(({ from }) => from)).toEqual([0, 1]);
  handovers.forget();
  handovers.resumed(7, 210);
  expect(handovers.rows()).toEqual([]);
});
