// What a peer lacks, as it is sent: how much in one message, and how much is said to remain.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lacking } from '../../daemon/lacking.ts';
import type { Digest } from '../../daemon/ring/entry.ts';
import { streamIdOf } from '../../daemon/ring/entry.ts';
import type { PeerMessage } from '../../daemon/ring/messages.ts';
import { MemoryStore } from '../../daemon/store/memory-store.ts';
import { entryOf, storedOther } from '../support/entries.ts';
import { ringOn } from '../support/ring-on.ts';

const HELD = 250;
const STREAM = streamIdOf(entryOf({ sequence: 1 }));

/** What server2, which holds 250 entries, sends to one that has so many of them. */
function sentTo(has: number, asked: Readonly<{ term?: number }> = {}) {
  const store = new MemoryStore('00000000000000bb');
  store.begin();
  for (let sequence = 1; sequence <= HELD; sequence += 1)
    store.append(storedOther(entryOf({ sequence })));
  store.commit();
  const sent: PeerMessage[] = [];
  const ring = ringOn(store, { server: 2, others: [3], nowMs: 0 });
  const lacking = new Lacking({ ring, store, send: (_, message) => sent.push(message) });
  const digest: Digest = has === 0 ? new Map() : new Map([[STREAM, has]]);
  lacking.send({ type: 'sendLacking', to: 'server3', term: 0, digest, push: false, ...asked });
  return sent.flatMap((message) =>
    message.type === 'entries' ? [[message.entries.length, message.remaining]] : [],
  );
}

test('a pull in the background gets one answer, and is told what remains', () => {
  assert.deepEqual(sentTo(0), [[100, 150]]);
  assert.deepEqual(sentTo(200), [[50, 0]]);
  assert.deepEqual(sentTo(HELD), [[0, 0]]);
});

test('a pull for a change of view gets everything, in several messages', () => {
  assert.deepEqual(sentTo(0, { term: 7 }), [
    [100, 150],
    [100, 50],
    [50, 0],
  ]);
});
