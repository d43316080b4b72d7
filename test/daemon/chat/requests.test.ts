// Numbered requests: stored once however often they are sent, answered in order, refused with a reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatSecrets } from '../../../daemon/chat-secrets.ts';
import type { ClientMessage } from '../../../lib/protocol/requests.ts';
import {
  ChatStage,
  type Message,
  person,
  type RequestWithoutNumber,
  sessionOf,
} from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');

function leading(options: ConstructorParameters<typeof ChatStage>[0] = {}): ChatStage {
  const stage = new ChatStage(options);
  stage.lead();
  return stage;
}

const post = (number: number, lowest = number, text = `text ${number}`): ClientMessage => ({
  type: 'post',
  number,
  lowest,
  room: 'general',
  text,
});

/** `stored 1` or `refused 2 out-of-sequence`, for each answer to a numbered request. */
function answers(messages: readonly Message[]): string[] {
  return messages.flatMap((message) => {
    if (message.type === 'stored') return [`stored ${message.number}`];
    if (message.type === 'refused') return [`refused ${message.number} ${message.code}`];
    return [];
  });
}

test('a post is answered once it is committed, with its id, its copies and a stamp', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  stage.post(connection, 'hello');
  assert.deepEqual(stage.take(connection), []);
  stage.commit();
  const heard = stage.take(connection);
  const stored = heard.find((message) => message.type === 'stored');
  const shown = heard.find((message) => message.type === 'post');
  assert.ok(stored && shown);
  assert.equal(stored.id, `${sessionOf(ada)}/1`);
  assert.equal(stored.copies, 3);
  assert.equal(shown.id, stored.id);
  assert.equal(shown.order, stored.order);
  assert.equal(shown.text, 'hello');
  assert.equal(shown.name, 'ada');
  assert.notEqual(chatSecrets(new Uint8Array(32).fill(7)).openStamp(stored.stamp ?? ''), null);
});

test('of the answers of one commit only the last has a stamp', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  for (const number of [1, 2, 3]) stage.say(connection, post(number, 1));
  stage.commit();
  const stamped = stage.take(connection, 'stored').map(({ stamp }) => stamp !== undefined);
  assert.deepEqual(stamped, [false, false, true]);
});

test('a repeat is answered with the first result, and stored and shown once', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.say(connection, post(1));
  const [first] = stage.take(connection, 'stored');
  stage.say(connection, post(1));
  const heard = stage.take(connection);
  assert.deepEqual(
    heard.map(({ type }) => type),
    ['stored'],
  );
  const { stamp: _one, ...before } = first ?? assert.fail();
  const { stamp: _other, ...after } = heard[0] as typeof first & object;
  assert.deepEqual(after, before);
  assert.equal(stage.store.counts().posts, 1);
});

test('a repeat on another connection waits for the commit of the first', () => {
  const stage = leading();
  const first = stage.join(ada);
  stage.commits = false;
  stage.say(first, post(1));
  stage.disconnect(first);
  const second = stage.join(ada);
  stage.say(second, post(1));
  stage.say(second, post(2, 1));
  assert.deepEqual(stage.take(second), []);
  stage.commit();
  assert.deepEqual(answers(stage.take(second)), ['stored 1', 'stored 2']);
  assert.equal(stage.store.counts().posts, 2);
});

test('a repeat on the same connection while the first is under way is answered once', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  stage.say(connection, post(1));
  stage.say(connection, post(1));
  stage.commit();
  assert.deepEqual(answers(stage.take(connection)), ['stored 1']);
});

test('a repeat is answered by every later leader, after a restart too', () => {
  const first = leading();
  first.say(first.join(ada), post(1));
  const second = new ChatStage({ id: 'server2', ringPosition: 2 });
  second.catchUpFrom(first);
  second.restart();
  second.lead({ term: 2, copies: 2 });
  const connection = second.join(ada);
  second.say(connection, post(1));
  const [stored] = second.take(connection, 'stored');
  assert.equal(stored?.id, `${sessionOf(ada)}/1`);
  assert.equal(stored?.copies, 2);
  assert.equal(second.store.counts().posts, 1);
});

type Row = Readonly<{
  rule: string;
  /** Stored in an earlier connection. */
  before: readonly number[];
  send: readonly [number: number, lowest: number][];
  expect: readonly string[];
}>;

