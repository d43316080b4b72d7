// What becomes of a post after it was said: edits, deletions, answers, reactions; the same on every server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, isNote } from '../../../daemon/chat/bodies.ts';
import { PostNotes } from '../../../daemon/chat/post-notes.ts';
import { orderOf } from '../../../daemon/ring/entry.ts';
import { ChatStage, person } from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');

function talking() {
  const stage = new ChatStage();
  stage.lead();
  const writer = stage.join(ada);
  const reader = stage.join(bob);
  stage.post(writer, 'helo');
  const [stored] = stage.take(writer, 'stored');
  assert.ok(stored);
  stage.take(writer);
  stage.take(reader);
  const about = { room: 'general', post: stored.id };
  return { stage, writer, reader, about };
}

const changes = (stage: ChatStage, connection: number) =>
  stage.take(connection, 'postChanged').map(({ post }) => post);

function page(stage: ChatStage, connection: number) {
  stage.say(connection, { type: 'history', query: 1, room: 'general', limit: 10 });
  return stage.take(connection, 'page')[0]?.posts ?? [];
}

test('an edit is told to the room, stands in its pages, and the newest counts', () => {
  const { stage, writer, reader, about } = talking();
  stage.request(writer, { type: 'editPost', ...about, text: 'hello' });
  assert.equal(stage.take(writer, 'stored').length, 1);
  stage.request(writer, { type: 'editPost', ...about, text: 'hello!' });
  const told = changes(stage, reader);
  assert.deepEqual(
    told.map(({ id, text, edited }) => ({ id, text, edited })),
    [
      { id: about.post, text: 'hello', edited: true },
      { id: about.post, text: 'hello!', edited: true },
    ],
  );
  assert.deepEqual(page(stage, reader), [told[1]]);
});

test('nothing of an edit is seen before it is committed', () => {
  const { stage, writer, reader, about } = talking();
  stage.commits = false;
  stage.request(writer, { type: 'editPost', ...about, text: 'not yet' });
  assert.deepEqual(stage.take(reader), []);
  assert.deepEqual(
    page(stage, reader).map(({ text }) => text),
    ['helo'],
  );
  stage.commit();
  assert.deepEqual(
    changes(stage, reader).map(({ text }) => text),
    ['not yet'],
  );
});

test('a post that is taken back keeps its place and loses its text, answers and reactions', () => {
  const { stage, writer, reader, about } = talking();
  stage.request(reader, { type: 'react', ...about, emoji: '👍', on: true });
  const answer = { type: 'post', room: 'general', text: 'what?', reply: about.post } as const;
  stage.request(reader, answer);
  stage.request(writer, { type: 'deletePost', ...about });
  const gone = changes(stage, reader).at(-1);
  assert.deepEqual([gone?.text, gone?.deleted, gone?.reactions], ['', true, undefined]);
  const posts = page(stage, reader);
  assert.deepEqual(
    posts.map(({ text }) => text),
    ['', 'what?'],
  );
  assert.equal(posts[1]?.reply?.text, '');
  stage.take(writer);
  stage.request(writer, { type: 'editPost', ...about, text: 'again' });
  assert.equal(stage.take(writer, 'refused')[0]?.code, 'no-such-post');
});

test('only who wrote a post may change it', () => {
  const { stage, reader, about } = talking();
  stage.request(reader, { type: 'editPost', ...about, text: 'mine' });
  stage.request(reader, { type: 'deletePost', ...about });
  const refused = stage.take(reader, 'refused');
  assert.deepEqual(
    refused.map(({ code }) => code),
    ['not-yours', 'not-yours'],
  );
  assert.deepEqual(
    page(stage, reader).map(({ text }) => text),
    ['helo'],
  );
});

test('an answer quotes the post as it is now, and never one of another room', () => {
  const { stage, writer, reader, about } = talking();
  const secret = stage.createRoom(writer, 'secret');
  stage.request(writer, { type: 'post', room: secret, text: 'hidden' });
  const hidden = stage.take(writer, 'stored').at(-1)?.id ?? '';
  stage.request(writer, { type: 'editPost', ...about, text: 'hello' });
  stage.take(reader);
  for (const reply of [about.post, hidden])
    stage.request(reader, { type: 'post', room: 'general', text: 'yes', reply });
  const replies = stage.take(reader, 'post').map(({ reply }) => reply);
  assert.deepEqual(
    replies.map((reply) => reply && [reply.id, reply.name, reply.text]),
    [[about.post, 'ada', 'hello'], undefined],
  );
});

