// Who gets in, under which name, and what they are told of what they missed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatStage, person, SEED, sessionOf } from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');

function leading(options: ConstructorParameters<typeof ChatStage>[0] = {}): ChatStage {
  const stage = new ChatStage(options);
  stage.lead();
  return stage;
}

test('a connection is welcomed with the nonce it is to sign', () => {
  const stage = leading();
  const connection = stage.connect();
  const [welcome] = stage.take(connection, 'welcome');
  assert.equal(welcome?.nonce, `nonce of ${connection}`);
  assert.equal(welcome?.server, 'server3');
  assert.deepEqual(welcome?.leader, { id: 'server3', address: 'localhost:8003' });
});

test('a name that nobody holds is claimed, and the sign-in answered once that is committed', () => {
  const stage = leading();
  const connection = stage.connect();
  stage.take(connection);
  stage.commits = false;
  stage.signIn(connection, ada);
  assert.equal(stage.types(connection), '');
  stage.commit();
  const [signedIn, view] = stage.take(connection);
  assert.ok(signedIn?.type === 'signedIn' && view?.type === 'view');
  assert.equal(signedIn.account, ada.account);
  assert.equal(signedIn.name, 'ada');
  assert.equal(signedIn.session, sessionOf(ada));
  assert.ok(signedIn.spreadMs <= 1, 'a few need not wait for each other');
  assert.deepEqual(
    signedIn.rooms.map(({ id, joined, members }) => ({ id, joined, members })),
    [{ id: 'general', joined: true, members: 1 }],
  );
  assert.equal(view.cursor, stage.stream);
  assert.equal(stage.store.counts().entries, 1);
});

test('a name that is held signs in without another entry', () => {
  const stage = leading();
  stage.disconnect(stage.join(ada));
  const connection = stage.connect();
  stage.take(connection);
  stage.commits = false;
  stage.signIn(connection, ada);
  assert.equal(stage.types(connection), 'signedIn view');
  assert.equal(stage.store.counts().entries, 1);
});

test('a name that belongs to another key is refused with what to do', () => {
  const stage = leading();
  stage.join(ada);
  for (const name of ['ada', 'ADA', 'Ada']) {
    const connection = stage.connect();
    stage.signIn(connection, person(name));
    const [refused] = stage.take(connection, 'refused');
    assert.equal(refused?.code, 'name-taken');
    assert.match(
      refused?.reason ?? '',
      /choose another name, or use the identity file of that key/,
    );
  }
});

test('of two that claim one name at once the second is refused', () => {
  const stage = leading();
  stage.commits = false;
  const [first, second] = [stage.connect(), stage.connect()];
  stage.signIn(first, ada);
  stage.signIn(second, person('ada'));
  stage.commit();
  assert.equal(stage.take(first, 'signedIn').length, 1);
  assert.equal(stage.take(second, 'refused')[0]?.code, 'name-taken');
});

test('two devices of one key claim its name together', () => {
  const stage = leading();
  stage.commits = false;
  const [first, second] = [stage.connect(), stage.connect()];
  stage.signIn(first, ada);
  stage.signIn(second, ada, { session: 'otherSession' });
  stage.commit();
  assert.equal(stage.take(first, 'signedIn').length, 1);
  assert.equal(stage.take(second, 'signedIn').length, 1);
  assert.equal(stage.store.counts().entries, 1);
});

test('whoever goes while a claim is under way waits for it no longer', () => {
  const stage = leading();
  stage.commits = false;
  const first = stage.connect();
  stage.signIn(first, ada);
  const others = [1, 2, 3].map(() => stage.connect());
  for (const other of others) stage.signIn(other, ada, { session: `session${other}` });
  assert.equal(stage.chat.queues().claims, 4);
  const [gone = 0, anew = 0, stays = 0] = others;
  stage.disconnect(gone);
  stage.signIn(anew, bob);
  stage.disconnect(first);
  assert.equal(stage.chat.queues().claims, 3, 'the one that began it, one other, and a name anew');
  stage.commit();
  assert.equal(stage.take(stays, 'signedIn')[0]?.name, 'ada');
  assert.equal(stage.take(anew, 'signedIn')[0]?.name, 'bob');
  assert.equal(stage.chat.queues().claims, 0);
});

test('one key may sign in under several names', () => {
  const stage = leading();
  stage.join(ada);
  const connection = stage.connect();
  stage.signIn(connection, person('ada-bot', ada));
  assert.equal(stage.take(connection, 'signedIn')[0]?.name, 'ada-bot');
});

