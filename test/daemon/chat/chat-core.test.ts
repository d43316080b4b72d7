// What a change of role means for those connected; presence; and what is asked without a number.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roomIdOf } from '../../../lib/ids.ts';
import { CROWD_MIN } from '../../../lib/protocol/limits.ts';
import { ChatStage, type Message, person, sessionOf } from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');

function leading(): ChatStage {
  const stage = new ChatStage();
  stage.lead();
  return stage;
}

const typesOf = (messages: readonly Message[]) => messages.map(({ type }) => type);

// --- roles ---

test('a follower answers what needs a leader with where the leader is', () => {
  const stage = new ChatStage();
  stage.hear({ term: 4, leader: { id: 'server2', address: 'localhost:8001' } });
  const connection = stage.connect();
  stage.take(connection);
  stage.post(connection, 'hello');
  stage.say(connection, { type: 'history', query: 1, room: 'general', limit: 1 });
  stage.say(connection, { type: 'listRooms', query: 2 });
  stage.say(connection, { type: 'who', query: 3, room: 'general' });
  const heard = stage.take(connection, 'redirect');
  assert.equal(heard.length, 4);
  assert.deepEqual(heard[0]?.leader, { id: 'server2', address: 'localhost:8001' });
  assert.equal(heard[0]?.term, 4);
  assert.equal(stage.closed.size, 0);
});

test('while nobody leads the redirect names nobody, and the leader is told when there is one', () => {
  const stage = new ChatStage();
  const connection = stage.connect();
  stage.take(connection);
  stage.post(connection, 'hello');
  assert.equal(stage.take(connection, 'redirect')[0]?.leader, null);
  stage.hear({ term: 1 });
  assert.deepEqual(stage.take(connection), []);
  stage.hear({ leader: { id: 'server2', address: 'a:1' } });
  assert.equal(stage.take(connection, 'redirect')[0]?.leader?.id, 'server2');
  stage.hear({ term: 2 });
  assert.deepEqual(stage.take(connection), [], 'the same leader is no news');
});

test('those who wait are told when this server begins to lead', () => {
  const stage = new ChatStage();
  const connection = stage.connect();
  stage.take(connection);
  stage.lead();
  assert.deepEqual(stage.take(connection), [{ type: 'leading', term: 1 }]);
  stage.signIn(connection, ada);
  assert.deepEqual(typesOf(stage.take(connection)), ['signedIn', 'view']);
});

test('when a leader follows, its sessions end with a redirect, and its connections stay', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  stage.post(connection, 'not committed');
  stage.follow('server2');
  const heard = stage.take(connection);
  assert.deepEqual(typesOf(heard), ['redirect']);
  assert.equal(stage.chat.counts().signedIn, 0);
  assert.equal(stage.chat.counts().connections, 1);
  stage.post(connection, 'again');
  assert.deepEqual(typesOf(stage.take(connection)), ['redirect']);
});

test('a commit of a view that has ended is answered to nobody', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  stage.post(connection, 'late');
  stage.follow('server2');
  stage.take(connection);
  stage.commit();
  assert.deepEqual(stage.take(connection), []);
});

test('a leader that leads on in a new view keeps its sessions and tells them the new cursor', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.lead({ copies: 2 });
  const heard = stage.take(connection);
  assert.deepEqual(typesOf(heard), ['view']);
  const [view] = heard;
  assert.ok(view?.type === 'view');
  assert.equal(view.cursor, stage.stream);
  assert.equal(view.copies, 2);
  stage.post(connection, 'goes on');
  assert.equal(stage.take(connection, 'post')[0]?.at, 1);
});

test('what changes among the servers is told to those signed in, the cursor standing', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.hear({ copies: 1 });
  const [view] = stage.take(connection, 'view');
  assert.equal(view?.copies, 1);
  assert.equal(view?.cursor, undefined);
});

test('a server that was restarted has folded what it held', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.createRoom(connection, 'ops');
  stage.request(connection, { type: 'setTopic', room: 'general', topic: 'news' });
  const before = stage.chat.stateHash();
  stage.restart();
  assert.equal(stage.chat.stateHash(), before);
  assert.deepEqual(stage.chat.counts(), { connections: 0, signedIn: 0, accounts: 1, rooms: 2 });
});

test('two servers that hold the same entries have the same state, whatever way these came', () => {
  const here = leading();
  here.createRoom(here.join(ada), 'ops');
  const there = new ChatStage({ id: 'server2', ringPosition: 2 });
  there.lead();
  there.createRoom(there.join(bob), 'ops');
  here.catchUpFrom(there);
  there.catchUpFrom(here);
  assert.equal(here.chat.stateHash(), there.chat.stateHash());
  assert.equal(here.store.historyHash(), there.store.historyHash());
});

