// Conversations of two: one for each pair, like any room for these two, and for nobody else there at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directRoomIdOf, postIdOf } from '../../../lib/ids.ts';
import type { ClientMessage } from '../../../lib/protocol/requests.ts';
import {
  ChatStage,
  type Message,
  type Person,
  person,
  type RequestWithoutNumber,
  SEED,
  sessionOf,
} from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');
const eve = person('eve');
const ROOM = directRoomIdOf(ada.account, bob.account);

function leading(options: ConstructorParameters<typeof ChatStage>[0] = {}): ChatStage {
  const stage = new ChatStage(options);
  stage.lead();
  return stage;
}

function together() {
  const stage = leading();
  const here = stage.join(ada);
  const there = stage.join(bob);
  const outside = stage.join(eve);
  for (const connection of [here, there]) stage.take(connection);
  return { stage, here, there, outside };
}

const open = (stage: ChatStage, connection: number, name: string) =>
  stage.request(connection, { type: 'openDirect', name });

test('a conversation is a room of the two, each of whom sees the other in it', () => {
  const { stage, here, there, outside } = together();
  stage.take(outside);
  open(stage, here, 'Bob');
  const [stored] = stage.take(here, 'stored');
  const theirs = stage.take(there);
  assert.equal(stored?.room?.id, ROOM);
  assert.equal(stored?.room?.name, 'bob');
  assert.deepEqual(stored?.room?.direct, { account: bob.account, state: 'here' });
  assert.deepEqual(
    theirs.map((message) => message.type === 'room' && [message.room.name, message.room.joined]),
    [['ada', true]],
  );
  stage.post(here, 'a word with you', ROOM);
  assert.equal(stage.take(there, 'post')[0]?.text, 'a word with you');
  assert.deepEqual(stage.take(outside), []);
});

test('opened again, by whoever of the two, it is the same and is told to nobody', () => {
  const { stage, here, there } = together();
  open(stage, here, 'bob');
  for (const connection of [here, there]) stage.take(connection);
  open(stage, there, 'ada');
  assert.equal(stage.take(there, 'stored')[0]?.room?.id, ROOM);
  assert.deepEqual(stage.take(here), []);
});

test('whoever writes to themselves has a conversation of one', () => {
  const { stage, here, there } = together();
  open(stage, here, 'ada');
  const room = stage.take(here, 'stored')[0]?.room;
  assert.equal(room?.name, 'ada');
  assert.equal(room?.members, 1);
  stage.post(here, 'remember the milk', room?.id);
  assert.equal(stage.take(here, 'post').length, 1);
  assert.deepEqual(stage.take(there), []);
});

const REFUSED: readonly (readonly [string, RequestWithoutNumber, string])[] = [
  ['with a name that nobody has', { type: 'openDirect', name: 'nobody' }, 'no-such-user'],
  ['is not left', { type: 'leaveRoom', room: ROOM }, 'direct-room'],
  ['has no topic', { type: 'setTopic', room: ROOM, topic: 'x' }, 'direct-room'],
  ['is not joined by the name that is shown', { type: 'joinRoom', name: 'bob' }, 'no-such-room'],
];
for (const [rule, request, code] of REFUSED) {
  test(`a conversation of two ${rule}`, () => {
    const { stage, here } = together();
    open(stage, here, 'bob');
    stage.take(here);
    stage.request(here, request);
    assert.equal(stage.take(here, 'refused')[0]?.code, code);
  });
}

test('a name with a suffix is found by it', () => {
  const stage = leading();
  const other = person('ada');
  const far = leading({ id: 'server2', ringPosition: 2 });
  stage.join(ada);
  stage.wallMs += 1_000;
  far.wallMs += 5_000;
  far.join(other);
  stage.catchUpFrom(far);
  stage.lead();
  const there = stage.join(bob);
  open(stage, there, `ada~${other.account.slice(0, 4)}`);
  const [stored] = stage.take(there, 'stored');
  assert.equal(stored?.room?.direct?.account, other.account);
});

test('whoever gets another name in a merge is shown by it in the lists of those they write to', () => {
  const stage = leading();
  const far = leading({ id: 'server2', ringPosition: 2 });
  far.join(person('ada'));
  stage.wallMs += 5_000;
  stage.join(ada);
  const there = stage.join(bob);
  open(stage, there, 'ada');
  stage.take(there);
  stage.catchUpFrom(far);
  stage.lead();
  const names = stage.take(there, 'room').map(({ room }) => room.name);
  assert.deepEqual(names, [`ada~${ada.account.slice(0, 4)}`]);
});

