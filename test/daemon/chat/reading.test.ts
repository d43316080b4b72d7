// How far people have read: heard, told to their other devices, written now and then, and counted from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directRoomIdOf } from '../../../lib/ids.ts';
import { UNREAD_COUNTED_MAX } from '../../../lib/protocol/limits.ts';
import { ChatStage, person } from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');

/** Ada at two devices, and bob, who has posted so many. */
function reading(posts = 3) {
  const stage = new ChatStage();
  stage.lead();
  const there = stage.join(bob);
  const desk = stage.join(ada);
  const phone = stage.join(ada, { session: 'sessionSeed2' });
  for (let count = 1; count <= posts; count += 1) stage.post(there, `post ${count}`);
  const places = stage.take(desk, 'post').map(({ order }) => order);
  for (const connection of [there, phone]) stage.take(connection);
  const read = (order: string, room = 'general') => stage.say(desk, { type: 'read', room, order });
  return { stage, there, desk, phone, places, read };
}

/** What a sign-in of ada's, on a third device, is told. */
function readsTold(stage: ChatStage, more: object = {}) {
  const connection = stage.connect();
  stage.signIn(connection, ada, { session: 'sessionSeed3', ...more });
  return stage.take(connection, 'signedIn')[0]?.reads ?? assert.fail();
}

test('what is read at one device is told to the others of that account, and to nobody else', () => {
  const { stage, there, desk, phone, places, read } = reading();
  const [first = ''] = places;
  read(first);
  assert.deepEqual(stage.take(phone), [{ type: 'read', room: 'general', order: first }]);
  assert.deepEqual([stage.take(desk), stage.take(there)], [[], []]);
});

test('only what is further than before is news', () => {
  const { stage, phone, places, read } = reading();
  const [first = '', second = ''] = places;
  read(second);
  stage.take(phone);
  read(second);
  read(first);
  assert.deepEqual(stage.take(phone), []);
  assert.deepEqual(
    readsTold(stage).map(({ order }) => order),
    [second],
  );
});

test('nobody reads further than there is anything, or in a room that is not theirs', () => {
  const { stage, there, phone, places, read } = reading();
  read('f'.repeat(12) + (places[0] ?? '').slice(12));
  assert.equal(stage.take(phone, 'read')[0]?.order, places.at(-1));
  const room = stage.createRoom(there, 'ops');
  stage.post(there, 'inside', room);
  const [inside] = stage.take(there, 'post');
  stage.take(phone);
  read(inside?.order ?? '', room);
  assert.deepEqual(stage.take(phone), []);
});

test('however much is read, an entry of markers is written at most once a minute, one for all', () => {
  const { stage, there, desk, places, read } = reading(80);
  const before = stage.store.counts().entries;
  stage.say(there, { type: 'read', room: 'general', order: places[0] ?? '' });
  for (const order of places) {
    read(order);
    stage.pass(1_000);
  }
  assert.equal(stage.notes, 2);
  stage.pass(60_000);
  assert.equal(stage.notes, 3);
  stage.pass(600_000);
  assert.equal(stage.notes, 3, 'nothing is written where nothing is news');
  assert.equal(stage.store.counts().entries, before + 3);
  stage.restart();
  stage.lead();
  assert.deepEqual(readsTold(stage)[0]?.order, places.at(-1));
  assert.ok(desk);
});

test('of many readers two hundred are written at a time, and in turn, whoever reads on', () => {
  const stage = new ChatStage();
  stage.lead();
  const writer = stage.join(bob);
  const post = (text: string) => {
    stage.post(writer, text);
    return stage.take(writer, 'post')[0]?.order ?? '';
  };
  const people = Array.from({ length: 450 }, (_, index) => person(`reader${index}`));
  const connections = people.map((who) => stage.join(who));
  const all = (order: string) => {
    for (const connection of connections)
      stage.say(connection, { type: 'read', room: 'general', order });
  };
  for (const round of [1, 2, 3]) {
    all(post(`round ${round}`));
    stage.pass(60_000);
    assert.equal(stage.notes, round);
  }
  stage.restart();
  stage.lead();
  const known = people.map((who) => {
    const connection = stage.connect();
    stage.signIn(connection, who);
    return stage.take(connection, 'signedIn')[0]?.reads.length;
  });
  assert.ok(known.every((count) => count === 1));
});