const SEQUENCES: readonly Row[] = [
  {
    rule: 'numbers without a gap are stored',
    before: [],
    send: [
      [1, 1],
      [2, 1],
      [3, 3],
    ],
    expect: ['stored 1', 'stored 2', 'stored 3'],
  },
  {
    rule: 'a number that leaves a gap is refused, and the missing one still taken',
    before: [],
    send: [
      [1, 1],
      [3, 1],
      [2, 1],
      [3, 1],
    ],
    expect: ['stored 1', 'refused 3 out-of-sequence', 'stored 2', 'stored 3'],
  },
  {
    rule: 'a session goes on where it was',
    before: [1, 2],
    send: [[3, 3]],
    expect: ['stored 3'],
  },
  {
    rule: 'a leader that never heard of the earlier ones takes those from the lowest on',
    before: [1, 2],
    send: [
      [7, 7],
      [8, 7],
    ],
    expect: ['stored 7', 'stored 8'],
  },
  {
    rule: 'the first number must not be above the lowest that is waited for',
    before: [1, 2],
    send: [[8, 7]],
    expect: ['refused 8 out-of-sequence'],
  },
  {
    rule: 'new ones follow repeats',
    before: [1, 2, 3],
    send: [
      [2, 2],
      [3, 2],
      [4, 2],
    ],
    expect: ['stored 2', 'stored 3', 'stored 4'],
  },
];

for (const { rule, before, send, expect } of SEQUENCES) {
  test(rule, () => {
    const stage = leading();
    const earlier = stage.join(ada);
    for (const number of before) stage.say(earlier, post(number, 1));
    const connection = stage.join(ada);
    for (const [number, lowest] of send) stage.say(connection, post(number, lowest));
    assert.deepEqual(answers(stage.take(connection)), expect);
  });
}

type Refusal = Readonly<{
  rule: string;
  request: RequestWithoutNumber;
  code: string;
  reason: RegExp;
}>;
const REFUSALS: readonly Refusal[] = [
  {
    rule: 'posting in a room that is not there',
    request: { type: 'post', room: 'a'.repeat(16), text: 'x' },
    code: 'no-such-room',
    reason: /no room with the id a{16}/,
  },
  {
    rule: 'posting in a room one is not in',
    request: { type: 'post', room: 'OPS', text: 'x' },
    code: 'not-a-member',
    reason: /join the room first/,
  },
  {
    rule: 'setting the topic of a room one is not in',
    request: { type: 'setTopic', room: 'OPS', topic: 'x' },
    code: 'not-a-member',
    reason: /join the room first/,
  },
  {
    rule: 'creating a room that exists',
    request: { type: 'createRoom', name: 'ops' },
    code: 'room-exists',
    reason: /#ops exists: join it/,
  },
  {
    rule: 'creating the room that exists from the start',
    request: { type: 'createRoom', name: 'general' },
    code: 'room-exists',
    reason: /#general exists/,
  },
  {
    rule: 'joining a room that is not there',
    request: { type: 'joinRoom', name: 'nowhere' },
    code: 'no-such-room',
    reason: /no room #nowhere: create it/,
  },
];

for (const { rule, request, code, reason } of REFUSALS) {
  test(`${rule} is refused with what to do, and uses its number up`, () => {
    const stage = leading();
    const room = stage.createRoom(stage.join(bob), 'ops');
    const connection = stage.join(ada);
    const asked = 'room' in request && request.room === 'OPS' ? { ...request, room } : request;
    stage.request(connection, asked as RequestWithoutNumber);
    stage.post(connection, 'goes on');
    const heard = stage.take(connection);
    assert.deepEqual(answers(heard), [`refused 1 ${code}`, 'stored 2']);
    const refused = heard.find((message) => message.type === 'refused');
    assert.match(refused?.reason ?? '', reason);
  });
}

const ROOM_STORIES: readonly {
  rule: string;
  requests: readonly RequestWithoutNumber[];
  joined: boolean;
}[] = [
  {
    rule: 'joining a room twice',
    requests: [
      { type: 'joinRoom', name: 'ops' },
      { type: 'joinRoom', name: 'ops' },
    ],
    joined: true,
  },
  {
    rule: 'leaving after joining',
    requests: [
      { type: 'joinRoom', name: 'ops' },
      { type: 'leaveRoom', room: 'OPS' },
    ],
    joined: false,
  },
  {
    rule: 'joining again after leaving',
    requests: [
      { type: 'joinRoom', name: 'ops' },
      { type: 'leaveRoom', room: 'OPS' },
      { type: 'joinRoom', name: 'ops' },
    ],
    joined: true,
  },
  {
    rule: 'setting the topic that is set',
    requests: [
      { type: 'joinRoom', name: 'ops' },
      { type: 'setTopic', room: 'OPS', topic: 'same' },
      { type: 'setTopic', room: 'OPS', topic: 'same' },
    ],
    joined: true,
  },
];

