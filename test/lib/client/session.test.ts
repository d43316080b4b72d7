// The client's core by stories: design, sections 2 (promise 5) and 4 (retries, resuming).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as z from 'zod';
import type { PostEvent } from '../../../lib/protocol/events.ts';
import { REQUESTS_IN_FLIGHT_MAX } from '../../../lib/protocol/limits.ts';
import { SessionStage } from '../../support/session-stage.ts';

const ONE = 'a:1';
const TWO = 'b:2';
const THREE = 'c:3';
const ALL = [ONE, TWO, THREE];
const LEADER = { id: 'server3', address: THREE };

const post = (id: string, more: Partial<z.infer<typeof PostEvent>> = {}) => ({
  type: 'post' as const,
  id,
  room: 'general',
  account: 'bob',
  name: 'bob',
  text: id,
  time: 1,
  order: id,
  at: 1,
  ...more,
});

/** Signed in to server3, with server1 known as well. */
function connected(): SessionStage {
  const stage = new SessionStage([THREE, ONE]);
  stage.reaches(THREE, 'server3');
  return stage;
}

test('addresses are tried one after the other, without waiting for the one before', () => {
  const stage = new SessionStage(ALL);
  assert.deepEqual([...stage.links.keys()], [ONE]);
  stage.advance(100);
  assert.deepEqual([...stage.links.keys()], ALL);
});

test('a server that names the leader costs one round trip', () => {
  const stage = new SessionStage([ONE]);
  stage.greets(ONE, 'server1', LEADER);
  assert.ok(stage.links.has(THREE), 'opened in the same step');
  stage.reaches(THREE, 'server3');
  assert.equal(stage.session.connection.type, 'connected');
  assert.deepEqual([...stage.links.keys()], [THREE], 'the others are let go');
});

test('a sign-in signs the nonce of the server it is sent to', () => {
  const stage = new SessionStage([THREE]);
  stage.greets(THREE, 'server3', LEADER);
  const [signIn] = stage.sentOf('signIn');
  const lines = ['syncnet sign-in v1', 'server3', 'nonce of server3', 'alice', 'seedseedseed'];
  assert.equal(signIn?.type === 'signIn' && signIn.signature, `signed ${lines.join('\n')}`);
});

test('while nobody leads it waits where it is, and signs in when told that this server leads', () => {
  const stage = new SessionStage([ONE]);
  stage.greets(ONE, 'server1', null);
  assert.equal(stage.session.connection.type, 'electing');
  stage.says(ONE, { type: 'leading', term: 4 });
  stage.signsIn(ONE, 'server1');
  assert.equal(stage.session.connection.type, 'connected');
});

test('one server behind two addresses is not signed in to on the older of two connections', () => {
  const stage = new SessionStage([ONE, TWO]);
  stage.advance(50);
  const [older, newer] = [stage.links.get(ONE), stage.links.get(TWO)];
  stage.greets(ONE, 'server1', null);
  stage.greets(TWO, 'server1', { id: 'server1', address: TWO });
  stage.closes(TWO);
  // The sign-in of the newer one may be on its way still, and would take the session from this one.
  stage.says(ONE, { type: 'leading', term: 4 });
  const on = () => stage.sent.filter(({ message }) => message.type === 'signIn');
  assert.deepEqual(
    on().map(({ link }) => link),
    [newer],
  );
  stage.advance(50);
  stage.reaches(ONE, 'server1');
  assert.equal(stage.session.connection.type, 'connected');
  assert.ok(Number(on().at(-1)?.link) > Number(newer) && Number(newer) > Number(older));
});

test('a sign-in that is redirected goes on to the leader', () => {
  const stage = new SessionStage([ONE]);
  stage.greets(ONE, 'server1', { id: 'server1', address: ONE });
  stage.says(ONE, { type: 'redirect', leader: LEADER, term: 4, reason: 'stepped down' });
  assert.ok(stage.links.has(THREE));
});

test('what is not answered is sent again after a loss, in order and under the same numbers', () => {
  const stage = connected();
  for (const number of [1, 2, 3]) stage.posts(number, `text ${number}`);
  stage.stored(THREE, 1);
  const before = stage.sentOf('post').length;
  stage.closes(THREE);
  stage.reaches(ONE, 'server1');
  const again = stage.sentOf('post').slice(before);
  assert.deepEqual(
    again.map((message) => message.type === 'post' && [message.number, message.lowest]),
    [
      [2, 2],
      [3, 2],
    ],
  );
  assert.deepEqual(stage.session.connection.type, 'resending');
  stage.stored(ONE, 2);
  stage.stored(ONE, 3);
  assert.deepEqual(stage.forgotten, [1, 2, 3]);
  assert.equal(stage.eventsOf('recovered')[0]?.resent, 2);
});

