// Who is asked for what is damaged, and what becomes of the answers: the repair alone, on stores in memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Repair } from '../../daemon/repair.ts';
import { type Entry, streamIdOf } from '../../daemon/ring/entry.ts';
import type { PeerMessage, PeerMessageOf } from '../../daemon/ring/messages.ts';
import { encodeEntry } from '../../daemon/ring/replication.ts';
import { FETCH_SEQUENCES_MAX } from '../../daemon/ring/settings.ts';
import { MemoryStore } from '../../daemon/store/memory-store.ts';
import { entryOf, storedOther, storedPost } from '../support/entries.ts';
import { ringOn } from '../support/ring-on.ts';

const STREAM = streamIdOf(entryOf({ sequence: 1 }));
const TICK_MS = 25;

/** Every tenth entry is no post. */
const storedOf = (entry: Entry) =>
  entry.sequence % 10 === 0
    ? storedOther(entry)
    : storedPost(entry, 'general', `s/${entry.sequence}`);

function storeOf(count: number): MemoryStore {
  const store = new MemoryStore('00000000000000aa');
  store.begin();
  for (let sequence = 1; sequence <= count; sequence += 1)
    store.append(storedOf(entryOf({ sequence })));
  store.commit();
  return store;
}

/** Server 3, with links to servers 1 and 2; nothing is carried between them but by the test. */
function stage({ count = 200, damaged = [] as number[], foldIsWhole = true } = {}) {
  const store = storeOf(count);
  for (const sequence of damaged)
    store.corrupt(STREAM, sequence, (entry) => ({ ...entry, body: 'forged' }));
  // As the chat does at the start, when the fold is restored.
  if (!foldIsWhole) assert.ok([...store.readOthers()].length < count / 10);
  const ring = ringOn(store, { server: 3, others: [1, 2], foldIsWhole });
  for (const peer of ring.peers.values()) peer.linkUp = true;
  const sent: { to: string; message: PeerMessage }[] = [];
  const logged: string[] = [];
  let folds = 0;
  const repair = new Repair({
    ring,
    store,
    scrub: { perSecond: 100_000, restMs: 1_000 },
    indexOf: (entry) => storedOf(entry).index,
    send: (to, message) => sent.push({ to, message }),
    restore: (stored) => {
      store.repair(stored, () => '');
    },
    foldIsWhole: () => {
      folds += 1;
      ring.foldIsWhole = true;
    },
    log: (level, message) => logged.push(`${level}: ${message}`),
  });
  let nowMs = 1_000;
  const tick = (forMs = TICK_MS) => {
    for (const untilMs = nowMs + forMs; nowMs < untilMs; ) {
      nowMs += TICK_MS;
      repair.tick(nowMs);
    }
  };
  const asked = () => sent.splice(0) as { to: string; message: PeerMessageOf<'fetch'> }[];
  const answer = (from: string, fields: Partial<PeerMessageOf<'fetched'>>) =>
    repair.onFetched(
      from,
      { type: 'fetched', stream: STREAM, entries: [], missing: [], ...fields },
      nowMs,
    );
  tick();
  return { store, ring, repair, logged, tick, asked, answer, folds: () => folds };
}

const copies = (...sequences: number[]) =>
  sequences.map((sequence) => encodeEntry(entryOf({ sequence })));
const fetchOf = (...sequences: number[]) => ({
  type: 'fetch' as const,
  stream: STREAM,
  sequences,
});

test('nobody is asked for anything while nothing is damaged', () => {
  const { tick, asked } = stage();
  tick(5_000);
  assert.deepEqual(asked(), []);
});

test('what the scrub finds is asked for, and the answer put in its place', () => {
  const { store, tick, asked, answer } = stage({ damaged: [7, 9] });
  tick();
  assert.deepEqual(asked(), [{ to: 'server1', message: fetchOf(7, 9) }]);
  answer('server1', { entries: copies(7, 9) });
  assert.deepEqual(store.damaged(), []);
  assert.deepEqual(store.readEntry(STREAM, 7), entryOf({ sequence: 7 }));
});

test('what a peer has no intact copy of is asked of the next, at once', () => {
  const { store, tick, asked, answer } = stage({ damaged: [7, 9] });
  tick();
  asked();
  answer('server1', { entries: copies(7), missing: [9] });
  assert.deepEqual(asked(), [{ to: 'server2', message: fetchOf(9) }]);
  answer('server2', { entries: copies(9) });
  assert.deepEqual(store.damaged(), []);
});

test('a peer that says nothing is passed over', () => {
  const { tick, asked } = stage({ damaged: [7] });
  tick(900);
  assert.deepEqual(
    asked().map(({ to }) => to),
    ['server1'],
  );
  tick(200);
  assert.deepEqual(
    asked().map(({ to }) => to),
    ['server2'],
  );
});

