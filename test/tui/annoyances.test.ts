// What annoys people in terminal chat, each shown to be absent here. In a real terminal: test/pty.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellWidth } from '../../tui/text.ts';
import {
  MORNING,
  orderOf,
  post,
  room,
  ScreenStory,
  SELF,
  waiting,
} from '../support/screen-story.ts';

const OPS = Array.from({ length: 60 }, (_, index) =>
  post('ops', { name: 'bob', text: `line ${index + 1}`, place: index + 1 }),
);

const story = () =>
  new ScreenStory().signedIn([room('ops'), room('dev')], { ops: { posts: OPS, more: false } });
const hear = (told: ScreenStory, text: string, place: number, where = 'ops') =>
  told.hear({ type: 'post', post: post(where, { name: 'bob', text, place }) });
const posts = (told: ScreenStory) =>
  told.take('request').filter(({ request }) => request.type === 'post');
const times = (frame: string, text: string) => frame.split(text).length - 1;
const lose = (told: ScreenStory) =>
  told.hear({
    type: 'connection',
    state: { type: 'leaderLost', server: 'server3', lostMs: told.nowMs },
  });

test('1. a silent disconnect: the loss is said in words, with how long it lasts', () => {
  const told = lose(story()).pass(1_200);
  assert.match(told.frame(), /LEADER LOST server3 silent 1\.2s/);
});

test('2. a send lost or doubled: it stands there from Enter on, and once', () => {
  const told = story().say('only once');
  const item = waiting(1, 'only once', { state: 'sent' });
  told.hear({ type: 'outbox', items: [item] });
  assert.equal(times(told.frame(), 'only once'), 1);
  // Nobody knows whether it was stored: it stands there as queued, once, and is sent again under its number.
  lose(told).pass(2_000);
  told.hear({ type: 'outbox', items: [{ ...item, state: 'queued' }] });
  assert.match(told.frame(), /only once +queued/);
  assert.equal(times(told.frame(), 'only once'), 1);
  told.hear({ type: 'outbox', items: [item] });
  const mine = { ...post('ops', { name: 'alice', text: 'only once', place: 61 }), account: SELF };
  told.hear({ type: 'post', post: { ...mine, id: item.id } });
  const answer = { type: 'stored', number: 1, id: item.id, time: MORNING, copies: 3 } as const;
  told.hear({ type: 'answer', item, answer: { ...answer, order: mine.order } });
  told.hear({ type: 'outbox', items: [] });
  assert.equal(times(told.frame(), 'only once'), 1);
});

test('3. jumping to the bottom while reading: what comes moves nothing', () => {
  const told = story().keys('pageup');
  const [, ...before] = told.frame().split('\n').slice(0, 18);
  for (let place = 61; place < 80; place += 1) hear(told, `new ${place}`, place);
  const [, ...after] = told.frame().split('\n').slice(0, 18);
  const timeline = (rows: readonly string[]) => rows.map((row) => row.slice(17));
  assert.deepEqual(timeline(after), timeline(before));
});

test('4. no hint of newer messages below: they are counted, with the key that goes there', () => {
  const told = story().keys('pageup', 'pageup');
  const count = () => Number(/↓ (\d+) newer · End to follow/.exec(told.frame())?.[1]);
  const before = count();
  hear(told, 'one more', 61);
  assert.equal(count(), before + 1);
});

test('5. the mouse blocking selection: who clicks is told how to select, and can have it back', () => {
  const told = story().do({ type: 'mouse', does: 'press', x: 40, y: 5 });
  assert.match(told.frame(), /hold Shift .* \/mouse/);
  told.keys('escape').say('/mouse');
  assert.deepEqual(told.take('mouse'), [{ type: 'mouse', on: false }]);
});

test('6. the wheel cycling earlier input: it scrolls, and the draft stays', () => {
  const told = story().say('/topic before').type('draft');
  told.do({ type: 'mouse', does: 'wheelUp', x: 40, y: 5 });
  assert.match(told.frame(), /❯ draft/);
  assert.match(told.frame(), /newer/);
});