test('a leader that stepped down and led again takes both sign-ins: what is not answered is sent again', () => {
  const stage = new SessionStage([THREE]);
  stage.posts(1, 'one');
  stage.greets(THREE, 'server3', LEADER);
  stage.says(THREE, { type: 'redirect', leader: null, term: 4, reason: 'leads no longer' });
  stage.says(THREE, { type: 'leading', term: 5 });
  assert.equal(stage.sentOf('signIn').length, 2);
  stage.signsIn(THREE, 'server3');
  stage.posts(2, 'two');
  stage.signsIn(THREE, 'server3');
  const numbers = stage.sentOf('post').map((message) => message.type === 'post' && message.number);
  assert.deepEqual(numbers, [1, 1, 2, 1, 2], 'with each sign-in, and after the second answer');
  stage.stored(THREE, 1);
  stage.stored(THREE, 2);
  assert.equal(stage.session.connection.type, 'connected');
});

test('what waited in the outbox of an earlier run is sent first', () => {
  const request = { type: 'post', room: 'general', text: 'from before' } as const;
  const stage = new SessionStage([THREE], [{ number: 7, request }]);
  stage.posts(8, 'now');
  stage.reaches(THREE, 'server3');
  const numbers = stage.sentOf('post').map((message) => message.type === 'post' && message.number);
  assert.deepEqual(numbers, [7, 8]);
});

test('a second answer to one number changes nothing', () => {
  const stage = connected();
  stage.posts(1, 'once');
  stage.stored(THREE, 1);
  stage.stored(THREE, 1);
  assert.equal(stage.eventsOf('answer').length, 1);
});

test('a refusal answers a request with its reason', () => {
  const stage = connected();
  stage.posts(1, 'no');
  stage.says(THREE, { type: 'refused', number: 1, code: 'not-a-member', reason: 'join first' });
  const [answered] = stage.eventsOf('answer');
  assert.equal(answered?.answer.type === 'refused' && answered.answer.reason, 'join first');
  assert.equal(stage.session.items.size, 0);
});

test('no more requests are under way than a server takes', () => {
  const stage = connected();
  const count = REQUESTS_IN_FLIGHT_MAX + 10;
  for (let number = 1; number <= count; number += 1) stage.posts(number, 'x');
  assert.equal(stage.sentOf('post').length, REQUESTS_IN_FLIGHT_MAX);
  stage.stored(THREE, 1);
  assert.equal(stage.sentOf('post').length, REQUESTS_IN_FLIGHT_MAX + 1);
});

test('a leader that answers no ping is frozen, and left', () => {
  const stage = connected();
  stage.advance(999);
  assert.equal(stage.session.connection.type, 'connected');
  stage.advance(2);
  assert.equal(stage.session.connection.type, 'leaderLost');
  assert.equal(stage.session.active, null);
});

for (const { tripMs, patienceMs } of [
  { tripMs: 4, patienceMs: 400 },
  { tripMs: 300, patienceMs: 1_200 },
]) {
  test(`over a round trip of ${tripMs} ms a silence of ${patienceMs} ms is forgiven`, () => {
    const stage = connected();
    const ping = stage.sentOf('ping').at(-1);
    stage.nowMs += tripMs;
    if (ping?.type === 'ping') stage.says(THREE, { type: 'pong', query: ping.query });
    while (stage.sentOf('ping').length < 2) stage.advance(1);
    stage.advance(patienceMs - 2);
    assert.equal(stage.session.connection.type, 'connected');
    stage.advance(4);
    assert.equal(stage.session.connection.type, 'leaderLost');
  });
}

test('who was given no place to resume from is told to ask for pages after the next sign-in', () => {
  const stage = connected();
  assert.deepEqual(stage.eventsOf('reset'), []);
  stage.closes(THREE);
  stage.reaches(ONE, 'server1');
  assert.equal(stage.eventsOf('reset').length, 1);
});

test('a leader that answers its pings stays, and the round trip is known', () => {
  const stage = connected();
  for (let count = 1; count <= 5; count += 1) {
    while (stage.sentOf('ping').length < count) stage.advance(1);
    const ping = stage.sentOf('ping').at(-1);
    stage.nowMs += 4;
    if (ping?.type === 'ping') stage.says(THREE, { type: 'pong', query: ping.query });
  }
  assert.deepEqual(stage.session.connection, { type: 'connected', roundTripMs: 4 });
});