for (const { rule, requests, joined } of ROOM_STORIES) {
  test(`${rule} is stored, and answered with the room as it is`, () => {
    const stage = leading();
    const room = stage.createRoom(stage.join(bob), 'ops');
    const connection = stage.join(ada);
    for (const request of requests) {
      const asked = 'room' in request ? { ...request, room } : request;
      stage.request(connection, asked as RequestWithoutNumber);
    }
    const stored = stage.take(connection, 'stored');
    assert.equal(stored.length, requests.length);
    assert.equal(stored.at(-1)?.room?.id, room);
    assert.equal(stored.at(-1)?.room?.joined, joined);
    assert.equal(stored.at(-1)?.room?.members, joined ? 2 : 1);
  });
}

test('leaving a room one is not in is stored, and changes nothing', () => {
  const stage = leading();
  const room = stage.createRoom(stage.join(bob), 'ops');
  const connection = stage.join(ada);
  stage.request(connection, { type: 'leaveRoom', room });
  const [stored] = stage.take(connection, 'stored');
  assert.equal(stored?.room?.joined, false);
  assert.equal(stored?.room?.members, 1);
});

test('a refusal waits for the requests before it, so that what is waited for has no gap', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  stage.say(connection, post(1));
  stage.say(connection, { type: 'joinRoom', number: 2, lowest: 1, name: 'nowhere' });
  stage.say(connection, post(3, 1));
  assert.deepEqual(answers(stage.take(connection)), []);
  stage.commit();
  assert.deepEqual(answers(stage.take(connection)), [
    'stored 1',
    'refused 2 no-such-room',
    'refused 3 behind-refused',
  ]);
});

test('what comes behind a refused request is stored once its sender knows that that one is refused', () => {
  const stage = leading();
  const connection = stage.join(ada);
  const say = (number: number, lowest: number, name?: string) => {
    if (name === undefined) stage.say(connection, post(number, lowest));
    else stage.say(connection, { type: 'joinRoom', number, lowest, name });
    return answers(stage.take(connection));
  };
  assert.deepEqual(say(1, 1, 'nowhere'), ['refused 1 no-such-room']);
  assert.deepEqual(say(2, 1, 'elsewhere'), ['refused 2 no-such-room']);
  assert.deepEqual(say(3, 1), ['refused 3 behind-refused']);
  // Its sender knows of the first two by now, and not of the third: that one comes before this.
  assert.deepEqual(say(4, 3), ['refused 4 behind-refused']);
  assert.deepEqual(say(3, 3), ['stored 3']);
  assert.deepEqual(say(4, 3), ['stored 4']);
  assert.equal(stage.store.counts().posts, 2);
});

test('of what was put off the first may be stored by another leader meanwhile: the rest is taken', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.say(connection, { type: 'joinRoom', number: 1, lowest: 1, name: 'nowhere' });
  for (const number of [2, 3]) stage.say(connection, post(number, 1));
  const there = new ChatStage({ id: 'server2', ringPosition: 2 });
  there.lead({ term: 2, copies: 2 });
  there.say(there.join(ada), post(2));
  stage.catchUpFrom(there);
  stage.lead({ term: 3, copies: 3 });
  stage.take(connection);
  for (const number of [2, 3]) stage.say(connection, post(number, 2));
  assert.deepEqual(answers(stage.take(connection)), ['stored 2', 'stored 3']);
});

test('a refusal that is known holds nothing up', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.say(connection, { type: 'joinRoom', number: 1, lowest: 1, name: 'nowhere' });
  stage.say(connection, post(2, 2));
  assert.deepEqual(answers(stage.take(connection)), ['refused 1 no-such-room', 'stored 2']);
});

