// Who hears of what, and that nobody hears of anything before it is committed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatStage, type Message, person } from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');
const eve = person('eve');

function leading(): ChatStage {
  const stage = new ChatStage();
  stage.lead();
  return stage;
}

const textsOf = (messages: readonly Message[]) =>
  messages.flatMap((message) => (message.type === 'post' ? [message.text] : []));

test('a post goes to everyone in the room once it is committed, and to nobody else', () => {
  const stage = leading();
  const writer = stage.join(ada);
  const reader = stage.join(bob);
  const outsider = stage.join(eve);
  const waiting = stage.connect();
  const room = stage.createRoom(writer, 'ops');
  stage.request(reader, { type: 'joinRoom', name: 'ops' });
  for (const connection of [writer, reader, outsider, waiting]) stage.take(connection);
  stage.commits = false;
  stage.post(writer, 'hello', room);
  assert.deepEqual(stage.take(reader), []);
  stage.commit();
  assert.deepEqual(textsOf(stage.take(reader)), ['hello']);
  assert.deepEqual(textsOf(stage.take(writer)), ['hello']);
  assert.deepEqual(stage.take(outsider), []);
  assert.deepEqual(stage.take(waiting), []);
});

test('posts are shown in the order of their stream, up to what is committed', () => {
  const stage = leading();
  const writer = stage.join(ada);
  const reader = stage.join(bob);
  stage.take(reader);
  stage.commits = false;
  for (const text of ['one', 'two', 'three']) stage.post(writer, text);
  stage.commit(4);
  const first = stage.take(reader, 'post');
  assert.deepEqual(textsOf(first), ['one', 'two']);
  assert.deepEqual(
    first.map(({ at }) => at),
    [3, 4],
  );
  stage.commit();
  assert.deepEqual(textsOf(stage.take(reader)), ['three']);
});

test('uncommitted posts are in no page, no room list and no room event', () => {
  const stage = leading();
  const writer = stage.join(ada);
  stage.post(writer, 'committed');
  const committed = stage.take(writer, 'stored')[0]?.order;
  stage.commits = false;
  stage.post(writer, 'not yet 1');
  stage.post(writer, 'not yet 2');
  stage.say(writer, { type: 'history', query: 1, room: 'general', limit: 1 });
  stage.say(writer, { type: 'listRooms', query: 2 });
  const heard = stage.take(writer);
  const page = heard.find((message) => message.type === 'page');
  assert.deepEqual(
    page?.posts.map(({ text }) => text),
    ['committed'],
  );
  assert.equal(page?.more, false);
  const rooms = heard.find((message) => message.type === 'rooms');
  assert.equal(rooms?.rooms[0]?.latest, committed);
});

test('a new room is told to everyone, and says who is in it', () => {
  const stage = leading();
  const creator = stage.join(ada);
  const other = stage.join(bob);
  stage.take(other);
  const number = stage.request(creator, { type: 'createRoom', name: 'ops', topic: 'work' });
  const [event] = stage.take(other, 'room');
  assert.equal(event?.room.name, 'ops');
  assert.equal(event?.room.topic, 'work');
  assert.equal(event?.room.members, 1);
  assert.equal(event?.room.joined, false);
  const heard = stage.take(creator);
  assert.ok(heard.some((message) => message.type === 'room' && message.room.joined));
  const stored = heard.find((message) => message.type === 'stored');
  assert.equal(stored?.number, number);
  assert.equal(stored?.room?.joined, true);
});

test('a topic is told to everyone, and not when it is the same', () => {
  const stage = leading();
  const setter = stage.join(ada);
  const other = stage.join(bob);
  stage.take(other);
  stage.request(setter, { type: 'setTopic', room: 'general', topic: 'news' });
  stage.request(setter, { type: 'setTopic', room: 'general', topic: 'news' });
  const topics = stage.take(other, 'room').map(({ room }) => room.topic);
  assert.deepEqual(topics, ['news']);
});

