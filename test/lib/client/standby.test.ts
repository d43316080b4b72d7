// The second connection, by stories: it tells who leads when the leader cannot tell that it does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as z from 'zod';
import type { ServerStatus, ViewEvent } from '../../../lib/protocol/events.ts';
import { SessionStage } from '../../support/session-stage.ts';

const ONE = 'a:1';
const TWO = 'b:2';
const THREE = 'c:3';
const SERVERS: readonly ServerStatus[] = [ONE, TWO, THREE].map((address, index) => ({
  id: `server${index + 1}`,
  ringPosition: index + 1,
  address,
  state: index === 2 ? 'leading' : 'active',
  inSync: true,
}));
const view = (servers = SERVERS): z.infer<typeof ViewEvent> => ({
  type: 'view',
  term: 3,
  leader: { id: 'server3', address: THREE },
  servers: [...servers],
  copies: 3,
  copiesMin: 1,
  cursor: 'stream',
});

/** Signed in to server3, with a round trip that was measured. */
function connected(): SessionStage {
  const stage = new SessionStage([THREE]);
  stage.reaches(THREE, 'server3');
  stage.says(THREE, view());
  stage.pongs(THREE);
  return stage;
}

test('beside the leader, the server that leads next is greeted', () => {
  const stage = connected();
  assert.deepEqual([...stage.links.keys()], [THREE, TWO]);
  const down = SERVERS.map((server) =>
    server.id === 'server2' ? { ...server, state: 'down' as const } : server,
  );
  stage.says(THREE, view(down));
  assert.deepEqual([...stage.links.keys()], [THREE, ONE]);
});

test('whoever stands by is told who this is, and signed in to with the very same signature', () => {
  const stage = connected();
  stage.greets(TWO, 'server2', { id: 'server3', address: THREE });
  const [proof] = stage.sentOf('prove');
  assert.ok(proof?.type === 'prove');
  stage.closes(THREE);
  const signIn = stage.sentOf('signIn').at(-1);
  assert.ok(signIn?.type === 'signIn');
  for (const field of ['key', 'name', 'session', 'signature'] as const)
    assert.equal(signIn[field], proof[field]);
});

test('an older server that does not know who proves is signed in to all the same', () => {
  const stage = connected();
  stage.greets(TWO, 'server2', { id: 'server3', address: THREE });
  stage.closes(THREE);
  const refusal = {
    type: 'refused',
    code: 'bad-request',
    reason: 'type: expected one of …',
  } as const;
  stage.says(TWO, refusal);
  assert.notEqual(stage.session.connection.type, 'refused');
  stage.signsIn(TWO, 'server2');
  assert.equal(stage.session.connection.type, 'connected');
});

/** Links a moment after a return to server2, and after as long as that may take. @param spreadMs what server2 says of it */
function standsByAgain(spreadMs: number): { soon: number; inTheEnd: number } {
  const stage = connected();
  stage.closes(THREE);
  stage.advance(100);
  stage.greets(TWO, 'server2', { id: 'server2', address: TWO });
  stage.signsIn(TWO, 'server2', spreadMs);
  stage.says(TWO, { ...view(), leader: { id: 'server2', address: TWO }, term: 4 });
  const soon = stage.links.size;
  for (let elapsedMs = 0; elapsedMs < spreadMs; elapsedMs += 100) {
    stage.pongs(TWO);
    stage.advance(100);
  }
  return { soon, inTheEnd: stage.links.size };
}

test('after a return somebody stands by again at once, or where many return within the time that the leader says', () => {
  assert.deepEqual(standsByAgain(0), { soon: 2, inTheEnd: 2 });
  assert.deepEqual(standsByAgain(1_000), { soon: 1, inTheEnd: 2 });
});

test('a frozen leader is left as soon as another one leads, and nothing is typed twice', () => {
  const stage = connected();
  stage.greets(TWO, 'server2', { id: 'server3', address: THREE });
  stage.posts(1, 'hello');
  stage.advance(300);
  assert.equal(stage.session.connection.type, 'connected', 'silence alone takes longer');
  stage.says(TWO, { type: 'leading', term: 4 });
  stage.advance(100);
  assert.deepEqual(stage.sentOf('signIn').length, 2);
  stage.signsIn(TWO, 'server2');
  stage.stored(TWO, 1);
  assert.deepEqual(stage.forgotten, [1]);
  assert.equal(stage.session.connection.type, 'connected');
});