test('a process that slept does not blame the leader', () => {
  const stage = connected();
  stage.nowMs += 60_000;
  stage.feed({ type: 'tick' });
  assert.equal(stage.session.connection.type, 'connected');
});

test('a resumption presents the newest cursor, place and stamp', () => {
  const stage = connected();
  const servers = [{ ...LEADER, ringPosition: 3, state: 'leading' as const, inSync: true }];
  const view = { term: 3, leader: LEADER, servers, copies: 1, copiesMin: 1 };
  stage.says(THREE, { type: 'view', ...view, cursor: 'cursor-1' });
  stage.says(THREE, post('p', { at: 5 }));
  stage.posts(1, 'x');
  const id = 'account.seedseedseed/1';
  const stored = { type: 'stored' as const, number: 1, id, time: 1, order: '1', copies: 3 };
  stage.says(THREE, { ...stored, stamp: 'stamp-1' });
  stage.closes(THREE);
  stage.greets(ONE, 'server1', { id: 'server1', address: ONE });
  const signIn = stage.sentOf('signIn').at(-1);
  assert.ok(signIn?.type === 'signIn');
  assert.deepEqual([signIn.cursor, signIn.at, signIn.stamp], ['cursor-1', 5, 'stamp-1']);
});

test('a post that was stored on two sides of a split moves up, and never down', () => {
  const stage = connected();
  stage.says(THREE, { ...post('p', { at: 5 }), order: '5' });
  stage.says(THREE, { ...post('p', { at: 0 }), order: '3', late: true });
  stage.says(THREE, { ...post('p', { at: 0 }), order: '3', late: true });
  stage.says(THREE, { ...post('p', { at: 6 }), order: '6' });
  assert.equal(stage.eventsOf('post').length, 1);
  assert.deepEqual(
    stage.eventsOf('moved').map((event) => event.type === 'moved' && event.post.order),
    ['3'],
  );
});

test('what became of a post is told of it where it stands, though this leader has it in its higher place only', () => {
  const stage = connected();
  stage.says(THREE, { ...post('p', { at: 3 }), order: '3' });
  const { type: _, at: __, ...there } = { ...post('p', { at: 0 }), order: '5' };
  stage.says(THREE, { type: 'postChanged', post: { ...there, text: 'edited' }, at: 9 });
  const [event] = stage.eventsOf('changed');
  assert.ok(event?.type === 'changed');
  assert.deepEqual([event.post.order, event.post.text], ['3', 'edited']);
});

test('what became of a post is told of it where a leader has it that holds its lower copy', () => {
  const stage = connected();
  stage.says(THREE, { ...post('p', { at: 3 }), order: '5' });
  const { type: _, at: __, ...there } = { ...post('p', { at: 0 }), order: '3' };
  const edited = { ...there, text: 'edited' };
  stage.says(THREE, { type: 'postChanged', post: edited, at: 9 });
  assert.deepEqual(stage.eventsOf('moved'), [{ type: 'moved', post: edited }]);
  stage.says(THREE, { type: 'postChanged', post: { ...edited, order: '5' }, at: 10 });
  const [event] = stage.eventsOf('changed');
  assert.equal(event?.type === 'changed' && event.post.order, '3');
});

test('a page that puts a post in its higher place lets it move down again', () => {
  const stage = connected();
  stage.says(THREE, { ...post('p', { at: 3 }), order: '3' });
  stage.feed({
    type: 'query',
    number: 1,
    message: { type: 'history', query: 1, room: 'general', limit: 50 },
  });
  const { type: _, at: __, ...there } = { ...post('p', { at: 0 }), order: '5' };
  stage.says(THREE, { type: 'page', query: 1, room: 'general', posts: [there], more: false });
  stage.says(THREE, { ...post('p', { at: 0 }), order: '3', late: true });
  assert.equal(stage.eventsOf('moved').length, 1);
});

test('a post that comes again tells what became of it meanwhile', () => {
  const stage = connected();
  stage.says(THREE, post('p'));
  const reactions = [{ emoji: '👀', count: 1, by: ['carol'] }];
  stage.says(THREE, post('p', { late: true, at: 0, reactions }));
  const [event] = stage.eventsOf('changed');
  assert.deepEqual(event?.type === 'changed' && event.post.reactions, reactions);
});

