// Searching, as a person does: a pane that asks as one types, and the way to what was found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryPage } from '../../../lib/client/api.ts';
import { parseSearch } from '../../../tui/search-query.ts';
import { orderOf, post, room, ScreenStory } from '../../support/screen-story.ts';

const said = (place: number, text = `line ${place}`) =>
  post('ops', { name: 'bob', text, minute: place % 60, place });
const NEWEST: HistoryPage = {
  posts: Array.from({ length: 100 }, (_, index) => said(500 + index)),
  more: true,
};

const story = () => new ScreenStory().signedIn([room('ops'), room('dev')], { ops: NEWEST });
const asked = (told: ScreenStory) => told.take('search');
const answer = (told: ScreenStory, query: string, places: readonly number[], more = false) =>
  told.do({
    type: 'found',
    query,
    isMore: false,
    found: { posts: places.map((place) => said(place)), more, complete: true },
  });

test('words, and where they may be', () => {
  const rooms = [room('ops')];
  assert.deepEqual(parseSearch('lag graph from:@bob in:#OPS', rooms), {
    type: 'search',
    request: { text: 'lag graph', author: 'bob', room: 'ops' },
  });
  assert.deepEqual(parseSearch('after:2026-11-01 before:2026-12-01 "lag graph"', rooms), {
    type: 'search',
    request: {
      text: '"lag graph"',
      fromMs: new Date(2026, 10, 1).getTime(),
      untilMs: new Date(2026, 11, 1).getTime(),
    },
  });
  assert.deepEqual(parseSearch('  in:ops ', rooms), { type: 'nothing' });
  for (const wrong of ['x in:nowhere', 'x from:', 'x after:yesterday', 'x before:2026-13-41'])
    assert.equal(parseSearch(wrong, rooms).type, 'wrong', wrong);
});