test('7. copied text with sidebars in it or broken links: plain lines, however long', () => {
  const address = `https://example.org/${'path/'.repeat(60)}`;
  const [view] = hear(story(), address, 61).keys('ctrl+y').take('plainView');
  assert.ok(view?.text.includes(`bob: ${address}`));
  assert.doesNotMatch(view?.text ?? '', /│|ROOMS/);
});

test('8. a paste that sends at once: it never does, and many lines are asked about', () => {
  const told = story().do({ type: 'pasted', text: 'one\ntwo\nthree\nfour\nfive\n' });
  assert.deepEqual(posts(told), []);
  assert.deepEqual(posts(told.keys('enter')), [], 'Enter asks');
  assert.equal(posts(told.keys('enter')).length, 1);
});

test('9. a mistyped command posted to the room: it is named, and stays to be mended', () => {
  const told = story().say('/joim dev');
  assert.deepEqual(told.take('request'), []);
  assert.match(told.frame(), /did you mean \/join\?/);
  assert.match(told.frame(), /❯ \/joim dev/);
});

test('10. a draft lost by switching rooms: each room keeps its own', () => {
  const told = story().type('for ops').keys('ctrl+n').type('for dev').keys('ctrl+p');
  assert.match(told.frame(), /#ops ❯ for ops/);
  assert.match(told.keys('ctrl+n').frame(), /#dev ❯ for dev/);
});

test('11. emoji misaligning columns: every row is as wide as the screen', () => {
  const told = new ScreenStory({ columns: 120, rows: 40 }).signedIn([room('日本語'), room('ops')]);
  const texts = [
    '👨‍👩‍👧‍👦 family',
    '👍🏽 ok',
    '🇯🇵 flag',
    'e\u0301a\u0308 marks',
    '雑談 ✂️ ☎️',
    'ｗｉｄｅ',
  ];
  for (const [index, text] of texts.entries()) hear(told, text, index + 1, '日本語');
  let ruled = 0;
  for (const row of told.frame().split('\n')) {
    assert.ok(cellWidth(row) <= 120, row);
    const rule = row.lastIndexOf('│');
    if (rule <= 60) continue;
    ruled += 1;
    assert.equal(cellWidth(row.slice(0, rule)), 100, row);
  }
  assert.equal(ruled, 35, 'the rule beside the people stands in every row of the timeline');
});

test('12. join and leave noise: any number of them is one line', () => {
  const told = story();
  for (let place = 61; place < 90; place += 1) {
    const name = `guest${place % 7}`;
    const member = { room: 'ops', account: name, name, time: MORNING, order: orderOf(place) };
    const change = place % 2 ? ('joined' as const) : ('left' as const);
    told.hear({ type: 'member', member: { type: 'member', ...member, change } });
  }
  const rows = told.frame().split('\n');
  const noisy = rows.filter((row) => row.includes('guest'));
  assert.equal(rows.filter((row) => row.includes('-!-')).length, 1, noisy.join('\n'));
  assert.ok(noisy.length === 1 || noisy.length === 2, 'one line, which may take two rows');
});

test('13. a room list that reorders itself: it stays, whatever comes and wherever one goes', () => {
  const told = story();
  const list = () =>
    told
      .frame()
      .split('\n')
      .flatMap((row) => /^ *\d+ #(\w+)/.exec(row)?.[1] ?? []);
  const before = list();
  hear(told, '@alice look', 1, 'dev');
  told.keys('ctrl+g').hear({ type: 'room', room: { ...room('ops'), topic: 'new' } });
  assert.deepEqual(list(), before);
});

test('14. alerts for the room one is looking at, or none while away', () => {
  const told = hear(story(), '@alice here', 61);
  assert.deepEqual(told.take('alert'), []);
  told.do({ type: 'focused', focused: false });
  assert.equal(hear(told, '@alice there', 62).take('alert').length, 1);
});

test('15. flicker: a failover of under 300 ms changes nothing but the dot', () => {
  const told = story();
  const before = told.frame().split('\n').slice(1).join('\n');
  lose(told).pass(290);
  assert.equal(told.frame().split('\n').slice(1).join('\n'), before);
  told.hear({ type: 'connection', state: { type: 'connected', roundTripMs: 12 } });
  assert.equal(told.frame().split('\n').slice(1).join('\n'), before);
});