test('a signature is good for its key, its name, its session and its connection only', () => {
  const stage = leading();
  const other = stage.connect();
  const rows = [
    (connection: number) => ({ ...stage.signInMessage(connection, ada), key: bob.key }),
    (connection: number) => ({ ...stage.signInMessage(connection, ada), name: 'eve' }),
    (connection: number) => ({ ...stage.signInMessage(connection, ada), session: 'otherSession' }),
    () => stage.signInMessage(other, ada),
    (connection: number) => ({ ...stage.signInMessage(connection, ada), key: 'A'.repeat(43) }),
    (connection: number) => ({
      ...stage.signInMessage(connection, ada),
      signature: 'A'.repeat(86),
    }),
  ];
  for (const message of rows) {
    const connection = stage.connect();
    stage.say(connection, message(connection));
    assert.equal(stage.take(connection, 'refused')[0]?.code, 'bad-signature');
  }
  assert.equal(stage.store.counts().entries, 0);
});

test('before the sign-in only ping and status are answered', () => {
  const stage = leading();
  const connection = stage.connect();
  stage.take(connection);
  stage.say(connection, { type: 'ping', query: 1 });
  stage.say(connection, { type: 'status', query: 2 });
  stage.say(connection, { type: 'history', query: 3, room: 'general', limit: 1 });
  stage.say(connection, { type: 'listRooms', query: 4 });
  stage.post(connection, 'hello');
  const answers = stage
    .take(connection)
    .map((each) => [each.type, 'query' in each ? each.query : 0, 'code' in each ? each.code : '']);
  assert.deepEqual(answers, [
    ['pong', 1, ''],
    ['status', 2, ''],
    ['refused', 3, 'not-signed-in'],
    ['refused', 4, 'not-signed-in'],
    ['refused', 0, 'not-signed-in'],
  ]);
});

test('whoever signs in wrongly again and again is let go', () => {
  const stage = leading();
  const connection = stage.connect();
  for (let tries = 1; tries <= 20; tries += 1)
    stage.signIn(connection, ada, { signature: 'x'.repeat(86) });
  assert.equal(stage.take(connection, 'refused').length, 20);
  assert.equal(stage.closed.has(connection), false);
  stage.signIn(connection, ada, { signature: 'x'.repeat(86) });
  assert.equal(stage.closed.get(connection), 'bad-signature');
});

test('a session that signs in again closes its older connection', () => {
  const stage = leading();
  const first = stage.join(ada);
  const second = stage.join(ada);
  assert.equal(stage.closed.get(first), 'session-elsewhere');
  assert.equal(stage.closed.has(second), false);
  stage.post(first, 'from the old one');
  stage.post(second, 'from the new one');
  const texts = stage.take(second, 'post').map(({ text }) => text);
  assert.deepEqual(texts, ['from the new one']);
});

test('a sign-in that comes late, on an older connection, does not take the session from the newer one', () => {
  const stage = leading();
  const givenUp = stage.connect();
  const here = stage.join(ada);
  stage.signIn(givenUp, ada);
  assert.equal(stage.closed.get(givenUp), 'session-elsewhere');
  assert.equal(stage.closed.has(here), false);
  stage.post(here, 'still here');
  assert.deepEqual(
    stage.take(here, 'post').map(({ text }) => text),
    ['still here'],
  );
  assert.deepEqual(stage.take(givenUp, 'signedIn'), []);
});

test('several sessions of one account are here at once', () => {
  const stage = leading();
  const first = stage.join(ada);
  const second = stage.join(ada, { session: 'otherSession' });
  stage.post(first, 'hello');
  assert.equal(stage.take(second, 'post').length, 1);
  assert.equal(stage.closed.size, 0);
});

test('whoever has not signed in to a leader within thirty seconds is let go', () => {
  const stage = leading();
  const waiting = stage.connect();
  const signedIn = stage.join(ada);
  stage.pass(29_000);
  assert.equal(stage.closed.size, 0);
  stage.pass(2_000);
  assert.deepEqual([...stage.closed], [[waiting, 'sign-in-too-late']]);
  stage.post(signedIn, 'still here');
  assert.equal(stage.take(signedIn, 'stored').length, 1);
});

test('on a follower connections may wait for ever, and their time begins when it leads', () => {
  const stage = new ChatStage();
  const waiting = stage.connect();
  stage.pass(100_000);
  stage.lead();
  stage.pass(29_000);
  assert.equal(stage.closed.size, 0);
  assert.equal(stage.take(waiting, 'leading').length, 1);
});

test('a claim is not taken with too few copies, and reading goes on', () => {
  const stage = leading({ copiesMin: 2 });
  const known = stage.join(ada);
  stage.hear({ copies: 1 });
  const connection = stage.connect();
  stage.signIn(connection, bob);
  assert.equal(stage.take(connection, 'refused')[0]?.code, 'too-few-copies');
  stage.disconnect(known);
  const again = stage.connect();
  stage.signIn(again, ada);
  assert.equal(stage.take(again, 'signedIn').length, 1);
});