test('who comes and goes is told to those in the room, and to all devices of whoever it is', () => {
  const stage = leading();
  const inside = stage.join(ada);
  const comer = stage.join(bob);
  const device = stage.join(bob, { session: 'otherSession' });
  const outsider = stage.join(eve);
  const room = stage.createRoom(inside, 'ops');
  for (const connection of [inside, comer, device, outsider]) stage.take(connection);
  stage.request(comer, { type: 'joinRoom', name: 'ops' });
  const changes = (connection: number) =>
    stage
      .take(connection)
      .flatMap((message) =>
        message.type === 'member'
          ? [`${message.name} ${message.change}`]
          : message.type === 'room'
            ? [`joined ${message.room.joined}`]
            : [],
      );
  assert.deepEqual(changes(inside), ['bob joined']);
  assert.deepEqual(changes(device), ['bob joined', 'joined true']);
  assert.deepEqual(changes(outsider), []);
  stage.post(inside, 'hello', room);
  assert.deepEqual(textsOf(stage.take(device)), ['hello']);
  stage.request(comer, { type: 'leaveRoom', room });
  assert.deepEqual(changes(inside), ['bob left']);
  assert.deepEqual(changes(device), ['bob left', 'joined false']);
  stage.post(inside, 'alone', room);
  assert.deepEqual(textsOf(stage.take(device)), []);
});

test('joining a room one is in already is told to nobody', () => {
  const stage = leading();
  const inside = stage.join(ada);
  const comer = stage.join(bob);
  stage.createRoom(inside, 'ops');
  stage.request(comer, { type: 'joinRoom', name: 'ops' });
  stage.take(inside);
  stage.request(comer, { type: 'joinRoom', name: 'ops' });
  assert.deepEqual(stage.take(inside), []);
});

test('however many come at once, those inside hear of the new number a few times a second', () => {
  const stage = leading();
  const inside = stage.join(ada);
  stage.pass(25);
  stage.take(inside);
  for (let count = 0; count < 20; count += 1) stage.join(person(`guest${count}`));
  assert.equal(stage.take(inside, 'room').length, 0);
  stage.pass(200);
  const [event, ...more] = stage.take(inside, 'room');
  assert.equal(event?.room.members, 21);
  assert.deepEqual(more, []);
});

test('the more are inside, the more rarely they hear of their number', () => {
  const stage = leading();
  const inside = stage.join(ada);
  for (let count = 0; count < 799; count += 1) stage.join(person(`guest${count}`));
  stage.pass(200);
  stage.take(inside);
  stage.join(person('late'));
  stage.pass(200);
  assert.deepEqual(stage.take(inside, 'room'), []);
  stage.pass(225);
  assert.equal(stage.take(inside, 'room')[0]?.room.members, 801);
});

test('a line for many is encoded once', () => {
  const stage = leading();
  const connections = [ada, bob, eve].map((who) => stage.join(who));
  const outputs = stage.chat.step({
    type: 'message',
    connection: connections[0] ?? 0,
    message: { type: 'post', number: 1, lowest: 1, room: 'general', text: 'x' },
    nowMs: 0,
  });
  assert.deepEqual(
    outputs.map(({ type }) => type),
    ['append'],
  );
  stage.post(connections[1] ?? 0, 'to all');
  assert.equal(connections.filter((each) => textsOf(stage.take(each)).length > 0).length, 3);
});

// --- merges ---

/** Two leaders of one past that went on apart: the same accounts, posts of their own. */
function apart(): { here: ChatStage; there: ChatStage; reader: number } {
  const here = leading();
  const reader = here.join(bob);
  here.disconnect(here.join(ada));
  const there = new ChatStage({ id: 'server2', ringPosition: 2 });
  there.catchUpFrom(here);
  there.lead({ term: 1 });
  here.take(reader);
  return { here, there, reader };
}

/** Somebody writes on the far side before anyone does here, and what that was comes here. */
function farSideComes({ here, there, reader }: ReturnType<typeof apart>): void {
  there.wallMs -= 500;
  const writer = there.join(ada);
  there.post(writer, 'there 1');
  there.post(writer, 'there 2');
  here.post(reader, 'here');
  here.take(reader);
  here.catchUpFrom(there);
}

test('a page after a place has nothing that is not shown yet, and does not count it as more', () => {
  const sides = apart();
  farSideComes(sides);
  const { here, reader } = sides;
  const pageAfter = () => {
    const after = '0'.repeat(12);
    here.say(reader, { type: 'history', query: 1, room: 'general', limit: 1, after });
    const { posts, more } = here.take(reader, 'page')[0] ?? assert.fail();
    return { texts: posts.map(({ text }) => text), more };
  };
  assert.deepEqual(pageAfter(), { texts: ['here'], more: false });
  here.lead({ term: 5 });
  here.take(reader);
  assert.deepEqual(pageAfter(), { texts: ['there 1'], more: true });
});

