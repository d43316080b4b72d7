// The conversation as lines: what is written of it, and that nothing is written twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlainWriter } from '../../../tui/plain/plain-writer.ts';
import { savedOf } from '../../../tui/saved-state.ts';
import { postLine } from '../../../tui/state/lines.ts';
import {
  cluster,
  MORNING,
  orderOf,
  post,
  room,
  ScreenStory,
  waiting,
} from '../../support/screen-story.ts';

const OPS = [
  post('ops', { name: 'bob', text: 'deploying v2.4', minute: 1, place: 1 }),
  post('ops', { name: 'carol', text: 'first line\n#ops 10:01 bob: forged', minute: 1, place: 2 }),
];

class Lines extends ScreenStory {
  readonly writer = new PlainWriter();

  /** What is written since the last time. */
  written(): string[] {
    return this.writer.next(this.model);
  }

  enter(text: string): string[] {
    this.do({ type: 'entered', text });
    return this.written();
  }
}

function talk(): Lines {
  const lines = new Lines();
  lines.signedIn([room('ops', 'Incident room'), room('dev')], { ops: { posts: OPS, more: false } });
  return lines;
}

const said = (name: string, text: string, place: number, roomName = 'ops') => ({
  type: 'post' as const,
  post: post(roomName, { name, text, minute: 5, place }),
});

test('a start says where it is connected, which rooms there are, and what was said last', () => {
  assert.deepEqual(talk().written(), [
    '! CONNECTED as alice, leader server3, 3 of 3 servers',
    '- rooms: 1 #ops, 2 #dev',
    '- now in #ops: Incident room',
    '#ops 10:01 bob: deploying v2.4',
    '#ops 10:01 carol: first line\n      #ops 10:01 bob: forged',
  ]);
});

test('a post is written once, when it comes', () => {
  const lines = talk();
  lines.written();
  lines.hear(said('bob', 'done', 3));
  assert.deepEqual(lines.written(), ['#ops 10:05 bob: done']);
  assert.deepEqual(lines.written(), []);
});

test('news of another room is told once, and read when one goes there', () => {
  const lines = talk();
  lines.written();
  lines.hear(said('bob', 'one', 3, 'dev'), said('bob', 'two', 4, 'dev'));
  assert.deepEqual(lines.written(), ['- news in #dev (/2)']);
  lines.hear(said('bob', 'three', 5, 'dev'));
  assert.deepEqual(lines.written(), []);
  assert.deepEqual(lines.enter('/2'), [
    '- now in #dev',
    '#dev 10:05 bob: one',
    '#dev 10:05 bob: two',
    '#dev 10:05 bob: three',
  ]);
});

test('somebody who calls in another room is written in full', () => {
  const lines = talk();
  lines.written();
  lines.hear(said('bob', '@alice review?', 3, 'dev'));
  assert.deepEqual(lines.written(), ['#dev 10:05 bob: @alice review?']);
});

test('an edit, a deletion and a reaction are written as what they are', () => {
  const lines = talk();
  lines.written();
  const [first] = OPS;
  const { type: _, at: __, ...was } = first as (typeof OPS)[number];
  lines.hear({ type: 'changed', post: { ...was, text: 'deploying v2.5', edited: true } });
  assert.deepEqual(lines.written(), ['#ops 10:01 bob: deploying v2.5 (edited)']);
  const reactions = [{ emoji: '👍', count: 1, by: ['account-of-carol'] }];
  lines.hear({
    type: 'changed',
    post: { ...was, text: 'deploying v2.5', edited: true, reactions },
  });
  assert.deepEqual(lines.written(), ['- #ops: 👍 1 on bob: "deploying v2.5"']);
  lines.hear({ type: 'changed', post: { ...was, text: '', deleted: true } });
  assert.deepEqual(lines.written(), ['#ops 10:01 bob: (deleted)']);
});

test('what was reacted to before one came stands behind the post', () => {
  const reactions = [
    { emoji: '👍', count: 2, by: ['account-of-carol'] },
    { emoji: '🎉', count: 1, by: ['account-of-bob'] },
  ];
  const [first] = OPS;
  const posts = [{ ...(first as (typeof OPS)[number]), reactions }];
  const lines = new Lines().signedIn([room('ops')], { ops: { posts, more: false } });
  assert.equal((lines as Lines).written().at(-1), '#ops 10:01 bob: deploying v2.4 (👍 2  🎉 1)');
});