test('a merge that gives the name to an earlier claim tells everyone the new one', () => {
  const here = leading();
  const there = new ChatStage({ id: 'server2', ringPosition: 2 });
  there.wallMs -= 1_000;
  there.lead();
  const other = person('ada');
  there.join(other);
  const connection = here.join(ada);
  const listener = here.join(bob);
  here.take(connection);
  here.take(listener);
  here.catchUpFrom(there);
  assert.equal(here.types(connection), '', 'not before the next view');
  here.lead();
  const renamed = {
    type: 'renamed' as const,
    account: ada.account,
    name: `ada~${ada.account.slice(0, 4)}`,
    was: 'ada',
  };
  assert.deepEqual(here.take(connection, 'renamed'), [renamed]);
  assert.deepEqual(here.take(listener, 'renamed'), [renamed]);
  const again = here.connect();
  here.signIn(again, ada);
  assert.equal(here.take(again, 'signedIn')[0]?.name, renamed.name);
});

// --- resuming ---

test('a first sign-in is not told of a resumption', () => {
  const stage = leading();
  const connection = stage.connect();
  stage.take(connection);
  stage.signIn(connection, ada);
  assert.equal(stage.types(connection), 'signedIn view');
});

test('a resumption sends exactly what was missed, in order, between signedIn and view', () => {
  const stage = leading();
  const writer = stage.join(bob);
  const reader = stage.join(ada);
  stage.post(writer, 'seen');
  const at = stage.take(reader, 'post').at(-1)?.at ?? 0;
  const cursor = stage.stream;
  stage.disconnect(reader);
  stage.post(writer, 'missed 1');
  stage.post(writer, 'missed 2');
  const again = stage.connect();
  stage.take(again);
  stage.signIn(again, ada, { cursor, at });
  const heard = stage.take(again);
  assert.equal(heard.map(({ type }) => type).join(' '), 'signedIn post post resumed view');
  const signedIn = heard.find((message) => message.type === 'signedIn');
  assert.equal(signedIn?.lacks, false);
  const posts = heard.filter((message) => message.type === 'post');
  assert.deepEqual(
    posts.map(({ text, late }) => [text, late]),
    [
      ['missed 1', true],
      ['missed 2', true],
    ],
  );
  const resumed = heard.find((message) => message.type === 'resumed');
  assert.deepEqual(resumed, { type: 'resumed', posts: 2, reset: false });
});

test('whoever has seen what is not held here is told so', () => {
  const stage = leading();
  const [one, other] = [stage.connect(), stage.connect()];
  stage.signIn(one, ada, { cursor: '1.1.00000000000000ff', at: 7 });
  stage.signIn(other, bob, { cursor: '1.1.00000000000000ff', at: 0 });
  const lacks = (connection: number) =>
    stage.take(connection).find((message) => message.type === 'signedIn')?.lacks;
  assert.deepEqual([lacks(one), lacks(other)], [true, false]);
});

test('whoever signed in in the middle of a view resumes from there, and from its last pong', () => {
  const stage = leading();
  const writer = stage.join(bob);
  stage.post(writer, 'before ada came');
  const connection = stage.connect();
  stage.signIn(connection, ada);
  const [view] = stage.take(connection, 'view');
  const room = stage.createRoom(writer, 'elsewhere');
  stage.post(writer, 'where ada is not', room);
  stage.say(connection, { type: 'ping', query: 1 });
  const [pong] = stage.take(connection, 'pong');
  stage.post(writer, 'missed');
  for (const place of [view, pong]) {
    assert.equal(place?.cursor, stage.stream);
    assert.ok(place.at);
    stage.disconnect(connection);
    const again = stage.connect();
    stage.signIn(again, ada, { cursor: place.cursor, at: place.at });
    assert.deepEqual(
      stage.take(again, 'post').map(({ text }) => text),
      ['missed'],
    );
  }
  assert.ok((pong?.at ?? 0) > (view?.at ?? 0));
});

test('a place to resume from never goes past what was shown', () => {
  const stage = leading();
  const writer = stage.join(bob);
  stage.post(writer, 'one');
  const at = stage.take(writer, 'post').at(-1)?.at;
  stage.commits = false;
  stage.post(writer, 'not committed');
  stage.say(writer, { type: 'ping', query: 1 });
  assert.equal(stage.take(writer, 'pong')[0]?.at, at);
  const stranger = stage.connect();
  stage.say(stranger, { type: 'ping', query: 2 });
  assert.deepEqual(stage.take(stranger, 'pong'), [{ type: 'pong', query: 2 }]);
});