test('after a leader that knows no such place, and gives none, the next one is read from as well', () => {
  const stage = connected();
  const servers = [{ ...LEADER, ringPosition: 3, state: 'leading' as const, inSync: true }];
  const view = { term: 3, leader: LEADER, servers, copies: 1, copiesMin: 1 };
  stage.says(THREE, { type: 'view', ...view, cursor: 'cursor-1', at: 7 });
  stage.closes(THREE);
  stage.reaches(ONE, 'server1');
  stage.says(ONE, { type: 'resumed', posts: 0, reset: true });
  stage.says(ONE, { type: 'view', ...view, term: 4 });
  stage.closes(ONE);
  stage.reaches(THREE, 'server3');
  const signIn = stage.sentOf('signIn').at(-1);
  assert.deepEqual(signIn?.type === 'signIn' && signIn.cursor, undefined);
  assert.equal(stage.eventsOf('reset').length, 2);
});

test('a post that is on the screen before its answer stays where it is', () => {
  const stage = connected();
  stage.posts(1, 'x');
  const id = 'account.seedseedseed/1';
  stage.says(THREE, { ...post(id, { at: 3 }), order: '3' });
  stage.closes(THREE);
  stage.reaches(ONE, 'server1');
  stage.says(ONE, { type: 'stored', number: 1, id, time: 1, order: '5', copies: 1 });
  const [event] = stage.eventsOf('answer');
  assert.ok(event?.type === 'answer' && event.answer.type === 'stored');
  assert.equal(event.answer.order, '3');
  stage.says(ONE, { ...post(id, { at: 0 }), order: '3', late: true });
  assert.deepEqual(stage.eventsOf('moved'), []);
});

test('a pong that names the cursor moves the place on; of another view it does not', () => {
  const stage = connected();
  const servers = [{ ...LEADER, ringPosition: 3, state: 'leading' as const, inSync: true }];
  const view = { term: 3, leader: LEADER, servers, copies: 1, copiesMin: 1 };
  stage.says(THREE, { type: 'view', ...view, cursor: 'cursor-1', at: 7 });
  stage.says(THREE, { type: 'pong', query: 0, cursor: 'cursor-1', at: 9 });
  stage.says(THREE, { type: 'pong', query: 0, cursor: 'cursor-1', at: 8 });
  stage.says(THREE, { type: 'pong', query: 0, cursor: 'cursor-2', at: 30 });
  stage.closes(THREE);
  stage.greets(ONE, 'server1', { id: 'server1', address: ONE });
  const signIn = stage.sentOf('signIn').at(-1);
  assert.ok(signIn?.type === 'signIn');
  assert.deepEqual([signIn.cursor, signIn.at], ['cursor-1', 9]);
});

test('a post is shown once, however often it comes', () => {
  const stage = connected();
  stage.says(THREE, post('p'));
  stage.closes(THREE);
  stage.reaches(ONE, 'server1');
  stage.says(ONE, post('p', { late: true, at: 0 }));
  assert.equal(stage.eventsOf('post').length, 1);
});

test('a lost leader is looked for again within milliseconds, then ever more rarely', () => {
  const stage = connected();
  stage.closes(THREE);
  let tries = 0;
  for (let ms = 0; ms < 300; ms += 1) {
    stage.advance(1);
    if (!stage.links.has(THREE)) continue;
    tries += 1;
    stage.closes(THREE, 'connection refused');
  }
  assert.ok(tries >= 6, `${tries} tries in the first 300 ms`);
  let late = 0;
  for (let ms = 0; ms < 10_000; ms += 10) {
    stage.advance(10);
    if (!stage.links.has(THREE)) continue;
    late += 1;
    stage.closes(THREE, 'connection refused');
  }
  assert.ok(late <= 15, `${late} tries in ten seconds`);
});

test('with every address refused it says what was tried, with what result', () => {
  const stage = new SessionStage([ONE, TWO]);
  stage.closes(ONE, 'connection refused');
  stage.advance(60);
  stage.closes(TWO, 'no answer');
  const state = stage.session.connection;
  assert.ok(state.type === 'noServer');
  assert.deepEqual(state.tried, [
    { address: ONE, result: 'connection refused' },
    { address: TWO, result: 'no answer' },
  ]);
});

test('after a loss, with every address refused, it counts its tries', () => {
  const stage = connected();
  stage.closes(THREE);
  stage.closes(ONE, 'connection refused');
  const state = stage.session.connection;
  assert.ok(state.type === 'reconnecting');
  assert.equal(state.server, 'server3');
});

