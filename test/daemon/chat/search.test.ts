// Searching, as a client asks for it: in its own rooms, as posts are now, and nothing that is not committed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatStage, person } from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');

function talking() {
  const stage = new ChatStage();
  stage.lead();
  const writer = stage.join(ada);
  const reader = stage.join(bob);
  for (const text of ['the first plan', 'another plan', 'lunch']) stage.post(writer, text);
  const [first] = stage.take(writer, 'stored');
  assert.ok(first);
  return { stage, writer, reader, first };
}

type Wanted = {
  author?: string;
  room?: string;
  before?: string;
  limit?: number;
};

function search(stage: ChatStage, connection: number, text: string, more: Wanted = {}) {
  stage.say(connection, { type: 'search', query: 7, text, limit: 10, ...more });
  const [answer] = stage.take(connection, 'found');
  assert.ok(answer, 'an answer');
  return answer;
}

test('the newest first, a page at a time', () => {
  const { stage, reader } = talking();
  const page = search(stage, reader, 'plan', { limit: 1 });
  assert.deepEqual([page.posts.map(({ text }) => text), page.more], [['another plan'], true]);
  const next = search(stage, reader, 'plan', { limit: 1, before: page.posts[0]?.order ?? '' });
  assert.deepEqual([next.posts.map(({ text }) => text), next.more], [['the first plan'], false]);
  assert.equal(next.complete, true);
});

test('by an author that goes by a name, and none by a name that nobody has', () => {
  const { stage, reader } = talking();
  stage.post(reader, 'my plan');
  assert.deepEqual(
    search(stage, reader, 'plan', { author: 'BOB' }).posts.map(({ text }) => text),
    ['my plan'],
  );
  assert.deepEqual(search(stage, reader, '', { author: 'nobody' }).posts, []);
});

test('in the rooms one is in, unless one names another', () => {
  const { stage, writer, reader } = talking();
  const room = stage.createRoom(writer, 'ops');
  stage.post(writer, 'a hidden plan', room);
  assert.equal(search(stage, reader, 'hidden').posts.length, 0);
  assert.equal(search(stage, writer, 'hidden').posts.length, 1);
  stage.say(reader, { type: 'search', query: 8, text: 'x', room: 'AAAAAAAAAAAAAAAA', limit: 1 });
  assert.equal(stage.take(reader, 'refused')[0]?.code, 'no-such-room');
});

test('posts are found as they are now: edited, not as they were; deleted, not at all', () => {
  const { stage, writer, reader, first } = talking();
  const about = { room: 'general', post: first.id };
  stage.request(writer, { type: 'editPost', ...about, text: 'the first idea' });
  assert.equal(search(stage, reader, '"first plan"').posts.length, 0);
  assert.equal(search(stage, reader, 'idea').posts[0]?.edited, true);
  stage.request(writer, { type: 'deletePost', ...about });
  assert.deepEqual(search(stage, reader, 'idea').posts, []);
});

test('nothing is found before it is committed', () => {
  const { stage, writer, reader } = talking();
  stage.commits = false;
  stage.post(writer, 'not yet');
  assert.deepEqual(search(stage, reader, 'yet').posts, []);
  stage.commit();
  assert.equal(search(stage, reader, 'yet').posts.length, 1);
});

test('whoever asks is told when nothing can be searched, and everything else goes on', () => {
  const { stage, reader } = talking();
  stage.canSearch = false;
  stage.say(reader, { type: 'search', query: 8, text: 'plan', limit: 1 });
  const [refused] = stage.take(reader, 'refused');
  assert.deepEqual([refused?.query, refused?.code], [8, 'storage-failed']);
  stage.canSearch = true;
  assert.equal(search(stage, reader, 'plan').posts.length, 2);
});

test('a search waits until the index has what was said before it, and answers others meanwhile', () => {
  const { stage, writer, reader } = talking();
  assert.equal(search(stage, reader, 'plan').posts.length, 2);
  stage.isIndexBehind = true;
  stage.post(writer, 'a third plan');
  stage.say(reader, { type: 'search', query: 8, text: 'plan', limit: 10 });
  stage.say(reader, { type: 'ping', query: 9 });
  stage.pass(500);
  assert.equal(stage.take(reader, 'pong').length, 1);
  assert.equal(stage.take(reader, 'found').length, 0, 'it would lack a post');
  stage.isIndexBehind = false;
  stage.pass(25);
  const [found] = stage.take(reader, 'found');
  assert.deepEqual([found?.query, found?.posts.length, found?.complete], [8, 3, true]);
});

test('an index that does not come any further is waited for a second, and the answer says so', () => {
  const { stage, writer, reader } = talking();
  assert.equal(search(stage, reader, 'plan').posts.length, 2);
  stage.isIndexBehind = true;
  stage.post(writer, 'a third plan');
  stage.say(reader, { type: 'search', query: 8, text: 'plan', limit: 10 });
  stage.pass(1_100);
  const [found] = stage.take(reader, 'found');
  assert.deepEqual([found?.posts.length, found?.complete], [2, false]);
});

test('many who search at once are answered a few at a time, and one alone cannot have many wait', () => {
  const { stage, writer, reader } = talking();
  const others = Array.from({ length: 10 }, (_, index) => stage.join(person(`p${index}`)));
  assert.equal(search(stage, reader, 'plan').posts.length, 2);
  stage.isIndexBehind = true;
  stage.post(writer, 'a third plan');
  const ask = (connection: number) =>
    stage.say(connection, { type: 'search', query: 8, text: 'plan', limit: 10 });
  const answered = () =>
    [reader, ...others].reduce((sum, each) => sum + stage.take(each, 'found').length, 0);
  for (let count = 0; count < 5; count += 1) ask(reader);
  assert.equal(answered(), 3, 'as many as may not wait are answered with what there is');
  for (const connection of others) ask(connection);
  stage.isIndexBehind = false;
  const perTick = [];
  for (let tick = 0; tick < 6; tick += 1) {
    stage.pass(25);
    perTick.push(answered());
  }
  assert.deepEqual(perTick, [4, 4, 4, 0, 0, 0]);
});