test('what another side said is shown with the next view, in the order, marked as late', () => {
  const sides = apart();
  farSideComes(sides);
  const { here, reader } = sides;
  assert.deepEqual(here.take(reader), [], 'not before it is on every disk');
  here.lead({ term: 5 });
  const heard = here.take(reader);
  assert.deepEqual(textsOf(heard), ['there 1', 'there 2']);
  assert.ok(
    heard.every((message) => message.type !== 'post' || (message.late && message.at === 0)),
  );
  assert.deepEqual(heard.at(-1)?.type, 'view');
  const view = heard.at(-1);
  assert.equal(view?.type === 'view' && view.cursor, here.stream);
});

test("a leader's own posts that a change of view completes are not late", () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  stage.post(connection, 'on its way');
  stage.lead();
  const heard = stage.take(connection);
  assert.deepEqual(textsOf(heard), ['on its way']);
  assert.ok(heard.some((message) => message.type === 'stored'));
  assert.ok(heard.every((message) => message.type !== 'post' || message.late === undefined));
});

test('what a leader sent ahead, lost with a crash, and gets back below newer posts, is late', () => {
  const before = leading();
  before.post(before.join(ada), 'sent ahead');
  const stage = new ChatStage();
  stage.wallMs = before.wallMs + 60_000;
  stage.lead({ term: 2 });
  const reader = stage.join(bob);
  stage.post(reader, 'newer');
  stage.take(reader);
  stage.catchUpFrom(before);
  stage.lead();
  const posts = stage.take(reader, 'post');
  assert.deepEqual(
    posts.map(({ text, late }) => ({ text, late })),
    [{ text: 'sent ahead', late: true }],
  );
});

test('a request that both sides stored is shown once more only where it is the lower', () => {
  for (const lag of [-10_000, 10_000]) {
    const { here, there, reader } = apart();
    there.wallMs += lag;
    const seed = { session: 'thirdSession' };
    here.post(here.join(ada, seed), 'said twice');
    there.post(there.join(ada, seed), 'said twice');
    here.take(reader);
    here.catchUpFrom(there);
    here.lead({ term: 5 });
    assert.equal(textsOf(here.take(reader)).length, lag < 0 ? 1 : 0);
    here.say(reader, { type: 'history', query: 1, room: 'general', limit: 9 });
    const [page] = here.take(reader, 'page');
    assert.equal(page?.posts.length, 1);
  }
});

test('whoever sends again what only the other side had stored has it shown soon, and is answered then', () => {
  const { here, there } = apart();
  const seed = { session: 'thirdSession' };
  const far = there.join(ada, seed);
  there.post(far, 'said there');
  here.catchUpFrom(there);
  const connection = here.join(ada, seed);
  here.take(connection);
  assert.equal(here.showsAsked, 0);
  here.say(connection, {
    type: 'post',
    number: 1,
    lowest: 1,
    room: 'general',
    text: 'said there',
  });
  assert.deepEqual(here.take(connection), []);
  assert.equal(here.showsAsked, 1);
  here.lead({ term: 5 });
  assert.equal(here.take(connection, 'stored')[0]?.number, 1);
});

test('of two rooms of one name the later is renamed, and both are told', () => {
  const { here, there, reader } = apart();
  there.wallMs -= 1_000;
  there.createRoom(there.join(ada), 'ops');
  const mine = here.createRoom(reader, 'ops');
  here.take(reader);
  here.catchUpFrom(there);
  here.lead({ term: 5 });
  const names = here.take(reader, 'room').map(({ room }) => [room.id === mine, room.name]);
  assert.deepEqual(names.sort(), [
    [false, 'ops'],
    [true, `ops~${mine.slice(0, 4)}`],
  ]);
  here.request(reader, { type: 'leaveRoom', room: mine });
  here.request(reader, { type: 'joinRoom', name: `ops~${mine.slice(0, 4)}` });
  assert.equal(here.take(reader, 'stored').at(-1)?.room?.id, mine);
});

test('who joined a room on the other side hears it from then on', () => {
  const { here, there, reader } = apart();
  const room = here.createRoom(reader, 'ops');
  there.catchUpFrom(here);
  const visitor = there.join(ada);
  there.request(visitor, { type: 'joinRoom', name: 'ops' });
  const hereToo = here.join(ada, { session: 'thirdSession' });
  here.take(reader);
  here.catchUpFrom(there);
  here.lead({ term: 5 });
  assert.ok(
    here
      .take(reader)
      .some((message) => message.type === 'member' && message.account === ada.account),
  );
  here.post(reader, 'welcome', room);
  assert.deepEqual(textsOf(here.take(hereToo)), ['welcome']);
});
