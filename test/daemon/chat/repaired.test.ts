// What people notice of a post whose entry was damaged on the leader's disk: nothing, or that it comes late.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, encodeBody } from '../../../daemon/chat/bodies.ts';
import { type Entry, orderOf, streamIdOf } from '../../../daemon/ring/entry.ts';
import { ChatStage, type Message, person } from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');
const textsOf = (messages: readonly Message[]) =>
  messages.flatMap((message) => (message.type === 'post' ? [message.text] : []));

/** A leader on whose disk one of Ada's three posts is damaged, the second by default, and what it was. */
function damaged(index = 1) {
  const stage = new ChatStage();
  stage.lead();
  const writer = stage.join(ada);
  const reader = stage.join(bob);
  for (const text of ['one', 'two', 'three']) stage.post(writer, text);
  const posts = stage.store.readPosts({ room: 'general', before: null, limit: 9 });
  const [entry, before] = [posts[index] as Entry, posts[index - 1] as Entry];
  stage.store.corrupt(streamIdOf(entry), entry.sequence, (whole) => ({ ...whole, body: 'forged' }));
  for (const connection of [writer, reader]) stage.take(connection);
  const repair = () => {
    stage.store.begin();
    const stored = { entry, order: orderOf(entry), index: stage.chat.indexOf(entry) };
    const { leftOut } = stage.store.repair(stored, () => '');
    stage.store.commit();
    stage.feed({ type: 'repaired', entry, leftOut });
  };
  return { stage, writer, reader, repair, entry, before };
}

test('a post that nobody missed is not shown again when it is repaired', () => {
  const { stage, reader, repair } = damaged();
  repair();
  assert.deepEqual(stage.take(reader), []);
});

test('what became of a post while it could not be read is told when it is repaired', () => {
  const { stage, reader, repair, entry } = damaged();
  const body = bodyOf(entry);
  assert.ok(body?.t === 'post');
  const edit = encodeBody({ ...body, t: 'edit', q: `${body.q}7`, p: body.q, x: 'new' });
  stage.merge([{ ...entry, ringPosition: 1, sequence: 1, body: edit }]);
  stage.lead();
  assert.deepEqual(stage.take(reader, 'postChanged'), [], 'there is nothing to show it on');
  repair();
  const changed = stage.take(reader, 'postChanged');
  assert.deepEqual(
    changed.map(({ post }) => post.text),
    ['new'],
  );
});

test('a post that a page was given without is shown as late when it is repaired', () => {
  const { stage, reader, repair } = damaged();
  stage.say(reader, { type: 'history', query: 1, room: 'general', limit: 9 });
  const [page] = stage.take(reader, 'page');
  assert.deepEqual(
    page?.posts.map(({ text }) => text),
    ['one', 'three'],
  );
  repair();
  const late = stage.take(reader, 'post');
  assert.deepEqual(textsOf(late), ['two']);
  assert.equal(late[0]?.late, true);
});

test('whoever was given a page with a hole in it reads anew at the next leader, until the hole is filled', () => {
  const { stage, reader, repair } = damaged();
  const cursors = () => stage.take(reader, 'view').map(({ cursor }) => cursor);
  stage.say(reader, { type: 'history', query: 1, room: 'general', limit: 9 });
  assert.deepEqual(cursors(), ['-']);
  assert.equal(stage.store.base('-'), null);
  repair();
  stage.pass(25);
  const [cursor, ...more] = cursors();
  assert.notEqual(stage.store.base(cursor ?? ''), null);
  assert.deepEqual(more, []);
});

test('the newest post of a room is the newest again once it is repaired', () => {
  const { stage, reader, repair, entry, before } = damaged(2);
  const latest = () => {
    stage.say(reader, { type: 'listRooms', query: 1 });
    return stage.take(reader, 'rooms')[0]?.rooms[0]?.latest;
  };
  // A view in which nobody has asked yet.
  stage.lead();
  assert.equal(latest(), orderOf(before));
  repair();
  assert.equal(latest(), orderOf(entry));
});

test('whoever repeats a request whose entry is damaged is answered when it is repaired', () => {
  const { stage, repair } = damaged();
  const again = stage.join(ada);
  stage.post(again, 'one');
  assert.equal(stage.take(again, 'stored').length, 1);
  stage.post(again, 'two');
  stage.pass(1_000);
  const meanwhile = stage.take(again);
  assert.ok(meanwhile.every(({ type }) => type !== 'stored' && type !== 'refused'));
  repair();
  stage.pass(100);
  assert.deepEqual(
    stage.take(again, 'stored').map(({ number }) => number),
    [2],
  );
});

test('whoever repeats a request whose entry is lost everywhere is refused, and goes on', () => {
  const { stage, entry } = damaged();
  const again = stage.join(ada);
  stage.post(again, 'one');
  stage.post(again, 'two');
  stage.store.noteLost(streamIdOf(entry), entry.sequence);
  stage.pass(100);
  stage.post(again, 'three');
  const answers = stage.take(again).flatMap((message) => {
    if (message.type === 'refused') return [`${message.number} ${message.code}`];
    return message.type === 'stored' ? [`${message.number} stored`] : [];
  });
  assert.deepEqual(answers, ['1 stored', '2 out-of-sequence', '3 stored']);
});

test('whoever resumes while an entry is damaged asks for pages instead', () => {
  const { stage, writer } = damaged();
  const cursor = stage.stream;
  stage.disconnect(writer);
  const again = stage.connect();
  stage.signIn(again, ada, { cursor, at: 1 });
  assert.deepEqual(
    stage.take(again, 'resumed').map(({ reset }) => reset),
    [true],
  );
});
