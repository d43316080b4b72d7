// However much comes in and however far somebody reads up, what is in memory has a bound, and nothing that was let go
// is out of reach.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderOf, post, room, ScreenStory } from '../../support/screen-story.ts';

const KEPT_MAX = 1_000;
const AROUND_MAX = 5_000;
/** Where the talk of a test begins: below it there is room for history. */
const FIRST = 100_000;

const bob = (place: number, name = 'general') =>
  post(name, { name: 'bob', text: `post ${place}`, place });

const page = (from: number, count: number, more = true) => ({
  posts: Array.from({ length: count }, (_, index) => bob(from + index)),
  more,
});

function reading(): ScreenStory {
  const rooms = [room('general'), room('ops')];
  return new ScreenStory().signedIn(rooms, { general: page(FIRST, 100) });
}

const view = (told: ScreenStory, id = 'general') => {
  const found = told.model.rooms.find((each) => each.room.id === id);
  assert.ok(found);
  return found;
};

function hear(told: ScreenStory, from: number, count: number, name = 'general'): void {
  for (let place = from; place < from + count; place += 1)
    told.hear({ type: 'post', post: bob(place, name) });
}

/** Reads upwards as far as history is given. */
function readUp(told: ScreenStory, pages: number): void {
  let oldest = FIRST;
  for (let count = 0; count < pages; count += 1) {
    while (told.take('history').length === 0) told.keys('pageup');
    oldest -= 100;
    const before = view(told).lines[0]?.order ?? null;
    told.do({ type: 'historyCame', room: 'general', before, page: page(oldest, 100) });
  }
}

test('a room whose reader follows the end keeps a bounded number of lines, the newest of them', () => {
  const told = reading();
  hear(told, FIRST + 100, 3_000);
  assert.ok(view(told).lines.length <= KEPT_MAX);
  assert.match(told.frame(), /post 103099/);
  assert.equal(view(told).moreAbove, true);
});

test('a room that nobody looks at keeps fewer, and counts all that came', () => {
  const told = reading();
  hear(told, 1, 3_000, 'ops');
  assert.ok(view(told, 'ops').lines.length < KEPT_MAX);
  assert.equal(view(told, 'ops').unread, 3_000);
  told.do({ type: 'focused', focused: false }, { type: 'focused', focused: true });
  assert.equal(view(told, 'ops').unread, 3_000);
});

test('the unread rule stands where the news begins, and nowhere while that is not here', () => {
  const told = reading();
  hear(told, 1, 3_000, 'ops');
  told.keys('alt+2');
  for (let count = 0; count < 8; count += 1) told.keys('pageup');
  assert.doesNotMatch(told.frame(), /new messages/);
});

test('somebody who reads further up stays there, whatever comes, and is told how much it is', () => {
  const told = reading();
  told.keys('pageup');
  const shown = () => told.frame().match(/post \d+/g);
  const before = shown();
  hear(told, FIRST + 100, 12_000);
  assert.deepEqual(shown(), before);
  assert.ok(view(told).lines.length <= AROUND_MAX);
  assert.match(told.frame(), /↓ 120\d\d newer/);
});

test('End reads the newest page where the end was let go, and what came meanwhile is in it once', () => {
  const told = reading();
  told.keys('pageup');
  hear(told, FIRST + 100, 12_000);
  told.take('history');
  told.keys('end');
  assert.deepEqual(told.take('history'), [{ type: 'history', room: 'general', before: null }]);
  hear(told, FIRST + 12_100, 1);
  told.do({
    type: 'historyCame',
    room: 'general',
    before: null,
    page: page(FIRST + 12_001, 100),
  });
  hear(told, FIRST + 12_101, 1);
  assert.match(told.frame(), /post 112100\n.*post 112101/);
  const keys = view(told).lines.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(view(told).below, null);
  assert.equal(view(told).unread, 0);
});

test('an End whose answer is lost is asked for by the next one', () => {
  const told = reading();
  told.keys('pageup');
  hear(told, FIRST + 100, 12_000);
  told.keys('end');
  told.take('history');
  told.do({ type: 'historyFailed', room: 'general' });
  told.keys('pageup', 'end');
  assert.equal(
    told.take('history').some(({ before }) => before === null),
    true,
  );
});

test('reading upwards without an end keeps a bounded number of lines', () => {
  const told = reading();
  readUp(told, 120);
  assert.ok(view(told).lines.length <= AROUND_MAX, `${view(told).lines.length}`);
  assert.notEqual(view(told).below, null);
});

test('a late post from above what is here is not put next to it: it comes with its page', () => {
  const told = reading();
  hear(told, 50, 1);
  assert.equal(view(told).lines[0]?.order, orderOf(FIRST));
});

