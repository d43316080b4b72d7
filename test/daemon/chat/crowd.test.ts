// A crowd that loses its leader: checked before, let in by portions, and told what it missed from one reading.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBody } from '../../../daemon/chat/bodies.ts';
import { CHAT_LIMITS } from '../../../daemon/chat/limits.ts';
import { orderOf } from '../../../daemon/ring/entry.ts';
import { ChatStage, type Person, person } from '../../support/chat-stage.ts';
import { entryOf } from '../../support/entries.ts';

const ada = person('ada');
const bob = person('bob');

/** A follower that knows some people. */
function following(people: readonly Person[], limits = CHAT_LIMITS): ChatStage {
  const stage = new ChatStage({ id: 'server2', ringPosition: 2, limits });
  stage.lead();
  for (const each of people) stage.disconnect(stage.join(each));
  stage.follow('server3');
  return stage;
}

test('a signature that was checked ahead is not checked again', () => {
  const stage = following([ada]);
  const connection = stage.connect();
  stage.take(connection);
  stage.prove(connection, ada);
  assert.equal(stage.types(connection), '', 'there is nothing to say to that');
  stage.follow(null);
  stage.take(connection);
  const before = stage.verified;
  stage.signIn(connection, ada);
  stage.lead();
  assert.equal(stage.verified, before);
  assert.equal(stage.types(connection), 'signedIn view');
});

test('what was checked ahead says nothing of another name, key, session or signature', () => {
  const mallory = person('mallory');
  const stage = following([ada, mallory]);
  for (const wanted of [
    { name: 'ada' },
    { key: ada.key },
    { session: 'sessionSeed2' },
    { signature: 'A'.repeat(86) },
  ]) {
    const connection = stage.connect();
    stage.prove(connection, mallory);
    stage.follow(null);
    stage.take(connection);
    const message = { ...stage.signInMessage(connection, mallory), ...wanted };
    stage.say(connection, message);
    stage.lead();
    assert.equal(stage.take(connection, 'refused')[0]?.code, 'bad-signature');
    stage.follow('server3');
  }
});

test('whoever proves nothing is told, and after too many tries let go', () => {
  const stage = following([ada]);
  const connection = stage.connect();
  stage.take(connection);
  stage.prove(connection, ada, { signature: 'A'.repeat(86) });
  assert.equal(stage.take(connection, 'refused')[0]?.code, 'bad-signature');
  stage.signIn(connection, ada);
  stage.lead();
  assert.equal(stage.take(connection, 'signedIn').length, 1, 'who signs in all the same may');
  const other = stage.connect();
  for (let tries = 0; tries < 30; tries += 1)
    stage.prove(other, ada, { signature: 'A'.repeat(86) });
  assert.equal(stage.closed.get(other), 'bad-signature');
});

test('a crowd that waits for a leader is let in by portions, one each turn', () => {
  const people = Array.from({ length: 12 }, (_, index) => person(`person${index}`));
  const stage = following(people, { ...CHAT_LIMITS, releasedCostMax: 100 });
  const connections = people.map((each) => {
    const connection = stage.connect();
    stage.signIn(connection, each);
    return connection;
  });
  const inside = () => connections.flatMap((each) => stage.take(each, 'signedIn')).length;
  stage.lead();
  const portions = [inside()];
  while (stage.chat.wantsTurn()) {
    stage.feed({ type: 'goOn' });
    portions.push(inside());
  }
  assert.deepEqual(portions, [7, 5]);
});

test('nobody asks for a turn who could do nothing with it', () => {
  const stage = following([ada], { ...CHAT_LIMITS, releasedCostMax: 1 });
  const waiting = () => {
    const connection = stage.connect();
    stage.signIn(connection, ada, { session: `sessionSeed${connection}` });
  };
  waiting();
  waiting();
  assert.equal(stage.chat.wantsTurn(), false, 'it does not lead');
  stage.lead();
  assert.equal(stage.chat.wantsTurn(), true);
  stage.feed({ type: 'pausing' });
  assert.equal(stage.chat.wantsTurn(), false, 'the ring takes nothing now');
});