test('what concerns a connection that is gone is let be', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  stage.post(connection, 'my last words');
  stage.disconnect(connection);
  stage.disconnect(connection);
  stage.say(connection, { type: 'ping', query: 1 });
  stage.feed({ type: 'badRequest', connection, number: 2, reason: 'wrong' });
  stage.commit();
  assert.equal(stage.store.counts().posts, 1);
  assert.equal(stage.chat.counts().connections, 0);
});

// --- presence ---

const presenceOf = (stage: ChatStage, connection: number) =>
  stage.take(connection, 'presence').map(({ name, state }) => `${name} ${state}`);

test('whoever signs in is here for the others, once for all devices', () => {
  const stage = leading();
  const listener = stage.join(bob);
  stage.join(ada);
  stage.join(ada, { session: 'otherSession' });
  stage.take(listener);
  stage.pass(100);
  assert.deepEqual(presenceOf(stage, listener), ['bob here', 'ada here']);
});

test('a crowd is not told of each one who comes, but those who talk with him are', () => {
  const stage = leading();
  const companion = stage.join(bob);
  stage.request(companion, { type: 'openDirect', name: 'bob' });
  const listener = stage.join(ada, { session: 'theListener0' });
  for (let count = 0; count < CROWD_MIN; count += 1)
    stage.join(ada, { session: `crowd${String(count).padStart(7, '0')}` });
  const cid = stage.join(person('cid'));
  stage.request(cid, { type: 'openDirect', name: 'bob' });
  stage.pass(300);
  for (const each of [companion, listener, cid]) stage.take(each);
  stage.disconnect(cid);
  stage.pass(11_000);
  assert.deepEqual(presenceOf(stage, companion), ['cid gone']);
  assert.deepEqual(presenceOf(stage, listener), []);
  stage.join(person('dan'));
  stage.pass(300);
  const heard = stage.take(listener).map(({ type }) => type);
  assert.deepEqual(heard, ['room'], 'how many they are, and no more');
});

test('whoever loses the connection is gone after ten seconds, and not before the last device', () => {
  const stage = leading();
  const listener = stage.join(bob);
  const first = stage.join(ada);
  const second = stage.join(ada, { session: 'otherSession' });
  stage.pass(100);
  stage.take(listener);
  stage.disconnect(first);
  stage.pass(20_000);
  assert.deepEqual(presenceOf(stage, listener), []);
  stage.disconnect(second);
  stage.pass(9_900);
  assert.deepEqual(presenceOf(stage, listener), []);
  stage.pass(200);
  assert.deepEqual(presenceOf(stage, listener), ['ada gone']);
});

test('whoever reconnects within the grace was never gone', () => {
  const stage = leading();
  const listener = stage.join(bob);
  const connection = stage.join(ada);
  stage.pass(100);
  stage.take(listener);
  stage.disconnect(connection);
  stage.pass(5_000);
  stage.join(ada);
  stage.pass(60_000);
  assert.deepEqual(presenceOf(stage, listener), []);
});

test('a new leader believes for fifteen seconds what the old one said of who is here', () => {
  const stage = leading();
  for (const who of [ada, bob]) stage.disconnect(stage.join(who));
  stage.follow('server2');
  stage.feed({ type: 'presenceHeard', accounts: [ada.account, bob.account], idle: [] });
  stage.lead();
  const listener = stage.join(bob);
  stage.pass(14_000);
  assert.deepEqual(presenceOf(stage, listener), []);
  stage.pass(2_000);
  assert.deepEqual(presenceOf(stage, listener), ['ada gone']);
});

test('who is here goes to the followers at most once a second, and when it has changed', () => {
  const stage = leading();
  stage.join(ada);
  stage.pass(100);
  stage.join(bob);
  stage.pass(500);
  assert.deepEqual(stage.shared, [{ accounts: [ada.account], idle: [] }]);
  stage.pass(1_000);
  assert.deepEqual(stage.shared.at(-1)?.accounts, [ada.account, bob.account].sort());
  stage.pass(5_000);
  assert.equal(stage.shared.length, 2);
  const server = (state: 'active' | 'joining') =>
    ({ id: 'server2', ringPosition: 2, address: 'b:2', state, inSync: false }) as const;
  stage.hear({ servers: [server('joining')] });
  stage.pass(1_000);
  assert.equal(stage.shared.length, 2);
  stage.hear({ servers: [server('active')] });
  stage.pass(1_000);
  assert.equal(stage.shared.length, 3, 'a server that has come back has not heard it');
});

