// Writing to one person: the list, `/msg`, and what counts as calling somebody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, OutboxItem } from '../../../lib/client/api.ts';
import { assertGolden } from '../../support/golden.ts';
import { direct, orderOf, post, room, ScreenStory } from '../../support/screen-story.ts';

const ROOMS = [room('general'), direct('bob'), room('ops', 'Incident room')];

const signedIn = (fields: ConstructorParameters<typeof ScreenStory>[0] = {}) =>
  new ScreenStory(fields).signedIn(ROOMS);
const names = (story: ScreenStory) => story.model.rooms.map((view) => view.room.id);
const draftOf = (story: ScreenStory, id: string) =>
  story.model.rooms.find((view) => view.room.id === id)?.draft.text;

/** From bob to alice alone. */
const whisper = (text: string, place: number, minute = 7) => ({
  type: 'post' as const,
  post: { ...post('with-bob', { name: 'bob', text, minute, place }) },
});

const item = (number: number, name: string): OutboxItem => ({
  number,
  id: `alice/${number}`,
  state: 'sent',
  request: { type: 'openDirect', name },
});

function answered(story: ScreenStory, asked: OutboxItem, answer: Partial<Answer>): ScreenStory {
  const full = {
    type: 'stored',
    number: asked.number,
    id: asked.id,
    time: 0,
    order: orderOf(50),
    copies: 3,
    ...answer,
  } as Answer;
  return story.hear({ type: 'outbox', items: [] }, { type: 'answer', answer: full, item: asked });
}

/** `/msg` to somebody who is in no list yet, on its way. */
function asking(typed: string, name = 'carol', begun = signedIn()) {
  const story = begun.say(typed);
  const [effect] = story.take('request');
  assert.deepEqual(effect?.request, { type: 'openDirect', name });
  const asked = item(7, name);
  story.do({ type: 'requested', item: asked, open: effect.open });
  return { story: story.hear({ type: 'outbox', items: [asked] }), asked };
}

test('those one writes to stand below the rooms, whenever either came', () => {
  const story = signedIn();
  assert.deepEqual(names(story), ['general', 'ops', 'with-bob']);
  story.hear({ type: 'room', room: direct('carol') }, { type: 'room', room: room('dev') });
  assert.deepEqual(names(story), ['general', 'ops', 'dev', 'with-bob', 'with-carol']);
});

const WAYS: readonly (readonly [string, (story: ScreenStory) => ScreenStory])[] = [
  ['Esc and its digit', (story) => story.keys('escape').type('3')],
  ['Ctrl+P from the first room', (story) => story.keys('ctrl+p')],
  ['the switcher', (story) => story.keys('ctrl+k').type('@bo').keys('enter')],
  ['Ctrl+G once it has news', (story) => story.hear(whisper('psst', 9)).keys('ctrl+g')],
  ['/msg and the name, in any spelling', (story) => story.say('/msg @BOB')],
  ['/dm as well', (story) => story.say('/dm bob')],
];
for (const [way, go] of WAYS) {
  test(`${way} goes to the conversation`, () => {
    const story = go(signedIn());
    assert.equal(story.model.openRoom, 'with-bob');
    assert.deepEqual(story.take('request'), []);
  });
}

test('what is written behind the name goes to that person, and a draft there stays', () => {
  const story = signedIn().keys('ctrl+p').type('half a thou').keys('ctrl+n');
  story.say('/msg bob  lunch at one?');
  assert.deepEqual(
    story.take('request').map(({ request }) => request),
    [{ type: 'post', room: 'with-bob', text: 'lunch at one?' }],
  );
  assert.equal(story.model.openRoom, 'with-bob');
  assert.equal(draftOf(story, 'with-bob'), 'half a thou');
  assert.equal(draftOf(story, 'general'), '');
});

test('whoever is in no list is asked for, and what was written stays until there is a place for it', () => {
  const { story, asked } = asking('/msg carol hello you');
  assert.equal(draftOf(story, 'general'), '/msg carol hello you');
  story.keys('enter');
  assert.deepEqual(story.take('request'), [], 'asked once');
  answered(story, asked, { room: direct('carol') } as Partial<Answer>);
  assert.equal(story.model.openRoom, 'with-carol');
  assert.equal(draftOf(story, 'general'), '');
  assert.deepEqual(
    story.take('request').map(({ request }) => request),
    [{ type: 'post', room: 'with-carol', text: 'hello you' }],
  );
});

test('whoever has written on meanwhile is not torn away, and sends when they like', () => {
  const { story, asked } = asking('/msg carol hello');
  answered(story.type('!'), asked, { room: direct('carol') } as Partial<Answer>);
  assert.equal(story.model.openRoom, 'general');
  assert.equal(draftOf(story, 'general'), '/msg carol hello!');
  assert.deepEqual(story.take('request'), []);
  story.keys('enter');
  assert.equal(story.take('request').length, 1);
});

