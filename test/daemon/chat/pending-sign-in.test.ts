// Sign-ins that come before there is anybody to take them, and what is sent behind them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAT_LIMITS } from '../../../daemon/chat/limits.ts';
import { roomIdOf } from '../../../lib/ids.ts';
import { REQUESTS_IN_FLIGHT_MAX } from '../../../lib/protocol/limits.ts';
import type { ClientMessage } from '../../../lib/protocol/requests.ts';
import { ChatStage, person, sessionOf } from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');
const ELSEWHERE = { id: 'server4', address: 'localhost:8003' };

/** Follows a leader; ada is an account here. */
function following(): ChatStage {
  const stage = new ChatStage();
  stage.lead();
  stage.disconnect(stage.join(ada));
  stage.follow('server4', 2);
  return stage;
}

/** Somebody who has signed in there. */
function ahead(who = ada): { stage: ChatStage; connection: number } {
  const stage = following();
  const connection = stage.connect();
  stage.take(connection);
  stage.signIn(connection, who);
  return { stage, connection };
}

test('whoever signs in before a server leads is signed in when it does, with what came behind', () => {
  const { stage, connection } = ahead();
  stage.post(connection, 'said meanwhile');
  stage.post(connection, 'and more');
  assert.equal(stage.types(connection), '', 'it waits');
  stage.commits = false;
  stage.lead();
  assert.equal(
    stage.types(connection),
    'signedIn view',
    'and need not be told that it may sign in',
  );
  stage.commit();
  const heard = stage.take(connection);
  assert.deepEqual(
    heard
      .filter(({ type }) => type === 'stored')
      .map((message) => 'number' in message && message.number),
    [1, 2],
  );
  assert.equal(stage.chat.queues().later, 0);
  assert.equal(stage.chat.queues().early, 0);
});

test('a name that is not taken yet is claimed first, and what came behind waits for that', () => {
  const { stage, connection } = ahead(bob);
  stage.post(connection, 'hello');
  stage.commits = false;
  stage.lead();
  assert.equal(stage.types(connection), '');
  stage.commit();
  assert.equal(stage.types(connection), 'signedIn view');
  stage.commit();
  assert.ok(stage.take(connection).some(({ type }) => type === 'stored'));
});

test('what came behind may be about what came just before it', () => {
  const { stage, connection } = ahead();
  const send = (number: number, request: Record<string, unknown>) =>
    stage.say(connection, { number, lowest: 1, ...request } as ClientMessage);
  const room = roomIdOf(`${sessionOf(ada)}/1`);
  send(1, { type: 'createRoom', name: 'ops' });
  send(2, { type: 'post', room, text: 'hello' });
  send(3, { type: 'editPost', room, post: `${sessionOf(ada)}/2`, text: 'hello, all' });
  stage.lead();
  const heard = stage.take(connection);
  assert.deepEqual(
    heard.flatMap((message) => (message.type === 'stored' ? [message.number] : [])),
    [1, 2, 3],
  );
  assert.deepEqual(
    heard.filter(({ type }) => type === 'refused'),
    [],
  );
});

test('while another server leads on, a sign-in is sent there after a moment, and what came behind with it', () => {
  const stage = following();
  stage.hear({ leader: ELSEWHERE });
  const connection = stage.connect();
  stage.take(connection);
  stage.signIn(connection, ada);
  stage.post(connection, 'hello');
  stage.pass(75);
  assert.equal(stage.types(connection), '');
  stage.pass(50);
  const [redirect, ...others] = stage.take(connection);
  assert.deepEqual(redirect?.type === 'redirect' && redirect.leader, ELSEWHERE);
  assert.deepEqual(others, []);
  assert.equal(stage.chat.queues().later, 0);
  stage.lead();
  assert.equal(stage.types(connection), 'leading', 'it is not signed in behind its back');
});

test('another leader that becomes known is told at once', () => {
  const stage = following();
  stage.hear({ leader: null });
  const connection = stage.connect();
  stage.take(connection);
  stage.signIn(connection, ada);
  stage.pass(500);
  assert.equal(stage.types(connection), '', 'nobody leads: it may be this server in a moment');
  stage.hear({ leader: ELSEWHERE });
  assert.equal(stage.types(connection), 'redirect');
});

test('a wrong signature is refused at once, and what came behind it too', () => {
  const stage = following();
  const connection = stage.connect();
  stage.take(connection);
  stage.signIn(connection, ada, { signature: 'A'.repeat(86) });
  stage.post(connection, 'hello');
  const [refused] = stage.take(connection);
  assert.equal(refused?.type === 'refused' && refused.code, 'bad-signature');
  stage.lead();
  assert.equal(stage.types(connection), 'leading');
});

test('whoever begins a sign-in anew is answered once, to the newer one', () => {
  const { stage, connection } = ahead();
  stage.post(connection, 'of the first');
  stage.signIn(connection, ada, { session: 'seedTwoSeedT' });
  stage.lead();
  const heard = stage.take(connection);
  assert.deepEqual(
    heard
      .filter(({ type }) => type === 'signedIn')
      .map((message) => 'session' in message && message.session?.slice(-12)),
    ['seedTwoSeedT'],
  );
  assert.equal(
    heard.some(({ type }) => type === 'stored' || type === 'refused'),
    false,
  );
});

test('who goes before this server leads leaves nothing behind', () => {
  const stage = following();
  const connection = stage.connect();
  stage.signIn(connection, ada);
  stage.post(connection, 'hello');
  stage.disconnect(connection);
  assert.deepEqual([stage.chat.queues().early, stage.chat.queues().later], [0, 0]);
  stage.lead();
  assert.equal(stage.chat.counts().signedIn, 0);
});

test('more than is held is refused, and its sender comes again', () => {
  const stage = new ChatStage({
    limits: { ...CHAT_LIMITS, resumeEntriesMax: 100, heldCountMax: 2 },
  });
  stage.lead();
  stage.disconnect(stage.join(ada));
  stage.follow(null, 2);
  const connection = stage.connect();
  stage.take(connection);
  stage.signIn(connection, ada);
  for (let index = 0; index < 3; index += 1) stage.post(connection, `number ${index}`);
  const refusals = stage
    .take(connection)
    .flatMap((message) => ('code' in message ? message.code : []));
  assert.deepEqual(refusals, ['too-many-requests']);
  assert.equal(stage.chat.queues().later, 0);
});

test('a request that fits no schema waits its turn behind the sign-in too', () => {
  const { stage, connection } = ahead();
  stage.post(connection, 'one');
  stage.feed({ type: 'badRequest', connection, number: 2, reason: 'no such thing' });
  assert.equal(stage.types(connection), '');
  stage.lead();
  const answers = stage
    .take(connection)
    .flatMap((message) => ('number' in message ? [`${message.type} ${message.number}`] : []));
  assert.deepEqual(answers, ['stored 1', 'refused 2']);
});

test('nobody else waits behind a sign-in: a query is answered as before it', () => {
  const { stage, connection } = ahead();
  stage.say(connection, { type: 'listRooms', query: 1 });
  assert.equal(stage.types(connection), 'redirect');
  assert.equal(stage.chat.queues().later, 0);
});

test('one connection has no more behind its sign-in than it may have under way', () => {
  const { stage, connection } = ahead();
  for (let count = 0; count < REQUESTS_IN_FLIGHT_MAX; count += 1) stage.post(connection, 'more');
  assert.equal(stage.types(connection), '');
  stage.post(connection, 'too much');
  const [refused] = stage.take(connection);
  assert.equal(refused?.type === 'refused' && refused.code, 'too-many-requests');
});