test('a leader that answers is kept, whoever else is said to lead', () => {
  const stage = connected();
  stage.greets(TWO, 'server2', { id: 'server3', address: THREE });
  stage.says(TWO, {
    type: 'redirect',
    leader: { id: 'server1', address: ONE },
    term: 4,
    reason: '',
  });
  stage.pongs(THREE);
  stage.advance(200);
  assert.equal(stage.session.connection.type, 'connected');
  assert.equal(stage.session.server, 'server3');
  assert.equal(stage.sentOf('signIn').length, 1);
});

test('what is older news than the view is none', () => {
  const stage = connected();
  const pings = stage.sentOf('ping').length;
  stage.greets(TWO, 'server2', { id: 'server1', address: ONE });
  assert.equal(stage.sentOf('ping').length, pings, 'the leader is not doubted');
});

test('a second connection that is lost is tried again, less and less often', () => {
  const stage = connected();
  let tries = 0;
  for (let elapsedMs = 0; elapsedMs < 10_000; elapsedMs += 10) {
    if (stage.links.has(TWO)) {
      tries += 1;
      stage.closes(TWO);
    }
    stage.pongs(THREE);
    stage.advance(10);
  }
  assert.ok(tries > 5 && tries < 40, `${tries} tries in ten seconds`);
  assert.equal(stage.session.connection.type, 'connected');
});

test('after a close of the leader the second connection is asked at once, however long it was silent', () => {
  const stage = connected();
  stage.greets(TWO, 'server2', { id: 'server3', address: THREE });
  for (let elapsedMs = 0; elapsedMs < 20_000; elapsedMs += 100) {
    stage.pongs(THREE);
    stage.advance(100);
  }
  stage.closes(THREE);
  assert.ok(stage.links.has(TWO));
  stage.says(TWO, { type: 'leading', term: 4 });
  stage.signsIn(TWO, 'server2');
  assert.equal(stage.session.connection.type, 'connected');
});

test('after a loss the one that stands by is relied on for a moment before the others are called', () => {
  const stage = connected();
  stage.greets(TWO, 'server2', { id: 'server3', address: THREE });
  stage.closes(THREE);
  assert.deepEqual([...stage.links.keys()], [TWO]);
  stage.advance(50);
  assert.deepEqual([...stage.links.keys()].sort(), [ONE, TWO, THREE].sort());
});

test('when the one that stands by is lost too, everyone is called at once', () => {
  const stage = connected();
  stage.greets(TWO, 'server2', { id: 'server3', address: THREE });
  stage.closes(THREE);
  stage.closes(TWO);
  assert.deepEqual([...stage.links.keys()], [ONE]);
});

// --- ahead of a leadership ---

/** The leader is gone, and server2 stands by; two posts are not answered. */
function bereft(): SessionStage {
  const stage = connected();
  stage.greets(TWO, 'server2', { id: 'server3', address: THREE });
  stage.posts(1, 'one');
  stage.posts(2, 'two');
  stage.sent.length = 0;
  stage.closes(THREE);
  return stage;
}

const postsOf = (stage: SessionStage) =>
  stage.sentOf('post').map((message) => message.type === 'post' && message.number);

test('after a loss it signs in to the one that stands by at once, and sends along what is not answered', () => {
  const stage = bereft();
  assert.equal(stage.sentOf('signIn').length, 1);
  assert.deepEqual(postsOf(stage), [1, 2]);
  stage.posts(3, 'three');
  assert.deepEqual(postsOf(stage), [1, 2, 3], 'and what is said meanwhile');
  stage.advance(1_000);
  stage.posts(4, 'four');
  assert.deepEqual(postsOf(stage), [1, 2, 3], 'where it takes long it can be taken back');
  stage.signsIn(TWO, 'server2');
  assert.deepEqual(postsOf(stage), [1, 2, 3, 4], 'and nothing is sent again');
  for (const number of [1, 2, 3, 4]) stage.stored(TWO, number);
  assert.deepEqual(stage.forgotten, [1, 2, 3, 4]);
  assert.equal(stage.eventsOf('recovered').length, 1);
});