test('two who opened their conversation on both sides of a split have one, with what both said', () => {
  const one = leading();
  const other = leading({ id: 'server2', ringPosition: 2 });
  one.join(bob);
  other.join(ada);
  const here = one.join(ada);
  const there = other.join(bob);
  open(one, here, 'bob');
  open(other, there, 'ada');
  one.post(here, 'said here', ROOM);
  other.wallMs += 1_000;
  other.post(there, 'said there', ROOM);
  one.take(here);
  one.catchUpFrom(other);
  other.catchUpFrom(one);
  one.lead();
  assert.equal(one.take(here, 'post')[0]?.text, 'said there');
  assert.equal(one.chat.stateHash(), other.chat.stateHash());
  one.say(here, { type: 'history', query: 1, room: ROOM, limit: 9 });
  const [page] = one.take(here, 'page');
  assert.deepEqual(
    page?.posts.map(({ text }) => text),
    ['said here', 'said there'],
  );
});

test('what was missed of it comes with a resumption, and it is there after a restart', () => {
  const { stage, here, there } = together();
  open(stage, here, 'bob');
  const cursor = stage.stream;
  stage.disconnect(there);
  stage.post(here, 'while you were away', ROOM);
  const again = stage.connect();
  stage.signIn(again, bob, { cursor, at: 4 });
  assert.deepEqual(
    stage.take(again, 'post').map(({ text }) => text),
    ['while you were away'],
  );
  const before = stage.chat.stateHash();
  stage.restart();
  assert.equal(stage.chat.stateHash(), before);
});

// --- nobody else ---

/** A message without what any entry changes, whoever made it: places, times and counts. */
function bare(message: Message): unknown {
  const neutral = new Set(['order', 'time', 'at', 'stamp', 'cursor', 'latest']);
  return JSON.parse(
    JSON.stringify(message, (key, value) => (neutral.has(key) ? undefined : value)),
  );
}

/** Above every place, as somebody would guess it. */
const READ_PLACE = 'ffffffffffff.ffffff.ffffffffff.ffffff.ffffffffffffffff.ffffffffff';

/** As many different ones as a post may have. */
const EMOJI = [...'😀😁😂😃😄😅😆😇😈😉😊😋😌😍😎😏😐😑😒😓'];

/** All that somebody may try on a room and a post of it, in one session. */
function attempts(post: string): (RequestWithoutNumber | ClientMessage)[] {
  const about = { room: ROOM, post };
  return [
    { type: 'post', room: ROOM, text: 'let me in' },
    { type: 'post', room: 'general', text: 'quoting', reply: post },
    { type: 'editPost', ...about, text: 'mine now' },
    { type: 'deletePost', ...about },
    { type: 'react', ...about, emoji: '👍', on: true },
    { type: 'editPost', ...about, room: 'general', text: 'mine now' },
    { type: 'deletePost', ...about, room: 'general' },
    { type: 'react', ...about, room: 'general', emoji: '👍', on: true },
    { type: 'leaveRoom', room: ROOM },
    { type: 'setTopic', room: ROOM, topic: 'x' },
    { type: 'joinRoom', name: 'bob' },
    { type: 'joinRoom', name: 'ada' },
    { type: 'history', query: 1, room: ROOM, limit: 9 },
    { type: 'who', query: 2, room: ROOM },
    { type: 'search', query: 3, text: 'secret', limit: 9 },
    { type: 'search', query: 4, text: 'secret', room: ROOM, limit: 9 },
    { type: 'search', query: 5, text: '', author: 'ada', limit: 9 },
    { type: 'listRooms', query: 6 },
    { type: 'typing', room: ROOM },
    { type: 'read', room: ROOM, order: READ_PLACE },
  ];
}

function allThatEveHears(conversation: (stage: ChatStage, here: number, there: number) => void) {
  const { stage, here, there, outside } = together();
  const cursor = stage.stream;
  conversation(stage, here, there);
  const post = postIdOf(sessionOf(ada), 2);
  for (const attempt of attempts(post)) {
    if ('query' in attempt || attempt.type === 'typing' || attempt.type === 'read')
      stage.say(outside, attempt as ClientMessage);
    else stage.request(outside, attempt as RequestWithoutNumber);
  }
  stage.pass(1_000);
  const heard = stage.take(outside).map(bare);
  const resumes = (who: Person, more: object) => {
    const connection = stage.connect();
    stage.signIn(connection, who, { session: SEED, ...more });
    return stage.take(connection).map(bare);
  };
  return [heard, resumes(eve, { cursor, at: 3 }), resumes(eve, { session: 'sessionSeed2' })];
}

test('a third account hears and finds nothing that it would not where the two had never met', () => {
  const silent = allThatEveHears(() => {});
  const told = allThatEveHears((stage, here, there) => {
    open(stage, here, 'bob');
    stage.post(here, 'our secret', ROOM);
    stage.post(there, 'safe with me', ROOM);
    const post = postIdOf(sessionOf(ada), 2);
    for (const emoji of EMOJI)
      stage.request(there, { type: 'react', room: ROOM, post, emoji, on: true });
    stage.request(here, { type: 'editPost', room: ROOM, post, text: 'our old secret' });
    stage.say(there, { type: 'typing', room: ROOM });
    assert.equal(stage.take(there, 'postChanged').length, EMOJI.length + 1);
  });
  assert.deepEqual(told, silent);
});
