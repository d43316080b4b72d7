// Whole frames, drawn without a terminal. The goldens are what a person sees.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionState } from '../../lib/client/api.ts';
import { frameOf } from '../../tui/frame.ts';
import { cellWidth } from '../../tui/text.ts';
import { assertGolden } from '../support/golden.ts';
import {
  cluster,
  MORNING,
  orderOf,
  post,
  room,
  ScreenStory,
  waiting,
} from '../support/screen-story.ts';

const ROOMS = [
  room('general'),
  room('ops', 'Incident room: server3 rollout'),
  room('dev'),
  room('日本語', '雑談'),
];

const SIZES = { '80x24': [80, 24], '40x12': [40, 12], '120x40': [120, 40] } as const;
type SizeName = keyof typeof SIZES;

const OPS = [
  post('ops', { name: 'bob', text: 'deploying v2.4, watch the lag graph', minute: 1, place: 1 }),
  post('ops', { name: 'carol', text: 'looks fine here 日本語も OK', minute: 1, place: 2 }),
  post('ops', {
    name: 'carol',
    text: 'and so does the family: 👨‍👩‍👧‍👦 👍🏽 🇯🇵',
    minute: 2,
    place: 3,
  }),
  post('ops', { name: 'alice', text: 'ack', minute: 2, place: 4 }),
];

/** A room during an incident: people talk, one server is down. */
function incident(size: SizeName): ScreenStory {
  const [columns, rows] = SIZES[size];
  const story = new ScreenStory({ columns, rows });
  story.signedIn(ROOMS, { ops: { posts: OPS, more: false } });
  story.keys('alt+2');
  const member = (name: string, change: 'joined' | 'left', place: number) => ({
    type: 'member' as const,
    member: {
      type: 'member' as const,
      room: 'ops',
      account: `account-of-${name}`,
      name,
      change,
      time: MORNING + 3 * 60_000,
      order: orderOf(place),
    },
  });
  story.hear(member('dave', 'joined', 5), member('erin', 'joined', 6), member('frank', 'left', 7));
  story.keys('alt+1');
  const asked = { name: 'bob', text: '@alice can you check the leader?', minute: 7, place: 8 };
  story.hear(
    { type: 'post', post: post('ops', asked) },
    { type: 'post', post: post('general', { name: 'bob', text: 'lunch?', minute: 7, place: 9 }) },
    {
      type: 'post',
      post: post('dev', { name: 'bob', text: '@alice review?', minute: 7, place: 9 }),
    },
  );
  story.keys('alt+2');
  if (size === '120x40') {
    const people = ['alice', 'bob', 'carol'].map((name) => ({
      account: `account-of-${name}`,
      name,
      state: name === 'carol' ? ('gone' as const) : ('here' as const),
    }));
    story.do({ type: 'peopleCame', room: 'ops', people, shown: false });
  }
  return story;
}

for (const size of Object.keys(SIZES) as SizeName[]) {
  test(`a room with talk, an unread line and a draft is drawn at ${size}`, () => {
    const story = incident(size).type('checking the logs');
    assertGolden(`room-${size}`, story.frame());
  });

  test(`a lost leader and what waits for the next one are drawn at ${size}`, () => {
    const story = incident(size);
    story.hear({
      type: 'connection',
      state: { type: 'leaderLost', server: 'server3', lostMs: story.nowMs },
    });
    story.hear({
      type: 'outbox',
      items: [
        waiting(5, 'restarting server1 now', { state: 'sent' }),
        waiting(6, 'one'),
        waiting(7, 'two'),
      ],
    });
    assertGolden(`leader-lost-${size}`, story.pass(1_200).frame());
  });

  test(`help is drawn at ${size}`, () => {
    assertGolden(`help-${size}`, incident(size).type('?').frame());
  });

  test(`a start that finds no server is drawn at ${size}`, () => {
    const [columns, rows] = SIZES[size];
    const story = new ScreenStory({ columns, rows });
    const tried = ['localhost:8000', 'localhost:8001', 'localhost:8002'].map((address) => ({
      address,
      result: 'connection refused',
    }));
    const lostMs = story.nowMs;
    const state: ConnectionState = {
      type: 'noServer',
      tried,
      attempt: 3,
      nextAttemptMs: lostMs + 1_600,
      lostMs,
    };
    story.hear({ type: 'connection', state });
    assertGolden(`no-server-${size}`, story.frame());
  });
}

test('a reader away from the end is told how much is below', () => {
  const story = new ScreenStory();
  const posts = Array.from({ length: 60 }, (_, index) =>
    post('ops', { name: 'bob', text: `line ${index + 1}`, minute: index, place: index + 1 }),
  );
  story.signedIn([room('ops')], { ops: { posts, more: false } }).keys('pageup');
  const newer = { name: 'carol', text: 'something new', minute: 61, place: 61 };
  story.hear({ type: 'post', post: post('ops', newer) });
  assertGolden('reading-80x24', story.frame());
});

test('the room switcher lists what fits, best first', () => {
  assertGolden('switcher-80x24', incident('80x24').keys('ctrl+k').type('e').frame());
});

test('a text of several lines grows the composer', () => {
  const story = incident('80x24')
    .type('first')
    .keys('ctrl+j')
    .type('second 日本')
    .keys('ctrl+j')
    .type('third');
  assertGolden('composer-80x24', story.frame());
});