test('whoever missed much has more of the turn', () => {
  const people = Array.from({ length: 6 }, (_, index) => person(`person${index}`));
  const stage = new ChatStage({ limits: { ...CHAT_LIMITS, releasedCostMax: 100 } });
  stage.lead();
  const here = stage.join(ada);
  const away = people.map((each) => stage.join(each));
  const cursor = stage.stream;
  for (const connection of away) stage.disconnect(connection);
  for (let count = 0; count < 40; count += 1) stage.post(here, `post ${count}`);
  stage.follow(null);
  const connections = people.map((each) => {
    const connection = stage.connect();
    stage.signIn(connection, each, { cursor, at: 0 });
    return connection;
  });
  stage.lead();
  const inside = connections.flatMap((each) => stage.take(each, 'signedIn')).length;
  assert.ok(inside >= 1 && inside <= 3, `${inside} in one turn, with 40 posts each`);
});

/** Somebody who is signed in to a leader that lets one of those who come go on in each turn; and twenty who come. */
function withCrowd(): { stage: ChatStage; here: number; crowd: number[]; waiting(): number } {
  const stage = new ChatStage({ limits: { ...CHAT_LIMITS, releasedCostMax: 1 } });
  stage.lead();
  const here = stage.join(ada);
  const other = person('bob');
  stage.join(other);
  stage.feed({ type: 'pausing' });
  const crowd = Array.from({ length: 20 }, () => {
    const connection = stage.connect();
    stage.signIn(connection, other, { session: `sessionSeed${connection}` });
    return connection;
  });
  stage.lead();
  return { stage, here, crowd, waiting: () => stage.chat.queues().held };
}

test('a room talks on while a crowd waits to be signed in', () => {
  const { stage, here, crowd, waiting } = withCrowd();
  stage.take(here);
  stage.post(here, 'hello');
  assert.deepEqual(stage.take(here, 'stored').length, 1);
  assert.ok(waiting() > 10, `${waiting()} wait`);
  while (waiting() > 0) stage.pass(25);
  for (const connection of crowd) assert.equal(stage.take(connection, 'signedIn').length, 1);
});

test('what somebody says waits for what they asked before it, when that waits for a crowd', () => {
  const { stage, here, waiting } = withCrowd();
  stage.take(here);
  const room = { room: 'general', lowest: 1 };
  stage.say(here, { type: 'setTopic', number: 1, topic: 'news', ...room });
  stage.say(here, { type: 'post', number: 2, text: 'hello', ...room });
  stage.say(here, { type: 'post', number: 3, text: 'again', ...room });
  assert.deepEqual(stage.take(here, 'stored'), []);
  while (waiting() > 0) stage.pass(25);
  const stored = stage.take(here, 'stored');
  assert.deepEqual(
    stored.map(({ number }) => number),
    [1, 2, 3],
  );
  const orders = stored.map(({ order }) => order);
  assert.deepEqual(orders, orders.toSorted(), 'answers come in order anyway');
});

test('what the ring gave back goes before what its sender says then', () => {
  const { stage, here, waiting } = withCrowd();
  while (waiting() > 0) stage.pass(25);
  stage.take(here);
  stage.takes = 0;
  stage.say(here, { type: 'post', number: 1, lowest: 1, text: 'one', room: 'general' });
  stage.takes = 1;
  stage.pass(25);
  stage.takes = Number.POSITIVE_INFINITY;
  stage.say(here, { type: 'post', number: 2, lowest: 1, text: 'two', room: 'general' });
  stage.pass(25);
  const orders = stage.take(here, 'stored').map(({ order }) => order);
  assert.equal(orders.length, 2);
  assert.deepEqual(orders, orders.toSorted());
});