test('a resumption works on the next leader, and over several views', () => {
  const first = leading();
  const writer = first.join(bob);
  const reader = first.join(ada);
  first.post(writer, 'seen');
  const at = first.take(reader, 'post').at(-1)?.at ?? 0;
  const cursor = first.stream;
  first.post(writer, 'missed on the first');
  const second = new ChatStage({ id: 'server2', ringPosition: 2 });
  second.catchUpFrom(first);
  second.lead({ term: 2 });
  const elsewhere = second.join(bob, { session: 'otherSession' });
  second.post(elsewhere, 'missed on the second');
  second.lead();
  second.post(elsewhere, 'missed after that');
  const again = second.connect();
  second.signIn(again, ada, { cursor, at });
  const texts = second.take(again, 'post').map(({ text }) => text);
  assert.deepEqual(texts, ['missed on the first', 'missed on the second', 'missed after that']);
});

test('a resumption leaves out rooms one is not in, and posts that another copy of the request hides', () => {
  const stage = leading();
  const reader = stage.join(ada);
  const cursor = stage.stream;
  const writer = stage.join(bob);
  stage.disconnect(reader);
  const room = stage.createRoom(writer, 'secret');
  stage.post(writer, 'not for ada', room);
  stage.post(writer, 'for ada');
  const there = new ChatStage({ id: 'server2', ringPosition: 2 });
  there.wallMs += 60_000;
  there.merge([...stage.store.readOthers()].filter(({ sequence }) => sequence <= 2));
  there.lead({ term: 1 });
  const resent = there.connect();
  there.signIn(resent, bob);
  there.say(resent, { type: 'post', number: 3, lowest: 3, room: 'general', text: 'for ada' });
  stage.catchUpFrom(there);
  stage.lead({ term: 5 });
  const again = stage.connect();
  stage.signIn(again, ada, { cursor, at: 0 });
  const texts = stage.take(again, 'post').map(({ text }) => text);
  assert.deepEqual(texts, ['for ada']);
});

for (const [rule, cursor] of [
  ['a cursor of an unknown view', '7.7.0000000000000007'],
  ['a cursor that is none', '__proto__'],
] as const) {
  test(`${rule} is answered with a reset`, () => {
    const stage = leading();
    const connection = stage.connect();
    stage.take(connection);
    stage.signIn(connection, ada, { cursor, at: 3 });
    const heard = stage.take(connection);
    assert.equal(heard.map(({ type }) => type).join(' '), 'signedIn resumed view');
    assert.deepEqual(heard[1], { type: 'resumed', posts: 0, reset: true });
  });
}

test('more than five thousand missed entries are a reset', () => {
  const stage = leading();
  const writer = stage.join(bob);
  const reader = stage.join(ada);
  const cursor = stage.stream;
  stage.disconnect(reader);
  for (let count = 0; count < 5_001; count += 1) stage.post(writer, `post ${count}`);
  const again = stage.connect();
  stage.signIn(again, ada, { cursor, at: 2 });
  assert.deepEqual(stage.take(again, 'resumed'), [{ type: 'resumed', posts: 0, reset: true }]);
  assert.equal(stage.take(again, 'post').length, 0);
});

test('a resumption never shows what is not committed', () => {
  const stage = leading();
  const writer = stage.join(bob);
  stage.disconnect(stage.join(ada));
  stage.commits = false;
  stage.post(writer, 'not committed yet');
  const again = stage.connect();
  stage.take(again);
  stage.signIn(again, ada, { cursor: stage.stream, at: 0 });
  assert.equal(stage.types(again), 'signedIn resumed view');
  stage.commit();
  assert.deepEqual(
    stage.take(again, 'post').map(({ text }) => text),
    ['not committed yet'],
  );
});

test('with its stamp a session is stored above all it was answered, whatever the clock says', () => {
  const first = leading();
  first.wallMs += 3_600_000;
  const connection = first.join(ada);
  first.post(connection, 'by the fast clock');
  const stored = first.take(connection, 'stored').at(-1);
  const second = new ChatStage({ id: 'server2', ringPosition: 2 });
  second.lead({ term: 1 });
  const unstamped = second.join(ada);
  second.request(unstamped, { type: 'post', room: 'general', text: 'no stamp' }, 2);
  assert.ok((second.take(unstamped, 'stored')[0]?.order ?? '') < (stored?.order ?? ''));
  const third = new ChatStage({ id: 'server1', ringPosition: 1 });
  third.lead({ term: 1 });
  const stamped = third.join(ada, stored?.stamp === undefined ? {} : { stamp: stored.stamp });
  third.say(stamped, { type: 'post', number: 2, lowest: 2, room: 'general', text: 'stamped' });
  assert.ok((third.take(stamped, 'stored')[0]?.order ?? '') > (stored?.order ?? ''));
});

test('a stamp that this cluster did not make counts for nothing', () => {
  const stage = leading();
  const connection = stage.join(ada, { session: SEED, stamp: `9999999999999.0.${'A'.repeat(16)}` });
  stage.post(connection, 'hello');
  assert.match(stage.take(connection, 'stored')[0]?.order ?? '', /^018bcfe5/, 'at the wall clock');
});