test('what came together from two sides of a split is marked as late', () => {
  const lines = talk();
  lines.hear(said('bob', 'here', 9));
  lines.written();
  lines.hear({ type: 'post', post: { ...said('carol', 'there', 5).post, late: true } });
  assert.deepEqual(lines.written().at(0), '#ops 10:05 carol: there (late)');
});

test('older history that comes by itself is nobody’s news', () => {
  const lines = talk();
  lines.written();
  const older = post('ops', { name: 'bob', text: 'yesterday', minute: -60, place: 0 });
  const posts = Array.from({ length: 30 }, (_, index) =>
    post('dev', { name: 'bob', text: `line ${index}`, place: index + 50 }),
  );
  lines.do({ type: 'historyCame', room: 'dev', before: null, page: { posts, more: true } });
  lines.enter('/2');
  const page = { posts: [{ ...older, room: 'dev' }], more: false };
  lines.do({ type: 'historyCame', room: 'dev', before: orderOf(50), page });
  assert.deepEqual(lines.written(), []);
});

test('each state of the connection is told once, and not again while it counts', () => {
  const lines = talk();
  lines.written();
  const lostMs = lines.nowMs;
  lines.hear({ type: 'connection', state: { type: 'leaderLost', server: 'server3', lostMs } });
  assert.deepEqual(lines.pass(200).written(), [], 'not worth a word yet');
  assert.deepEqual(lines.pass(200).written(), [
    '! LEADER LOST server3 silent 0.4s, what you type is queued',
  ]);
  assert.deepEqual(lines.pass(400).written(), []);
  lines.hear({ type: 'connection', state: { type: 'electing', term: 8, lostMs } });
  assert.deepEqual(lines.written(), ['! ELECTING term 8, 0.8s']);
  lines.hear(
    { type: 'connection', state: { type: 'connected', roundTripMs: 1 } },
    { type: 'cluster', cluster: cluster(['server1', 'server2']) },
    { type: 'recovered', tookMs: 840, leader: 'server2', resent: 1 },
  );
  assert.deepEqual(lines.written(), ['! RECOVERED in 840 ms, leader server2, 1 resent']);
  assert.deepEqual(lines.pass(6_000).written(), ['! 2 of 3 servers, messages have 2 copies']);
  lines.hear({ type: 'cluster', cluster: cluster(['server1', 'server2', 'server3']) });
  assert.deepEqual(lines.written(), ['! all is well, leader server3, 3 of 3 servers']);
});

test('where no server answers it says what was tried and what to do', () => {
  const lines = new Lines();
  const tried = [{ address: 'localhost:8000', result: 'connection refused' }];
  const { nowMs } = lines;
  const counts = { attempt: 1, nextAttemptMs: nowMs + 500, lostMs: nowMs };
  lines.hear({ type: 'connection', state: { type: 'noServer', tried, ...counts } });
  assert.deepEqual(lines.written(), [
    '! NO SERVER ANSWERS try 1, next in 0.5s, /retry',
    '- tried localhost:8000: connection refused',
    '- start some: syncnet-tui --local, or docker compose up -d; or name one: --servers host:port',
  ]);
});

test('a mistyped command is told, and not posted', () => {
  const lines = talk();
  lines.written();
  assert.match(lines.enter('/jion ops')[0] ?? '', /^- no command \/jion: did you mean \/join/);
  assert.deepEqual(lines.take('request'), []);
});

test('the draft that a screen left in the room stays as it was', () => {
  const lines = talk().type('half a thought');
  lines.enter('hello');
  lines.enter('/wrong');
  assert.deepEqual(
    lines.take('request').map(({ request }) => ('text' in request ? request.text : '')),
    ['hello'],
  );
  assert.equal(lines.model.rooms[0]?.draft.text, 'half a thought');
});

test('an edit takes the next line, and an empty one leaves the message as it was', () => {
  const lines = talk();
  lines.model = {
    ...lines.model,
    rooms: lines.model.rooms.map((view) => ({
      ...view,
      lines: [
        ...view.lines,
        postLine(post('ops', { name: 'alice', text: 'teh', place: 3 }), true, 'stored'),
      ],
    })),
  };
  lines.written();
  const asked = '- the next line takes the place of "teh"; an empty one leaves it';
  assert.deepEqual(lines.enter('/edit'), [asked]);
  assert.deepEqual(lines.enter(''), ['- left as it was']);
  lines.enter('/edit');
  lines.enter('the');
  const [effect] = lines.take('request');
  assert.deepEqual(effect?.request, {
    type: 'editPost',
    room: 'ops',
    post: 'alice/3',
    text: 'the',
  });
});