test('it is told once that the one that stands by leads: that sign-in is under way', () => {
  const stage = bereft();
  stage.says(TWO, { type: 'leading', term: 4 });
  assert.equal(stage.sentOf('signIn').length, 1);
});

test('should another server lead instead, it is signed in to, and its answer counts', () => {
  const stage = bereft();
  stage.advance(50);
  stage.greets(ONE, 'server1', { id: 'server1', address: ONE });
  assert.equal(stage.sentOf('signIn').length, 2);
  stage.signsIn(ONE, 'server1');
  assert.equal(stage.links.has(TWO), false, 'nothing waits there any longer');
  stage.stored(ONE, 1);
  stage.stored(ONE, 2);
  assert.deepEqual(stage.forgotten, [1, 2]);
  assert.equal(stage.session.server, 'server1');
});

test('the leader that was lost is found again at once when it still leads', () => {
  const stage = bereft();
  const [asked] = stage.sentOf('status');
  assert.ok(asked?.type === 'status', 'whoever stands by is asked beside the sign-in');
  stage.says(TWO, {
    type: 'redirect',
    leader: { id: 'server3', address: THREE },
    term: 3,
    reason: '',
  });
  assert.ok(stage.links.has(THREE) || stage.session.wakeMs - stage.nowMs <= 20);
});

test('a server that takes no sign-in ahead is signed in to when it leads', () => {
  const stage = bereft();
  const redirect = { type: 'redirect', leader: null, term: 3, reason: 'does not lead' } as const;
  for (let index = 0; index < 3; index += 1) stage.says(TWO, redirect);
  stage.says(TWO, { type: 'leading', term: 4 });
  assert.equal(stage.sentOf('signIn').length, 2);
  assert.deepEqual(postsOf(stage), [1, 2, 1, 2]);
  stage.signsIn(TWO, 'server2');
  stage.stored(TWO, 1);
  stage.stored(TWO, 2);
  assert.deepEqual(stage.forgotten, [1, 2]);
});

test('while nobody leads for long, the one that stands by and answers is not given up', () => {
  const stage = bereft();
  for (let elapsedMs = 0; elapsedMs < 5_000; elapsedMs += 50) {
    const asked = stage.sentOf('status').at(-1);
    const query = asked?.type === 'status' ? asked.query : 0;
    stage.says(TWO, { type: 'redirect', leader: null, term: 3, reason: String(query) });
    stage.advance(50);
    if (!stage.links.has(TWO)) break;
  }
  assert.ok(stage.links.has(TWO));
});

test('a server that is known by two addresses is signed in to once', () => {
  const stage = bereft();
  stage.advance(50);
  stage.greets(ONE, 'server2', null);
  stage.says(ONE, { type: 'leading', term: 4 });
  assert.equal(stage.sentOf('signIn').length, 1);
  stage.signsIn(TWO, 'server2');
  assert.equal(stage.session.server, 'server2');
});

test('a refusal of what was sent along is the answer to that alone', () => {
  const stage = bereft();
  stage.says(TWO, {
    type: 'refused',
    number: 1,
    code: 'bad-request',
    reason: 'of a later version',
  });
  assert.deepEqual(stage.forgotten, [1]);
  assert.notEqual(stage.session.connection.type, 'refused');
  stage.signsIn(TWO, 'server2');
  stage.stored(TWO, 2);
  assert.deepEqual(stage.forgotten, [1, 2]);
});

test('what was sent along is not taken back: it may be stored already', () => {
  const stage = bereft();
  stage.advance(1_000);
  stage.posts(3, 'three');
  stage.feed({ type: 'cancel', number: 2 });
  stage.feed({ type: 'cancel', number: 3 });
  assert.deepEqual([...stage.session.items.keys()], [1, 2]);
});

test("a server's own word that it leads comes before that of others", () => {
  const stage = bereft();
  stage.says(TWO, {
    type: 'redirect',
    leader: { id: 'server1', address: ONE },
    term: 3,
    reason: '',
  });
  stage.greets(ONE, 'server1', { id: 'server1', address: ONE });
  stage.says(TWO, { type: 'leading', term: 4 });
  stage.signsIn(TWO, 'server2');
  assert.equal(stage.session.server, 'server2');
});