test('reactions are counted by account, taken back, and bounded', () => {
  const { stage, writer, reader, about } = talking();
  for (const connection of [writer, reader, reader])
    stage.request(connection, { type: 'react', ...about, emoji: '👍', on: true });
  stage.request(reader, { type: 'react', ...about, emoji: '🎉', on: true });
  const [thumbs, party] = changes(stage, writer).at(-1)?.reactions ?? [];
  assert.deepEqual(thumbs, { emoji: '👍', count: 2, by: [ada.account, bob.account].sort() });
  assert.deepEqual(party, { emoji: '🎉', count: 1, by: [bob.account] });
  stage.request(reader, { type: 'react', ...about, emoji: '🎉', on: false });
  assert.deepEqual(changes(stage, writer).at(-1)?.reactions, [thumbs]);
  const many = [...'😀😁😂😃😄😅😆😇😈😉😊😋😌😍😎😏😐😑😒😓😔'];
  for (const emoji of many) stage.request(writer, { type: 'react', ...about, emoji, on: true });
  const codes = stage.take(writer, 'refused').map(({ code }) => code);
  assert.deepEqual(codes, ['too-many-reactions', 'too-many-reactions']);
});

test('what was changed while somebody was away comes with the resumption', () => {
  const { stage, writer, reader, about } = talking();
  stage.disconnect(reader);
  stage.request(writer, { type: 'editPost', ...about, text: 'hello' });
  const again = stage.connect();
  stage.signIn(again, bob, { cursor: stage.stream, at: 2 });
  assert.deepEqual(
    changes(stage, again).map(({ text }) => text),
    ['hello'],
  );
});

test('two sides of a split edit and react: united, they agree whoever leads', () => {
  const { stage: here, writer, about } = talking();
  const there = new ChatStage({ id: 'server2', ringPosition: 2 });
  there.catchUpFrom(here);
  there.lead({ term: 2 });
  const away = there.join(ada, { session: 'sessionSeed2' });
  there.wallMs += 5_000;
  there.request(away, { type: 'editPost', ...about, text: 'later, there' });
  here.request(writer, { type: 'editPost', ...about, text: 'earlier, here' });
  here.request(writer, { type: 'react', ...about, emoji: '👍', on: true });
  here.take(writer);
  here.catchUpFrom(there);
  assert.deepEqual(here.take(writer), [], 'not before it is on every disk');
  here.lead({ term: 5 });
  there.catchUpFrom(here);
  there.lead({ term: 6 });
  assert.deepEqual(
    changes(here, writer).map(({ text }) => text),
    ['later, there'],
  );
  assert.equal(here.chat.stateHash(), there.chat.stateHash());
});

test('a server that starts anew knows what became of every post', () => {
  const { stage, writer, about } = talking();
  stage.request(writer, { type: 'editPost', ...about, text: 'hello' });
  const before = stage.chat.stateHash();
  stage.restart();
  assert.equal(stage.chat.stateHash(), before);
});

test('in whatever order notes come, and however often, the outcome is the same', () => {
  const { stage, writer, reader, about } = talking();
  stage.request(writer, { type: 'editPost', ...about, text: 'one' });
  stage.request(writer, { type: 'editPost', ...about, text: 'two' });
  stage.request(reader, { type: 'react', ...about, emoji: '👍', on: true });
  stage.request(reader, { type: 'react', ...about, emoji: '👍', on: false });
  stage.request(writer, { type: 'deletePost', ...about });
  const notes = [...stage.store.readOthers()].flatMap((entry) => {
    const body = bodyOf(entry);
    return isNote(body) ? [{ body, place: orderOf(entry) }] : [];
  });
  assert.equal(notes.length, 5);
  const forwards = new PostNotes();
  for (const { body, place } of notes) forwards.apply(body, place);
  const backwards = new PostNotes();
  for (const { body, place } of [...notes, ...notes].reverse()) backwards.apply(body, place);
  assert.deepEqual(backwards.summary(), forwards.summary());
  assert.equal(forwards.textOf(about.post), 'two');
});