test('nothing is left of what waited when another server leads', () => {
  const { stage, here } = withCrowd();
  stage.say(here, { type: 'setTopic', number: 1, lowest: 1, topic: 'news', room: 'general' });
  stage.follow('server2');
  stage.lead({ term: 9 });
  stage.signIn(here, ada);
  stage.take(here);
  stage.feed({ type: 'pausing' });
  for (const each of ['x', 'y', 'z'])
    stage.signIn(stage.connect(), person('bob'), { session: `sessionSeed${each}` });
  stage.commits = false;
  stage.lead({ term: 10 });
  const before = stage.store.counts().posts;
  stage.say(here, { type: 'post', number: 1, lowest: 1, text: 'one', room: 'general' });
  stage.commits = true;
  stage.pass(25);
  assert.equal(stage.store.counts().posts, before + 1);
});

/** So many who sign in between two views, each with so many posts along, to a leader that then begins with little time. */
function withPosts(people: number, posts: number): { stage: ChatStage; connections: number[] } {
  const stage = new ChatStage({ limits: { ...CHAT_LIMITS, releasedCostMax: 100 } });
  stage.lead();
  stage.join(bob);
  stage.feed({ type: 'pausing' });
  const connections = Array.from({ length: people }, () => {
    const connection = stage.connect();
    stage.signIn(connection, bob, { session: `sessionSeed${connection}` });
    for (let number = 1; number <= posts; number += 1)
      stage.say(connection, { type: 'post', number, lowest: 1, text: 'hi', room: 'general' });
    return connection;
  });
  stage.commits = false;
  return { stage, connections };
}

test('whoever brings much along has more of the turn', () => {
  const { stage, connections } = withPosts(6, 40);
  stage.lead();
  const inside = connections.flatMap((each) => stage.take(each, 'signedIn')).length;
  assert.ok(inside >= 1 && inside <= 2, `${inside} in one turn, with 40 posts each`);
  stage.commits = true;
  for (let tick = 0; tick < 20; tick += 1) stage.pass(25);
  for (const each of connections) assert.equal(stage.take(each, 'stored').length, 40);
});

test('what comes along behind a sign-in does not wait behind a crowd since somebody else is new', () => {
  const { stage } = withPosts(1, 1);
  for (let count = 0; count < 20; count += 1) stage.signIn(stage.connect(), person(`new${count}`));
  stage.lead();
  assert.equal(stage.store.counts().posts, 1);
  assert.ok(stage.chat.queues().held > 10);
});

/** A leader to whom so many are connected, and one of them. */
function crowded(count: number): {
  stage: ChatStage;
  one: number;
  hears(state: 'active' | 'down'): void;
} {
  const stage = new ChatStage();
  stage.lead();
  const [one = 0] = Array.from({ length: count }, (_, index) =>
    stage.join(ada, { session: `session${index}`.padEnd(12, 's') }),
  );
  stage.pass(10_000);
  stage.take(one);
  const hears = (state: 'active' | 'down') =>
    stage.hear({
      servers: [{ id: 'server2', ringPosition: 2, address: 'b:2', state, inSync: false }],
    });
  return { stage, one, hears };
}

test('a few are told at once how the cluster is', () => {
  const { stage, one, hears } = crowded(3);
  hears('active');
  hears('down');
  assert.equal(stage.types(one), 'view view');
});

test('a crowd is told a moment later how the cluster is, and nothing when it is as before', () => {
  const { stage, one, hears } = crowded(501);
  hears('active');
  assert.equal(stage.types(one), '');
  stage.pass(500);
  assert.deepEqual(
    stage.take(one, 'view').map(({ servers }) => servers[0]?.state),
    ['active'],
  );
  hears('down');
  hears('active');
  stage.pass(1_000);
  assert.equal(stage.types(one), '', 'it was down for less than that');
  hears('down');
  const late = stage.connect();
  stage.signIn(late, bob);
  assert.equal(stage.take(late, 'view')[0]?.servers[0]?.state, 'down');
  hears('active');
  stage.pass(1_000);
  assert.equal(
    stage.take(late, 'view').at(-1)?.servers[0]?.state,
    'active',
    'who came meanwhile is told',
  );
});