test('what comes behind a refused request while the view changes is put off in its turn', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.feed({ type: 'pausing' });
  stage.say(connection, { type: 'joinRoom', number: 1, lowest: 1, name: 'nowhere' });
  for (const number of [2, 3]) stage.say(connection, post(number, 1));
  assert.deepEqual(answers(stage.take(connection)), []);
  stage.lead({ term: 2, copies: 3 });
  assert.deepEqual(answers(stage.take(connection)), [
    'refused 1 no-such-room',
    'refused 2 behind-refused',
    'refused 3 behind-refused',
  ]);
});

test('a request that fits no schema is refused in its turn, and those after it are taken', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  stage.say(connection, post(1));
  stage.feed({ type: 'badRequest', connection, number: 2, reason: 'text: expected string, got 5' });
  stage.say(connection, post(3, 1));
  stage.commit();
  const heard = stage.take(connection);
  assert.deepEqual(answers(heard), ['stored 1', 'refused 2 bad-request', 'stored 3']);
  const refused = heard.find((message) => message.type === 'refused');
  assert.equal(refused?.reason, 'text: expected string, got 5');
});

test('a request that fits no schema is refused before the sign-in and on a follower too', () => {
  const stage = new ChatStage();
  const connection = stage.connect();
  stage.take(connection);
  stage.feed({ type: 'badRequest', connection, number: 2, reason: 'wrong' });
  stage.lead();
  stage.feed({ type: 'badRequest', connection, number: 9, reason: 'wrong' });
  assert.deepEqual(answers(stage.take(connection)), [
    'refused 2 bad-request',
    'refused 9 bad-request',
  ]);
});

test('more than 256 requests under way are refused, the others stored', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  for (let number = 1; number <= 258; number += 1) stage.say(connection, post(number, 1));
  stage.commit();
  const heard = answers(stage.take(connection));
  assert.equal(heard.filter((answer) => answer.startsWith('stored')).length, 256);
  assert.deepEqual(heard.slice(256), [
    'refused 257 too-many-requests',
    'refused 258 too-many-requests',
  ]);
  stage.say(connection, post(259, 259));
  stage.commit();
  assert.deepEqual(answers(stage.take(connection)), ['stored 259']);
});

test('what follows a request that is refused for the moment is not stored before it', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  for (let number = 1; number <= 257; number += 1) stage.say(connection, post(number, 1));
  stage.commit();
  // There is room again, and its sender, who has not heard of the refusal, waits for it still.
  stage.say(connection, post(258, 200));
  stage.commit();
  assert.deepEqual(answers(stage.take(connection)).slice(256), [
    'refused 257 too-many-requests',
    'refused 258 too-many-requests',
  ]);
});

test('whoever goes on sending regardless is let go', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.commits = false;
  for (let number = 1; number <= 1_100; number += 1) stage.say(connection, post(number, 1));
  assert.equal(stage.closed.get(connection), 'too-many-requests');
});

test('with fewer copies than demanded nothing is stored, and reading goes on', () => {
  const stage = leading({ copiesMin: 2 });
  const connection = stage.join(ada);
  stage.post(connection, 'stored');
  stage.hear({ copies: 1 });
  stage.take(connection);
  stage.post(connection, 'refused');
  stage.say(connection, { type: 'history', query: 1, room: 'general', limit: 9 });
  const heard = stage.take(connection);
  assert.deepEqual(answers(heard), ['refused 2 too-few-copies']);
  const page = heard.find((message) => message.type === 'page');
  assert.deepEqual(
    page?.posts.map(({ text }) => text),
    ['stored'],
  );
});

// --- while the ring takes nothing ---

test('what is asked between two views of a leader is held, and goes on in order', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.feed({ type: 'pausing' });
  stage.say(connection, post(1));
  stage.say(connection, { type: 'createRoom', number: 2, lowest: 1, name: 'ops' });
  stage.say(connection, { type: 'joinRoom', number: 3, lowest: 1, name: 'ops' });
  stage.say(connection, { type: 'setTopic', number: 4, lowest: 1, room: 'general', topic: 'x' });
  const newcomer = stage.connect();
  stage.take(newcomer);
  stage.signIn(newcomer, bob);
  assert.deepEqual([stage.take(connection), stage.take(newcomer)], [[], []]);
  stage.lead();
  assert.deepEqual(answers(stage.take(connection)), [
    'stored 1',
    'stored 2',
    'stored 3',
    'stored 4',
  ]);
  assert.equal(stage.take(newcomer, 'signedIn').length, 1);
});