test('the pane asks as one types, and takes the answer to what stands there only', () => {
  const told = story().keys('ctrl+r');
  assert.match(told.frame(), /from:bob {2}in:#ops/, 'says what can be typed');
  told.type('la').type('g');
  assert.deepEqual(
    asked(told).map(({ query }) => query),
    ['la', 'lag'],
  );
  answer(told, 'la', [1]);
  assert.doesNotMatch(told.frame(), /line 1/);
  answer(told, 'lag', [3, 2]);
  assert.match(told.frame(), /#ops bob line 3[\s\S]*#ops bob line 2/);
  answer(told.keys('backspace', 'backspace').type('x'), 'lx', []);
  assert.match(told.frame(), /nothing found/);
  assert.equal(told.keys('escape').model.overlay, null);
});

test('a mistake in a filter is named where one types, and nothing is asked', () => {
  const told = story().say('/search x in:nowhere');
  assert.match(told.frame(), /you are in no room #nowhere/);
  assert.deepEqual(asked(told), []);
});

test('at the last result older ones are asked for', () => {
  const told = story().keys('ctrl+r').type('line');
  answer(told, 'line', [9, 8], true);
  asked(told);
  told.keys('down');
  const [more] = asked(told);
  assert.deepEqual([more?.request.before, more?.isMore], [orderOf(8), true]);
  const found = { posts: [said(7)], more: false, complete: true };
  told.do({ type: 'found', query: 'line', isMore: true, found });
  assert.match(told.frame(), /line 9[\s\S]*line 8[\s\S]*line 7/);
});

test('a server that still reads its history is asked again until it has', () => {
  const told = story().keys('ctrl+r').type('line');
  asked(told);
  const part = (
    places: readonly number[],
    { complete, more = true }: { complete: boolean; more?: boolean },
  ) => {
    const found = { posts: places.map((place) => said(place)), more, complete };
    told.do({ type: 'found', query: 'line', isMore: false, found });
    return asked(told).map(({ query, isAgain }) => [query, isAgain]);
  };
  assert.deepEqual(part([], { complete: false, more: false }), [['line', true]]);
  assert.match(told.frame(), /still reads its history/);
  assert.doesNotMatch(told.frame(), /nothing found/, 'nobody knows yet');
  // The oldest are in its index first: what comes later stands above, and perhaps not next to it.
  assert.deepEqual(part([8, 5], { complete: false }), [['line', true]]);
  assert.deepEqual(part([90, 80], { complete: true }), [], 'all of it is there');
  assert.doesNotMatch(told.frame(), /line [58]\b/, 'no hole that nobody can see');
  told.keys('down');
  assert.deepEqual(asked(told)[0]?.request.before, orderOf(80), 'what lies between is read on');
});

test('a server that does not look says why, until something else is typed', () => {
  const told = story().keys('ctrl+r').type('line');
  told.do({ type: 'searchFailed', query: 'lin', reason: 'the disk failed' });
  assert.match(told.frame(), /searching…/, 'that was of other words');
  told.do({ type: 'searchFailed', query: 'line', reason: 'the disk failed' });
  assert.match(told.frame(), /the disk failed/);
  assert.doesNotMatch(told.frame(), /searching…/);
  told.type('s');
  assert.doesNotMatch(told.frame(), /the disk failed/);
  const found = { posts: [said(8)], more: false, complete: true };
  told.do({ type: 'searchFailed', query: 'lines', reason: 'the disk failed' });
  told.do({ type: 'found', query: 'lines', isMore: false, found });
  assert.doesNotMatch(told.frame(), /the disk failed/);
});

test('whoever looks through what was found so far is left with it', () => {
  const told = story().keys('ctrl+r').type('line');
  const part = (places: readonly number[], complete: boolean) => {
    const found = { posts: places.map((place) => said(place)), more: false, complete };
    told.do({ type: 'found', query: 'line', isMore: false, found });
  };
  part([8, 5], false);
  told.keys('down');
  asked(told);
  part([9, 7], true);
  assert.match(told.frame(), /still reads its history[\s\S]*line 8[\s\S]*line 5/);
  assert.deepEqual(asked(told).length, 1, 'and asked again');
  told.keys('up');
  part([9, 7], true);
  assert.match(told.frame(), /line 9[\s\S]*line 7/);
});

test('an older page of a server that still reads its history is not the last', () => {
  const told = story().keys('ctrl+r').type('line');
  answer(told, 'line', [9, 8], true);
  told.keys('down');
  asked(told);
  const found = { posts: [], more: false, complete: false };
  told.do({ type: 'found', query: 'line', isMore: true, found });
  assert.match(told.frame(), /still reads its history/);
  assert.deepEqual(
    asked(told).map(({ isAgain }) => isAgain),
    [true],
  );
});

test('a search that was lost with its connection is asked for again', () => {
  const told = story().keys('ctrl+r').type('line');
  asked(told);
  told.hearRooms([room('ops'), room('dev')]);
  assert.deepEqual(
    asked(told).map(({ query }) => query),
    ['line'],
  );
  answer(told, 'line', [1]);
  told.hearRooms([room('ops'), room('dev')]);
  assert.deepEqual(asked(told), [], 'all of it is there');
});

test('older ones are those of the words that stand in the pane', () => {
  const told = story().keys('ctrl+r').type('lin');
  answer(told, 'lin', [9], true);
  told.type('e');
  asked(told);
  told.keys('down');
  assert.deepEqual(asked(told), [], 'what stands there was found for other words');
});

test('Enter goes to what was found, through as much history as it takes', () => {
  const told = story().keys('ctrl+r').type('line');
  answer(told, 'line', [100]);
  told.keys('enter');
  for (const oldest of [300, 99]) {
    const [page] = told.take('history').filter(({ limit }) => limit === 200);
    assert.ok(page, 'asks on');
    assert.match(told.frame(), /going back to/);
    const posts = Array.from({ length: 200 }, (_, index) => said(oldest + index));
    told.do({ ...page, type: 'historyCame', page: { posts, more: true } });
  }
  assert.equal(told.model.marked, 'bob/100');
  assert.match(told.frame(), /line 100\b/);
  assert.equal(told.model.jump, null);
  told.keys('alt+s');
  assert.equal(told.model.selected, 'bob/100', 'what was gone to is what is chosen');
  told.keys('escape').type('really');
  assert.equal(told.model.rooms.find(({ room }) => room.id === 'ops')?.draft.text, 'really');
});

test('whoever goes to what was found and types on writes', () => {
  const told = story().keys('ctrl+r').type('line');
  const posts = Array.from({ length: 9 }, (_, index) => said(100 + index));
  answer(told, 'line', [104]);
  told.keys('enter');
  told.do({ type: 'historyCame', room: 'ops', before: null, page: { posts, more: false } });
  assert.equal(told.model.marked, 'bob/104');
  told.type('dear');
  assert.equal(told.model.marked, null);
  assert.equal(told.model.rooms.find(({ room }) => room.id === 'ops')?.draft.text, 'dear');
});

test('what is not there any longer is not looked for without end', () => {
  const told = story().keys('ctrl+r').type('line');
  answer(told, 'line', [100]);
  told.keys('enter');
  const page = { posts: [said(99)], more: true };
  told.do({ type: 'historyCame', room: 'ops', before: orderOf(500), page });
  assert.match(told.frame(), /not there any longer/);
});

test('whoever goes elsewhere meanwhile is not torn back', () => {
  const told = story().keys('ctrl+r').type('line');
  answer(told, 'line', [100]);
  told.keys('enter', 'ctrl+n');
  told.do({
    type: 'historyCame',
    room: 'ops',
    before: orderOf(500),
    page: { posts: [said(100)], more: true },
  });
  assert.equal(told.model.openRoom, 'dev');
  assert.equal(told.model.selected, null);
});

test('the first unread is gone to through as much history as it takes', () => {
  const told = story();
  told.model = {
    ...told.model,
    rooms: told.model.rooms.map((view) =>
      view.room.id === 'ops' ? { ...view, unreadAfter: orderOf(350), read: orderOf(599) } : view,
    ),
  };
  told.keys('alt+u');
  assert.match(told.frame(), /going back to the first unread/);
  const [page] = told.take('history');
  assert.deepEqual([page?.before, page?.limit], [orderOf(500), 200]);
  const posts = Array.from({ length: 200 }, (_, index) => said(300 + index));
  told.do({ type: 'historyCame', room: 'ops', before: orderOf(500), page: { posts, more: true } });
  const rows = told.frame().split('\n');
  assert.match(rows[1] ?? '', /249 new messages/);
  assert.match(rows[2] ?? '', /line 351/);
  assert.equal(told.model.jump, null);
});