/** The reader is far up, and what is below was let go from `FIRST + ...` on. */
function letGo(): ScreenStory {
  const told = reading();
  told.keys('pageup');
  hear(told, FIRST + 100, 12_000);
  told.take('history');
  return told;
}

const lastPlace = (told: ScreenStory) => Number(view(told).lines.at(-1)?.order);

/** Reads downwards until a page is asked for. */
function readDown(told: ScreenStory) {
  for (let count = 0; count < 1_000; count += 1) {
    const [asked] = told.take('history');
    if (asked) return asked;
    told.keys('pagedown');
  }
  return assert.fail('nothing was asked for');
}

function giveNewer(told: ScreenStory, count: number, more: boolean): void {
  const after = view(told).lines.at(-1)?.order ?? '';
  const newer = page(lastPlace(told) + 1, count, more);
  told.do({ type: 'historyCame', room: 'general', before: null, after, page: newer });
}

test('reading down past what was let go goes on there, nothing moves and nothing is missing', () => {
  const told = letGo();
  const asked = readDown(told);
  assert.deepEqual(asked, {
    type: 'history',
    room: 'general',
    before: null,
    after: view(told).lines.at(-1)?.order,
  });
  const shown = () => told.frame().match(/post \d+/g);
  const before = [shown(), view(told).anchor, told.frame().match(/\d+ newer/)?.[0]];
  giveNewer(told, 100, true);
  assert.deepEqual([shown(), view(told).anchor, told.frame().match(/\d+ newer/)?.[0]], before);
  const places = view(told).lines.map(({ order }) => Number(order));
  assert.ok(places.every((place, index) => index === 0 || place === (places[index - 1] ?? 0) + 1));
});

test('read down to the newest, the room is followed again and counts as read', () => {
  const told = letGo();
  const end = FIRST + 12_099;
  while (view(told).below !== null) {
    readDown(told);
    const count = Math.min(100, end - lastPlace(told));
    giveNewer(told, count, lastPlace(told) + count < end);
    assert.ok(view(told).lines.length <= AROUND_MAX);
  }
  for (let count = 0; count < 20; count += 1) told.keys('pagedown');
  assert.equal(view(told).anchor, null);
  assert.equal(view(told).unread, 0);
  assert.match(told.frame(), /post 112099/);
  hear(told, end + 1, 1);
  assert.match(told.frame(), /post 112100/);
});

test('a post that comes while the last page is on its way is not put after a gap, nor lost', () => {
  const told = letGo();
  readDown(told);
  const last = lastPlace(told);
  hear(told, FIRST + 12_100, 1);
  assert.equal(lastPlace(told), last);
  giveNewer(told, 30, false);
  assert.notEqual(view(told).below, null);
  assert.equal(readDown(told).after, orderOf(last + 30));
});

test('a page below that is lost with a connection is asked for again at the next sign-in', () => {
  const told = letGo();
  const asked = readDown(told);
  told.do({ type: 'historyFailed', room: 'general' });
  told.hearRooms([room('general'), room('ops')]);
  assert.deepEqual(
    told.effects.filter(({ type }) => type === 'history').filter((each) => 'after' in each),
    [asked],
  );
});

test('a newest page that comes when the reader is up again is not put after a gap', () => {
  const told = letGo();
  const last = lastPlace(told);
  told.keys('end', 'pageup');
  told.take('history');
  const newest = page(FIRST + 12_000, 100);
  told.do({ type: 'historyCame', room: 'general', before: null, page: newest });
  assert.equal(lastPlace(told), last);
  assert.notEqual(view(told).below, null);
  assert.equal(readDown(told).after, orderOf(last));
});

test('after a reset a part of a room is not read on: its end is the newest page', () => {
  const told = letGo();
  told.hear({ type: 'reset' });
  for (let count = 0; count < 400 && view(told).anchor !== null; count += 1) told.keys('pagedown');
  const asked = told.take('history').filter((each) => each.room === 'general');
  assert.deepEqual(asked, [{ type: 'history', room: 'general', before: null }]);
});

test('a post that is being gone to is not let go on the way', () => {
  const told = reading();
  const found = { posts: [bob(10)], more: false, complete: true };
  told.keys('ctrl+r').type('post').do({ type: 'found', query: 'post', found, isMore: false });
  told.keys('enter');
  for (let oldest = FIRST - 200; oldest > FIRST - 8_000; oldest -= 200) {
    const before = view(told).lines[0]?.order ?? null;
    told.do({ type: 'historyCame', room: 'general', before, page: page(oldest, 200) });
  }
  assert.ok(view(told).lines.length > AROUND_MAX);
});