test('a refused sign-in says why, and takes another name', () => {
  const story = new ScreenStory();
  const reason = 'that name belongs to another key';
  story.hear({ type: 'connection', state: { type: 'refused', code: 'name-taken', reason } });
  assertGolden('refused-80x24', story.type('alice2').frame());
});

test('fewer copies than servers stand in the status row', () => {
  const story = incident('80x24').hear({ type: 'cluster', cluster: cluster(['server1']) });
  assert.match(story.frame(), /◍ 1 of 3 servers · messages have 1 copy/);
});

test('every row of a frame is as wide as the screen, whatever was written', () => {
  const nasty = [
    'a\u0301'.repeat(90),
    '日'.repeat(70),
    '👨‍👩‍👧‍👦'.repeat(45),
    'x'.repeat(300),
    '\u001b[31mred',
  ];
  for (const [columns, rows] of [...Object.values(SIZES), [70, 10], [20, 6], [200, 60]] as const) {
    const story = new ScreenStory({ columns, rows }).signedIn(ROOMS).keys('alt+2');
    nasty.forEach((text, index) => {
      story.hear({ type: 'post', post: post('ops', { name: 'bob', text, place: index + 1 }) });
    });
    const lines = story.frame().split('\n');
    assert.equal(lines.length, rows, `${columns}x${rows}`);
    for (const line of lines) assert.ok(cellWidth(line) <= columns, `${columns}x${rows}: ${line}`);
  }
});

const MARKDOWN = [
  'a **bold word that goes over the end of a row** and *more*, `code` and ~~not~~ https://x.io/a?b=c',
  '```ts\nconst a = 1; // **as it is**\n```',
  '[bank.com](https://evil.example/login) and [x](javascript:alert(1)) and @alice',
];

test('emphasis, code and links are drawn', () => {
  const story = new ScreenStory().signedIn([room('general')]);
  for (const [index, text] of MARKDOWN.entries())
    story.hear({ type: 'post', post: post('general', { name: 'bob', text, place: index + 1 }) });
  assertGolden('markdown-80x24', story.frame());
});

test('a link carries its true address for the terminal, on each of its rows, and nothing else does', () => {
  const story = new ScreenStory({ columns: 60 }).signedIn([room('general')]);
  const address = `https://x.io/${'long/'.repeat(12)}`;
  const text = `see ${address} and \u001b]8;;ftp://evil.example\u0007here\u001b]8;;\u0007`;
  story.hear({ type: 'post', post: post('general', { name: 'bob', text, place: 1 }) });
  const drawn = story.drawn();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const opened = [...drawn.matchAll(/\u001b\]8;;([^\u0007\u001b]+)/g)].map(([, to]) => to);
  assert.ok(opened.length >= 2, JSON.stringify(drawn));
  assert.deepEqual(new Set(opened), new Set([address]));
});

test('answers, edits, actions, reactions and what was taken back', () => {
  for (const size of ['40x12', '80x24'] as const) {
    const [columns, rows] = SIZES[size];
    const story = new ScreenStory({ columns, rows });
    const reply = {
      id: 'bob/1',
      name: 'bob',
      text: 'deploying v2.4, watch the lag graph',
      order: orderOf(1),
    };
    const posts = [
      post('ops', { name: 'bob', text: 'deploying v2.4', minute: 1, place: 1 }),
      { ...post('ops', { name: 'carol', text: 'looks fine', minute: 1, place: 2 }), reply },
      { ...post('ops', { name: 'dave', text: 'waves', minute: 2, place: 3 }), action: true },
      { ...post('ops', { name: 'erin', text: 'and fixed', minute: 2, place: 4 }), edited: true },
      { ...post('ops', { name: 'frank', text: '', minute: 3, place: 5 }), deleted: true },
    ];
    const reactions = [
      { emoji: '👍', count: 3, by: [] },
      { emoji: '🎉', count: 1, by: [] },
    ];
    const reacted = {
      ...post('ops', { name: 'bob', text: 'done', minute: 3, place: 6 }),
      reactions,
    };
    story.signedIn([room('ops')], { ops: { posts: [...posts, reacted], more: false } });
    assertGolden(`about-posts-${size}`, story.keys('alt+s').frame());
  }
});

test('what a search found', () => {
  for (const size of ['40x12', '80x24'] as const) {
    const [columns, rows] = SIZES[size];
    const story = new ScreenStory({ columns, rows });
    story
      .signedIn([room('ops')])
      .keys('ctrl+r')
      .type('lag');
    const found = { posts: OPS.toReversed(), more: false, complete: false };
    story.do({ type: 'found', query: 'lag', found, isMore: false });
    assertGolden(`search-${size}`, story.keys('down').frame());
  }
});

test('what is typed into a pane is seen to its end, the cursor behind it, however long it is', () => {
  for (const open of ['ctrl+r', 'ctrl+k']) {
    const story = new ScreenStory({ columns: 40, rows: 12 }).signedIn([room('ops')]);
    story.keys(open).type(`${'日本語 '.repeat(12)}the end`);
    assert.match(story.frame().split('\n')[1] ?? '', /the end$/);
    const { x = 0, y } = frameOf(story.model).cursor ?? {};
    assert.ok(y === 1 && x >= 38 && x <= 39, `${x}, ${y}`);
  }
});