/** Ada and Bob are in the room; Bob is away while something is said and read by others who come back. */
function missing(): { stage: ChatStage; cursor: string; at: number; room: string; here: number } {
  const stage = new ChatStage();
  stage.lead();
  const here = stage.join(ada);
  const away = stage.connect();
  stage.signIn(away, bob);
  const place = stage.take(away, 'view')[0];
  const { cursor = '', at = 0 } = place ?? {};
  stage.disconnect(away);
  return { stage, cursor, at, room: 'general', here };
}

test('what was told to one who came back is told anew to the next when it was edited, reacted to or taken back meanwhile', () => {
  const { stage, cursor, at, here } = missing();
  const number = stage.post(here, 'teh plan');
  const post = `${ada.account}.sessionSeed1/${number}`;
  const comesBack = () => {
    const connection = stage.connect();
    stage.signIn(connection, bob, { cursor, at });
    const [told] = stage.take(connection, 'post');
    return [
      told?.text,
      told?.edited ?? false,
      told?.reactions?.length ?? 0,
      told?.deleted ?? false,
    ];
  };
  assert.deepEqual(comesBack(), ['teh plan', false, 0, false]);
  stage.request(here, { type: 'editPost', room: 'general', post, text: 'the plan' });
  assert.deepEqual(comesBack(), ['the plan', true, 0, false]);
  stage.request(here, { type: 'react', room: 'general', post, emoji: '👍', on: true });
  assert.deepEqual(comesBack(), ['the plan', true, 1, false]);
  stage.request(here, { type: 'deletePost', room: 'general', post });
  assert.deepEqual(comesBack(), ['', false, 0, true]);
});

test('what was told to one who came back is told anew to the next when its lower copy, or who has its name, came to light', () => {
  const { stage, cursor, at, here } = missing();
  const number = stage.post(here, 'on both sides');
  const q = `${ada.account}.sessionSeed1/${number}`;
  const comesBack = () => {
    const connection = stage.connect();
    stage.signIn(connection, bob, { cursor, at });
    const told = stage.take(connection, 'post').find(({ id }) => id === q);
    return [told?.order, told?.name];
  };
  const [order, name] = comesBack();
  assert.equal(name, 'ada');
  const body = encodeBody({ t: 'post', q, u: ada.account, r: 'general', x: 'on both sides' });
  const lower = entryOf({ sequence: 1, term: 0, hlcMs: 1_000, body });
  stage.merge([lower]);
  stage.lead();
  assert.notEqual(order, orderOf(lower));
  assert.deepEqual(comesBack(), [orderOf(lower), 'ada']);
  const other = person('ada');
  const claim = encodeBody({ t: 'claim', k: other.key, n: 'ada' });
  stage.merge([entryOf({ sequence: 2, term: 0, hlcMs: 1_001, body: claim })]);
  stage.lead();
  const [, renamed] = comesBack();
  assert.match(renamed ?? '', /^ada~/);
});

test('the more there are, the longer whoever comes back waits before standing by elsewhere', () => {
  const { stage } = crowded(501);
  const connection = stage.connect();
  stage.signIn(connection, ada, { session: 'sessionOfAda' });
  assert.equal(stage.take(connection, 'signedIn')[0]?.spreadMs, 251);
});

test('who signs in ahead is told of the newest post that there is in the end', () => {
  const stage = following([ada]);
  const connection = stage.connect();
  stage.prove(connection, ada);
  stage.follow(null);
  stage.signIn(connection, ada);
  const entry = entryOf({
    sequence: 1,
    hlcMs: 2_000_000_000_000,
    body: encodeBody({ t: 'post', q: 'a.b/1', u: ada.account, r: 'general', x: 'meanwhile' }),
  });
  stage.merge([entry]);
  stage.take(connection);
  stage.lead();
  const [signedIn] = stage.take(connection, 'signedIn');
  assert.equal(signedIn?.rooms[0]?.latest, orderOf(entry));
});
