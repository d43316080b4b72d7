// Heartbeats overtake each other, and what is said over a link overtakes heartbeats: the newest word counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOf, hashText } from '../../../daemon/ring/digest.ts';
import type { Announcement, Phase } from '../../../daemon/ring/messages.ts';
import { step } from '../../../daemon/ring/ring.ts';
import { createRing, type RingInput } from '../../../daemon/ring/state.ts';

const WALL_MS = 1_700_000_000_000;

function stage() {
  const ring = createRing({
    self: { id: 'server1', ringPosition: 1, address: '' },
    peers: [{ id: 'server2', ringPosition: 2, address: '' }],
    copiesMin: 1,
    boot: 'b1',
    record: { incarnation: '00000000000000aa', installedTerm: 0, promisedTerm: 0 },
    digest: new Map(),
    hlc: { ms: 0, counter: 0 },
    base: null,
    foldIsWhole: true,
    nowMs: 0,
  });
  const feed = (input: RingInput) => {
    step(ring, { ...input, nowMs: 0, wallMs: WALL_MS, draw: 0.5 });
  };
  const says = (version: number, phase: Phase): Announcement => ({
    ...{ version, phase, promisedTerm: 0, installedTerm: 0, view: null, entryCount: 0 },
    ...{ digestHash: hashText(hashOf(new Map()), new Map()), hears: ['server1'], wallMs: WALL_MS },
  });
  feed({ type: 'linkUp', peer: 'server2', boot: 'b2' });
  const message = {
    type: 'hello' as const,
    boot: 'b2',
    announcement: says(1, 'active'),
    digest: '',
  };
  feed({ type: 'message', from: 'server2', message });
  return { feed, says, phase: () => ring.peers.get('server2')?.announcement?.phase };
}

test('a heartbeat that a later word has overtaken is not believed', () => {
  const { feed, says, phase } = stage();
  feed({
    type: 'message',
    from: 'server2',
    message: { type: 'announce', announcement: says(3, 'draining') },
  });
  assert.equal(phase(), 'draining');
  feed({ type: 'heartbeat', from: 'server2', announcement: says(2, 'active') });
  assert.equal(phase(), 'draining');
});

test('a heartbeat that comes twice changes nothing the second time', () => {
  const { feed, says, phase } = stage();
  feed({ type: 'heartbeat', from: 'server2', announcement: says(2, 'preparing') });
  feed({ type: 'heartbeat', from: 'server2', announcement: says(3, 'leading') });
  feed({ type: 'heartbeat', from: 'server2', announcement: says(2, 'preparing') });
  assert.equal(phase(), 'leading');
});