// --- queries ---

test('pages of history lead from the newest post to the first, each post once', () => {
  const stage = leading();
  const connection = stage.join(ada);
  for (let count = 1; count <= 10; count += 1) stage.post(connection, `post ${count}`);
  stage.take(connection);
  const texts: string[] = [];
  let before: string | undefined;
  let pages = 0;
  for (let more = true; more; pages += 1) {
    const query = { type: 'history' as const, query: pages, room: 'general', limit: 4 };
    stage.say(connection, before === undefined ? query : { ...query, before });
    const page = stage.take(connection, 'page')[0] ?? assert.fail();
    texts.unshift(...page.posts.map(({ text }) => text));
    before = page.posts[0]?.order;
    more = page.more;
  }
  assert.equal(pages, 3);
  assert.deepEqual(
    texts,
    Array.from({ length: 10 }, (_, index) => `post ${index + 1}`),
  );
});

test('pages after a place lead from there to the newest post, each post once', () => {
  const stage = leading();
  const connection = stage.join(ada);
  for (let count = 1; count <= 10; count += 1) stage.post(connection, `post ${count}`);
  stage.take(connection);
  stage.say(connection, { type: 'history', query: 0, room: 'general', limit: 10 });
  const [first] = (stage.take(connection, 'page')[0] ?? assert.fail()).posts;
  const pages: string[][] = [];
  let after = first?.order ?? assert.fail();
  for (let more = true; more; ) {
    stage.say(connection, { type: 'history', query: 1, room: 'general', limit: 3, after });
    const page = stage.take(connection, 'page')[0] ?? assert.fail();
    pages.push(page.posts.map(({ text }) => text));
    after = page.posts.at(-1)?.order ?? assert.fail();
    more = page.more;
  }
  const texts = (places: number[]) => places.map((place) => `post ${place}`);
  assert.deepEqual(pages, [texts([2, 3, 4]), texts([5, 6, 7]), texts([8, 9, 10])]);
});

test('a page before a place and after one at once is refused', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.post(connection, 'hello');
  stage.take(connection);
  stage.say(connection, { type: 'history', query: 0, room: 'general', limit: 1 });
  const order = (stage.take(connection, 'page')[0] ?? assert.fail()).posts[0]?.order;
  const both = { before: order, after: order };
  stage.say(connection, { type: 'history', query: 1, room: 'general', limit: 1, ...both });
  const [refused] = stage.take(connection, 'refused');
  assert.match(refused?.reason ?? '', /not both/);
});

test('the history of a room is for everyone who is signed in', () => {
  const stage = leading();
  const room = stage.createRoom(stage.join(ada), 'ops');
  const outsider = stage.join(bob);
  stage.say(outsider, { type: 'history', query: 7, room, limit: 5 });
  const expected = { type: 'page', query: 7, room, posts: [], more: false };
  assert.deepEqual(stage.take(outsider), [expected]);
});

for (const type of ['history', 'who'] as const) {
  test(`${type} of a room that is not there is refused, naming it`, () => {
    const stage = leading();
    const connection = stage.join(ada);
    const room = roomIdOf(`${sessionOf(ada)}/99`);
    const asked = { query: 5, room };
    stage.say(connection, type === 'who' ? { type, ...asked } : { type, ...asked, limit: 1 });
    const [refused] = stage.take(connection, 'refused');
    assert.equal(refused?.query, 5);
    assert.equal(refused?.code, 'no-such-room');
    assert.match(refused?.reason ?? '', new RegExp(room));
  });
}

test('who is in a room is listed by name, with who is here', () => {
  const stage = leading();
  stage.disconnect(stage.join(bob));
  const connection = stage.join(ada);
  stage.pass(20_000);
  stage.take(connection);
  stage.say(connection, { type: 'who', query: 1, room: 'general' });
  const [people] = stage.take(connection, 'people');
  assert.deepEqual(
    people?.people.map(({ name, state }) => [name, state]),
    [
      ['ada', 'here'],
      ['bob', 'gone'],
    ],
  );
});

test('the status is what the ring last said', () => {
  const stage = leading();
  const servers = [
    { id: 'server3', ringPosition: 3, address: 'a:1', state: 'leading' as const, inSync: true },
  ];
  stage.hear({ servers });
  const connection = stage.connect();
  stage.take(connection);
  stage.say(connection, { type: 'status', query: 3 });
  const leader = { id: 'server3', address: 'localhost:8003' };
  const expected = { type: 'status', query: 3, id: 'server3', leader, term: 1, servers };
  assert.deepEqual(stage.take(connection), [expected]);
});