test('one message asks for a bounded number, and the rest follows the answer', () => {
  const damaged = Array.from({ length: 150 }, (_, index) => index + 1);
  const { store, tick, asked, answer } = stage({ damaged });
  tick();
  const [first] = asked();
  assert.equal(first?.message.sequences.length, FETCH_SEQUENCES_MAX);
  answer('server1', { entries: copies(...(first?.message.sequences ?? [])) });
  const [second] = asked();
  answer('server1', { entries: copies(...(second?.message.sequences ?? [])) });
  assert.deepEqual(store.damaged(), []);
});

test('entries that were not asked for, or not by this peer, are not taken', () => {
  const { store, tick, asked, answer } = stage({ damaged: [7] });
  tick();
  asked();
  const forged = encodeEntry({ ...entryOf({ sequence: 8 }), body: 'forged' });
  answer('server2', { entries: copies(7) });
  answer('server1', { entries: [forged] });
  assert.deepEqual(store.readEntry(STREAM, 8), entryOf({ sequence: 8 }));
  assert.equal(store.readEntry(STREAM, 7), null);
});

test('an answer gives what is intact, and names the rest', () => {
  const { repair, asked } = stage({ damaged: [7] });
  asked();
  repair.onFetch('server1', fetchOf(6, 7, 999));
  const [{ message } = {}] = asked() as unknown as { message: PeerMessageOf<'fetched'> }[];
  assert.deepEqual(message?.entries, copies(6));
  assert.deepEqual(message?.missing, [7, 999]);
});

test('what every server was asked for in vain is named as lost, once, and asked for again later', () => {
  const { store, logged, tick, asked, answer } = stage({ damaged: [7] });
  for (let round = 0; round < 3; round += 1) {
    tick();
    assert.deepEqual(asked(), [{ to: 'server1', message: fetchOf(7) }]);
    answer('server1', { missing: [7] });
    assert.deepEqual(asked(), [{ to: 'server2', message: fetchOf(7) }]);
    answer('server2', { missing: [7] });
    tick(4_900);
    assert.deepEqual(asked(), [], 'a round is followed by a pause');
    tick(75);
  }
  const lost = logged.filter((line) => line.startsWith('error'));
  assert.equal(lost.length, 1);
  assert.equal(store.damaged()[0]?.isLost, true);
});

test('a server that is away is waited for a minute, then nobody waits for what it may have', () => {
  const { store, ring, tick, asked, answer } = stage({ damaged: [7] });
  const away = ring.peers.get('server2');
  assert.ok(away);
  away.linkUp = false;
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      tick(100);
      if (asked().length > 0) answer('server1', { missing: [7] });
    }
  };
  tick();
  pass(50_000);
  assert.equal(store.damaged()[0]?.isLost, undefined);
  pass(20_000);
  assert.equal(store.damaged()[0]?.isLost, true);
});

test('a server that is alone waits a minute too, and then nobody waits for what is damaged on its disk', () => {
  const { store, ring, tick } = stage({ damaged: [7] });
  for (const peer of ring.peers.values()) peer.linkUp = false;
  tick(50_000);
  assert.notEqual(store.damaged()[0]?.isLost, true);
  tick(20_000);
  assert.equal(store.damaged()[0]?.isLost, true);
});

test('a minute alone is no minute any more when somebody who may have it is back', () => {
  const { store, ring, tick, answer } = stage({ damaged: [7] });
  const peers = [...ring.peers.values()];
  for (const peer of peers) peer.linkUp = false;
  tick(50_000);
  const [back] = peers;
  assert.ok(back);
  back.linkUp = true;
  back.boot = 'new';
  tick(5_000);
  back.linkUp = false;
  tick(20_000);
  assert.notEqual(store.damaged()[0]?.isLost, true);
  answer('server1', { entries: copies(7) });
});

test('a server that is away may have what the others lack: nothing is lost yet', () => {
  const { ring, logged, tick, answer } = stage({ damaged: [7] });
  const away = ring.peers.get('server2');
  assert.ok(away);
  away.linkUp = false;
  tick();
  answer('server1', { missing: [7] });
  tick(1_000);
  assert.deepEqual(
    logged.filter((line) => line.startsWith('error')),
    [],
  );
});

test('whoever comes within reach is asked at once', () => {
  const { ring, tick, asked, answer } = stage({ damaged: [7] });
  const away = ring.peers.get('server2');
  assert.ok(away);
  away.linkUp = false;
  tick();
  answer('server1', { missing: [7] });
  tick(500);
  asked();
  away.linkUp = true;
  away.boot = 'new';
  tick();
  assert.ok(asked().some(({ to }) => to === 'server1' || to === 'server2'));
});

test('the fold waits for what is no post, until it is repaired', () => {
  const { tick, answer, folds } = stage({ damaged: [7, 10], foldIsWhole: false });
  tick(500);
  assert.equal(folds(), 0);
  answer('server1', { entries: copies(10) });
  assert.equal(folds(), 1, 'a post is not waited for');
});

test('the fold does without what everyone within reach was asked for in vain', () => {
  const { tick, answer, folds } = stage({ damaged: [10], foldIsWhole: false });
  tick();
  answer('server1', { missing: [10] });
  assert.equal(folds(), 0);
  answer('server2', { missing: [10] });
  assert.equal(folds(), 1);
});