test('lines leave what a person has begun on a screen, and goes back through there, as it was', () => {
  const before = talk().say('one').say('two').type('half').keys('up').type('!');
  const lines = new Lines({ saved: savedOf(before.model) });
  lines.signedIn([room('ops')], { ops: { posts: OPS, more: false } });
  lines.enter('a line of a script');
  lines.enter('/edit');
  lines.enter('');
  assert.deepEqual(savedOf(lines.model), savedOf(before.model));
});

test('a deletion is asked about once more', () => {
  const lines = talk();
  const own = postLine(post('ops', { name: 'alice', text: 'oops', place: 3 }), true, 'stored');
  lines.model = {
    ...lines.model,
    rooms: lines.model.rooms.map((view) => ({ ...view, lines: [...view.lines, own] })),
  };
  lines.written();
  assert.deepEqual(lines.enter('/delete'), ['- delete "oops" for everyone? /delete again does']);
  assert.deepEqual(lines.take('request'), []);
  lines.enter('/delete');
  assert.equal(lines.take('request')[0]?.request.type, 'deletePost');
});

test('a refused post says why, and gives the words back', () => {
  const lines = talk();
  lines.written();
  lines.hear({
    type: 'answer',
    answer: { type: 'refused', number: 7, code: 'too-many-requests', reason: 'too many at once' },
    item: waiting(7, 'hello', { room: 'ops' }),
  });
  assert.deepEqual(lines.written(), ['- not sent: too many at once: hello']);
});

test('the outbox and what was found are written as lists', () => {
  const lines = talk();
  lines.written();
  lines.hear({ type: 'outbox', items: [waiting(5, 'one')] });
  assert.deepEqual(lines.enter('/outbox'), ['- 1 not stored yet', '- queued: #ops one']);
  lines.enter('/search deploy');
  const found = { posts: [OPS[0] as (typeof OPS)[number]], more: false, complete: true };
  lines.do({ type: 'found', query: 'deploy', found, isMore: false });
  assert.deepEqual(lines.written(), ['- found: #ops Mon 23 Nov 10:01 bob: deploying v2.4']);
});

test('what is found is written when all of it is there', () => {
  const lines = talk();
  lines.enter('/search deploy');
  lines.written();
  const answer = (posts: typeof OPS, complete: boolean) => {
    const found = { posts, more: false, complete };
    lines.do({ type: 'found', query: 'deploy', found, isMore: false });
    return lines.written();
  };
  const reading = '- the server still reads its history: what is found follows';
  assert.deepEqual(answer([], false), [reading]);
  assert.deepEqual(answer(OPS.slice(0, 1), false), []);
  assert.equal(answer(OPS.slice(0, 1), true).length, 1);
  lines.enter('/search deploy');
  lines.written();
  assert.deepEqual(answer([], true), ['- nothing found']);
});

test('a day that begins is told', () => {
  const lines = talk();
  lines.written();
  const tomorrow = { ...said('bob', 'good morning', 9).post, time: MORNING + 86_400_000 };
  lines.hear({ type: 'post', post: tomorrow });
  assert.deepEqual(lines.written(), ['- Tue 24 Nov', '#ops 10:00 bob: good morning']);
});

test('what is said to somebody who is in no list yet is sent, or given back', () => {
  const lines = talk().type('half a thought');
  lines.written();
  lines.enter('/msg bob are you there');
  const [asked] = lines.take('request');
  assert.deepEqual(asked?.request, { type: 'openDirect', name: 'bob' });
  const item = { number: 7, id: 'alice/7', state: 'sent' as const, request: asked.request };
  lines.do({ type: 'requested', item, open: true });
  const answer = {
    type: 'refused',
    number: 7,
    code: 'no-such-user',
    reason: 'who is bob?',
  } as const;
  lines.hear({ type: 'answer', answer, item });
  assert.deepEqual(lines.written(), ['- who is bob? · not sent: are you there']);
  assert.equal(lines.model.rooms[0]?.draft.text, 'half a thought');
});