test('with too few copies nothing is written, and what is read is told all the same', () => {
  const { stage, phone, places, read } = reading();
  stage.hear({ copies: 0, copiesMin: 1 });
  read(places[1] ?? '');
  stage.pass(60_000);
  assert.equal(stage.notes, 0);
  assert.equal(stage.take(phone, 'read').length, 1);
});

test('what the ring does not take is offered again, and shifts nobody else out of turn', () => {
  const { stage, there, places, read } = reading();
  stage.takes = 0;
  read(places[0] ?? '');
  stage.pass(100);
  stage.takes = Number.POSITIVE_INFINITY;
  stage.post(there, 'goes on');
  assert.equal(stage.take(there, 'stored').length, 1);
  stage.pass(60_000);
  assert.deepEqual(
    readsTold(stage).map(({ order }) => order),
    [places[0]],
  );
});

test('the next leader knows what was written, the highest counts in a merge, and all devices hear of it', () => {
  const { stage, phone, places, read } = reading();
  const far = new ChatStage({ id: 'server2', ringPosition: 2 });
  far.catchUpFrom(stage);
  far.lead({ term: 7 });
  read(places[1] ?? '');
  const elsewhere = far.join(ada, { session: 'sessionSeed4' });
  far.say(elsewhere, { type: 'read', room: 'general', order: places[2] ?? '' });
  for (const each of [stage, far]) each.pass(1_000);
  stage.take(phone);
  stage.catchUpFrom(far);
  far.catchUpFrom(stage);
  stage.lead({ term: 8 });
  assert.deepEqual(stage.take(phone, 'read'), [
    { type: 'read', room: 'general', order: places[2] ?? '' },
  ]);
  assert.equal(readsTold(stage)[0]?.order, places[2]);
  assert.equal(stage.chat.stateHash(), far.chat.stateHash());
});

test('whoever begins is told what others wrote since, and how much of it calls them', () => {
  const { stage, there, desk, places, read } = reading();
  read(places[0] ?? '');
  stage.post(there, 'hello @ada');
  stage.post(there, 'not for @adam');
  stage.post(desk, 'my own');
  const told = { room: 'general', order: places[0], unread: 4, mentions: 1 };
  assert.deepEqual(readsTold(stage), [told]);
});

test('whoever resumes is told how far, and nothing is counted for them', () => {
  const { stage, places, read } = reading();
  read(places[0] ?? '');
  assert.deepEqual(readsTold(stage, { cursor: stage.stream, at: 1 }), [
    { room: 'general', order: places[0] },
  ]);
});

test('what was taken back is not counted, and what is edited counts as it is now', () => {
  const { stage, there, places, read } = reading();
  read(places[0] ?? '');
  stage.say(there, { type: 'history', query: 1, room: 'general', limit: 2 });
  const [second, third] = stage.take(there, 'page')[0]?.posts ?? [];
  assert.ok(second && third);
  stage.request(there, { type: 'deletePost', room: 'general', post: second.id });
  const text = 'now for @ada';
  stage.request(there, { type: 'editPost', room: 'general', post: third.id, text });
  const [told] = readsTold(stage);
  assert.deepEqual([told?.unread, told?.mentions], [1, 1]);
});

test('every message of a conversation of two calls the other', () => {
  const { stage, there } = reading();
  const room = directRoomIdOf(ada.account, bob.account);
  stage.request(there, { type: 'openDirect', name: 'ada' });
  for (const text of ['one', 'two', 'three']) stage.post(there, text, room);
  const [first] = stage.take(there, 'post');
  stage.say(stage.join(ada, { session: 'sessionSeed5' }), {
    type: 'read',
    room,
    order: first?.order ?? '',
  });
  const told = readsTold(stage).find((each) => each.room === room);
  assert.deepEqual([told?.unread, told?.mentions], [2, 2]);
});

test('no more than a hundred are counted in a room', () => {
  const { stage, places, read } = reading(UNREAD_COUNTED_MAX + 20);
  read(places[0] ?? '');
  assert.equal(readsTold(stage)[0]?.unread, UNREAD_COUNTED_MAX);
});