test('a name that belongs to another key ends the search, until another name is given', () => {
  const stage = new SessionStage([THREE]);
  stage.greets(THREE, 'server3', LEADER);
  stage.says(THREE, { type: 'refused', code: 'name-taken', reason: 'taken' });
  assert.equal(stage.session.connection.type, 'refused');
  stage.advance(10_000);
  assert.equal(stage.links.size, 0, 'no more tries');
  const self = { name: 'alicia', account: 'other', seed: 'otherotherot' };
  stage.feed({ type: 'signInAs', self, stamp: null, pending: [] });
  stage.reaches(THREE, 'server3');
  assert.equal(stage.session.connection.type, 'connected');
});

test('a query without a connection, and one that a loss overtakes, fail as lost', () => {
  const stage = connected();
  stage.feed({ type: 'query', number: 100, message: { type: 'listRooms', query: 100 } });
  stage.closes(THREE);
  stage.feed({ type: 'query', number: 101, message: { type: 'listRooms', query: 101 } });
  assert.deepEqual(
    stage.failed.map(({ number, code }) => [number, code]),
    [
      [100, 'connection-lost'],
      [101, 'connection-lost'],
    ],
  );
});

test('an address that a server tells of is tried when the known ones are gone', () => {
  const stage = new SessionStage([THREE]);
  stage.reaches(THREE, 'server3');
  const servers = [
    { id: 'server9', address: TWO, ringPosition: 9, state: 'active' as const, inSync: true },
  ];
  stage.says(THREE, { type: 'view', term: 3, leader: LEADER, servers, copies: 1, copiesMin: 1 });
  stage.closes(THREE);
  assert.ok(stage.links.has(TWO));
});

test('a request that waits can be taken back, one that was sent cannot', () => {
  const stage = new SessionStage([THREE]);
  stage.posts(1, 'never mind');
  stage.feed({ type: 'cancel', number: 1 });
  assert.deepEqual(stage.forgotten, [1]);
  stage.reaches(THREE, 'server3');
  stage.posts(2, 'too late');
  stage.feed({ type: 'cancel', number: 2 });
  assert.deepEqual(stage.forgotten, [1]);
});

test('a refusal that a lost leader took with it does not stop what comes after', () => {
  const stage = connected();
  stage.posts(1, 'refused, but nobody heard it');
  stage.posts(2, 'stored, but nobody heard it');
  stage.closes(THREE);
  stage.reaches(ONE, 'server1');
  const reason = 'a later request than 1 is stored already, and 1 is not';
  stage.says(ONE, { type: 'refused', number: 1, code: 'out-of-sequence', reason });
  stage.stored(ONE, 2);
  assert.deepEqual(stage.forgotten, [1, 2]);
  assert.deepEqual(
    stage.eventsOf('answer').map(({ answer }) => [answer.number, answer.type]),
    [
      [1, 'refused'],
      [2, 'stored'],
    ],
  );
  assert.equal(stage.session.connection.type, 'connected');
});

test('what was put off because a request before it was refused is sent again, once all is answered', () => {
  const stage = connected();
  for (const number of [1, 2, 3, 4]) stage.posts(number, `text ${number}`);
  const sent = () =>
    stage
      .sentOf('post')
      .flatMap((each) => (each.type === 'post' ? [[each.number, each.lowest]] : []));
  const before = sent().length;
  const refused = (number: number, code: 'no-such-room' | 'behind-refused') =>
    stage.says(THREE, { type: 'refused', number, code, reason: code });
  stage.stored(THREE, 1);
  refused(2, 'no-such-room');
  refused(3, 'behind-refused');
  stage.posts(5, 'said meanwhile');
  assert.equal(sent().length, before, 'not while an answer is still to come');
  refused(4, 'behind-refused');
  assert.deepEqual(sent().slice(before), [
    [3, 3],
    [4, 3],
    [5, 3],
  ]);
  assert.equal(stage.session.connection.type, 'connected');
  for (const number of [3, 4, 5]) stage.stored(THREE, number);
  assert.deepEqual(stage.forgotten, [1, 2, 3, 4, 5]);
});

test('a number that was taken back does not reach a server as a gap', () => {
  const stage = new SessionStage([THREE]);
  for (const number of [1, 2, 3]) stage.posts(number, `text ${number}`);
  stage.feed({ type: 'cancel', number: 2 });
  const numbers = () =>
    stage.sentOf('post').map((sent) => (sent.type === 'post' ? [sent.number, sent.lowest] : []));
  stage.reaches(THREE, 'server3');
  assert.deepEqual(numbers(), [[1, 1]], 'the run ends at the gap');
  stage.stored(THREE, 1);
  assert.deepEqual(numbers().at(-1), [3, 3], 'and begins anew behind it');
  stage.stored(THREE, 3);
  assert.deepEqual(stage.forgotten, [2, 1, 3]);
});