test('a name that nobody has is told, and what was written is there to be mended', () => {
  const { story, asked } = asking('/msg craol hello', 'craol');
  const reason = 'nobody goes by the name craol';
  answered(story, asked, { type: 'refused', code: 'no-such-user', reason } as Partial<Answer>);
  assert.equal(draftOf(story, 'general'), '/msg craol hello');
  assert.equal(story.model.hint?.text, reason);
  assert.equal(story.model.toSay, null);
});

for (const [typed, problem] of [
  ['/msg', 'to whom? /msg NAME TEXT'],
  ['/msg a/b hi', 'a/b is no name'],
  [`/msg bob ${'x'.repeat(4_001)}`, 'too long by 1 characters'],
] as const) {
  test(`${typed.slice(0, 12)} is not sent: ${problem}`, () => {
    const story = signedIn().say(typed);
    assert.deepEqual(story.take('request'), []);
    assert.ok(story.model.hint?.text.startsWith(problem), story.model.hint?.text);
  });
}

test('Tab completes those one writes to and those who spoke', () => {
  const story = signedIn().type('/msg b').keys('tab');
  assert.equal(draftOf(story, 'general'), '/msg bob ');
});

test('what one person writes to another calls them, named or not', () => {
  const story = signedIn().do({ type: 'focused', focused: false });
  story.hear(whisper('are you there', 9));
  const view = story.model.rooms.at(-1);
  assert.deepEqual([view?.unread, view?.mentions], [1, 1]);
  assert.deepEqual(story.take('alert'), [
    { type: 'alert', title: 'bob writes to you', text: 'are you there' },
  ]);
});

test('the first message of a new conversation is news', () => {
  const story = signedIn().hear({ type: 'room', room: direct('carol') });
  const hello = post('with-carol', { name: 'carol', text: 'hi alice', minute: 7, place: 9 });
  story.hear({ type: 'post', post: hello });
  const page = { posts: [hello], more: false };
  story.do({ type: 'historyCame', room: 'with-carol', before: null, page });
  assert.equal(story.model.rooms.at(-1)?.unread, 1);
});

test('the mark before the name follows whether that person is here', () => {
  const story = signedIn();
  const presence = { type: 'presence' as const, account: 'account-of-bob', name: 'bob' };
  story.hear({ type: 'presence', presence: { ...presence, state: 'gone' } });
  assert.match(story.frame(), /3 ○ bob/);
});

test('conversations are in no list of rooms, and are not joined', () => {
  const story = signedIn().do({ type: 'roomsCame', rooms: ROOMS, shown: true });
  assert.doesNotMatch(story.frame(), /#bob/);
  const [effect] = story.say('/join bob').take('request');
  assert.deepEqual(effect?.request, { type: 'joinRoom', name: 'bob' });
});

test('a search may be for what one wrote to a person', () => {
  const story = signedIn().say('/search plan in:@bob');
  assert.equal(story.take('search').at(-1)?.request.room, 'with-bob');
});

for (const [columns, rows] of [
  [80, 24],
  [40, 12],
] as const) {
  const story = () =>
    signedIn({ columns, rows })
      .hear({ type: 'room', room: direct('carol', 'gone') })
      .hear({ type: 'room', room: direct('dave', 'idle') })
      .hear(whisper('can you check the leader?', 9))
      .hear(whisper('it is server2 now, and nobody noticed', 10));

  test(`those one writes to are drawn below the rooms at ${columns}x${rows}`, () => {
    const drawn = story().say('/msg bob').type('on it').frame();
    assertGolden(`direct-${columns}x${rows}`, drawn);
  });

  test(`news of them is drawn in the switcher at ${columns}x${rows}`, () => {
    assertGolden(`direct-switcher-${columns}x${rows}`, story().keys('ctrl+k').frame());
  });
}

test('a list that is longer than the screen shows the conversation that is open', () => {
  const story = signedIn({ rows: 10 });
  for (const name of ['carol', 'dave', 'erin']) story.hear({ type: 'room', room: direct(name) });
  assertGolden('direct-scrolled-80x10', story.keys('ctrl+p').frame());
  // A click on the row of the one above opens that one.
  story.do({ type: 'mouse', does: 'press', x: 5, y: 4 });
  assert.equal(story.model.openRoom, 'with-dave');
});

test('what somebody in no room writes to one person is said to them', () => {
  const { story, asked } = asking('/msg carol hello', 'carol', new ScreenStory().signedIn([]));
  story.hear({ type: 'room', room: direct('carol') });
  answered(story, asked, { room: { ...direct('carol') } } as Partial<Answer>);
  const [effect] = story.take('request');
  assert.deepEqual(effect?.request, { type: 'post', room: 'with-carol', text: 'hello' });
  assert.equal(draftOf(story, 'with-carol'), '');
});