test('what is asked between two views may be about what was asked just before it', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.feed({ type: 'pausing' });
  const about = { room: 'general', post: `${sessionOf(ada)}/1`, lowest: 1 };
  stage.say(connection, post(1));
  stage.say(connection, { type: 'editPost', number: 2, text: 'better', ...about });
  stage.say(connection, { type: 'react', number: 3, emoji: '👍', on: true, ...about });
  stage.say(connection, post(4, 1));
  stage.lead();
  assert.deepEqual(answers(stage.take(connection)), [
    'stored 1',
    'stored 2',
    'stored 3',
    'stored 4',
  ]);
});

test('reading goes on between two views', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.feed({ type: 'pausing' });
  stage.say(connection, { type: 'listRooms', query: 1 });
  assert.equal(stage.types(connection), 'rooms');
});

test('a leader that stops leading drops what it holds, and says where to go', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.feed({ type: 'pausing' });
  stage.say(connection, post(1));
  stage.follow('server2');
  const heard = stage.take(connection);
  assert.deepEqual(
    heard.map(({ type }) => type),
    ['redirect'],
  );
  stage.lead({ term: 9 });
  assert.equal(stage.store.counts().posts, 0);
});

test('what the ring does not take is offered again, in order and once', () => {
  const stage = leading();
  const connection = stage.join(ada);
  stage.takes = 1;
  for (const number of [1, 2, 3]) stage.say(connection, post(number, 1));
  const newcomer = stage.connect();
  stage.take(newcomer);
  stage.signIn(newcomer, bob);
  assert.deepEqual(answers(stage.take(connection)), ['stored 1']);
  const askedBefore = stage.asked;
  stage.pass(100);
  assert.ok(stage.asked - askedBefore <= 4, 'one attempt a tick while it takes nothing');
  stage.takes = Number.POSITIVE_INFINITY;
  stage.pass(25);
  const heard = stage.take(connection);
  assert.deepEqual(answers(heard), ['stored 2', 'stored 3']);
  const texts = heard.flatMap((message) => (message.type === 'post' ? [message.text] : []));
  assert.deepEqual(texts, ['text 2', 'text 3']);
  assert.equal(stage.take(newcomer, 'signedIn').length, 1);
});

test('a claim that the ring does not take is made later, for all that wait for it', () => {
  const stage = leading();
  stage.takes = 0;
  const [first, second] = [stage.connect(), stage.connect()];
  stage.signIn(first, ada);
  stage.signIn(second, ada, { session: 'otherSession' });
  stage.takes = 9;
  stage.pass(25);
  assert.equal(stage.take(first, 'signedIn').length, 1);
  assert.equal(stage.take(second, 'signedIn').length, 1);
  assert.equal(stage.store.counts().entries, 1);
});

test('held requests of a session that has moved to another connection are left to that one', () => {
  const stage = leading();
  const first = stage.join(ada);
  stage.takes = 0;
  stage.say(first, post(1));
  stage.say(first, post(2, 1));
  stage.takes = 0;
  const second = stage.connect();
  stage.signIn(second, ada);
  stage.takes = Number.POSITIVE_INFINITY;
  stage.pass(25);
  stage.disconnect(first);
  stage.say(second, post(1));
  stage.say(second, post(2, 1));
  stage.pass(25);
  assert.deepEqual(answers(stage.take(second)), ['stored 1', 'stored 2']);
  assert.equal(stage.store.counts().posts, 2);
});

test('what is held on a connection that was given up, and comes along on another one, is stored once', () => {
  const stage = leading();
  const first = stage.join(ada);
  stage.feed({ type: 'pausing' });
  stage.say(first, post(1));
  const second = stage.connect();
  stage.signIn(second, ada);
  stage.say(second, post(1));
  stage.lead();
  stage.pass(25);
  assert.deepEqual(answers(stage.take(second)), ['stored 1']);
  assert.equal(stage.sequence, 1, 'one entry in the new view');
});

test('however many sign-ins are held, all are answered within some ticks', () => {
  const stage = leading();
  const count = 300;
  const people = Array.from({ length: count }, (_, index) => person(`p${index}`));
  stage.feed({ type: 'pausing' });
  const connections = people.map((who) => {
    const connection = stage.connect();
    stage.signIn(connection, who);
    return connection;
  });
  stage.lead();
  for (let tick = 0; tick < 20; tick += 1) stage.pass(25);
  for (const connection of connections) assert.equal(stage.take(connection, 'signedIn').length, 1);
});
