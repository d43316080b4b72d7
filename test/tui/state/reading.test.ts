// What counts as read: here, or at another device of the same person, whichever is further.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SignedIn } from '../../../lib/protocol/events.ts';
import { createStore, tellReads } from '../../../tui/store.ts';
import { orderOf, post, room, ScreenStory, SELF } from '../../support/screen-story.ts';

const ROOMS = [room('general'), room('ops'), room('dev')];

const page = (name: string, places: readonly number[], more = false) => ({
  posts: places.map((place) => post(name, { name: 'bob', text: `post ${place}`, place })),
  more,
});
const viewOf = (story: ScreenStory, id: string) =>
  story.model.rooms.find((view) => view.room.id === id) ?? assert.fail();
const counts = (story: ScreenStory, id: string) => {
  const { unread, mentions } = viewOf(story, id);
  return [unread, mentions];
};

/** A start of the program: nothing has come but the sign-in. */
function starting(reads: SignedIn['reads'], savedRead: string | null = null): ScreenStory {
  const rooms = { ops: { draft: '', read: savedRead } };
  const saved = { openRoom: 'general', rooms, sent: [] };
  const story = new ScreenStory({ saved });
  const fields = { account: SELF, name: 'alice', server: 'server3', prunedBelow: 0, lacks: false };
  return story.hear(
    { type: 'connection', state: { type: 'connected', roundTripMs: 12 } },
    { type: 'signedIn', ...fields, rooms: ROOMS, reads },
  );
}

test('before a page has come, the counts are those of the server', () => {
  const reads = [{ room: 'ops', order: orderOf(3), unread: 7, mentions: 2 }];
  const story = starting(reads);
  assert.deepEqual(counts(story, 'ops'), [7, 2]);
  story.do({ type: 'historyCame', room: 'ops', before: null, page: page('ops', [2, 3, 4, 5]) });
  assert.deepEqual(counts(story, 'ops'), [2, 0], 'all that is not read is here, and counted');
});

test('where the page does not reach down to what was read, the server has counted more', () => {
  const reads = [{ room: 'ops', order: orderOf(3), unread: 100, mentions: 4 }];
  const story = starting(reads);
  const newest = page('ops', [90, 91], true);
  story.do({ type: 'historyCame', room: 'ops', before: null, page: newest });
  assert.deepEqual(counts(story, 'ops'), [100, 4]);
  assert.match(story.frame(), /#ops +@4/);
});

test('of what was read here and elsewhere the further counts', () => {
  const ops = { type: 'historyCame', room: 'ops', before: null, page: page('ops', [1, 2, 3, 4]) };
  const further = starting(
    [{ room: 'ops', order: orderOf(3), unread: 1, mentions: 0 }],
    orderOf(1),
  );
  assert.deepEqual(counts(further.do(ops as never), 'ops'), [1, 0]);
  const nearer = starting([{ room: 'ops', order: orderOf(1), unread: 3, mentions: 0 }], orderOf(3));
  assert.deepEqual(counts(nearer.do(ops as never), 'ops'), [1, 0]);
});

test('a room that was never read at this machine has its unread line where the other one stopped', () => {
  const story = starting([{ room: 'general', order: orderOf(2), unread: 2, mentions: 0 }]);
  const newest = page('general', [1, 2, 3, 4]);
  story.do({ type: 'historyCame', room: 'general', before: null, page: newest });
  assert.match(story.frame(), /2 new messages/);
});

test('what is read at another device is no news here any longer', () => {
  const story = new ScreenStory().signedIn(ROOMS, { ops: page('ops', [1]) });
  for (const place of [5, 6, 7])
    story.hear({ type: 'post', post: post('ops', { name: 'bob', text: '@alice', place }) });
  assert.deepEqual(counts(story, 'ops'), [3, 3]);
  story.hear({ type: 'read', room: 'ops', order: orderOf(6) });
  assert.deepEqual(counts(story, 'ops'), [1, 1]);
  story.hear({ type: 'read', room: 'ops', order: orderOf(5) });
  assert.deepEqual(counts(story, 'ops'), [1, 1], 'never back');
  story.hear({ type: 'read', room: 'ops', order: orderOf(7) });
  assert.deepEqual(counts(story, 'ops'), [0, 0]);
});

test('more than ninety-nine are not told apart', () => {
  const unread = { room: 'ops', order: orderOf(3), unread: 100, mentions: 0 };
  assert.match(starting([unread]).frame(), /#ops +99\+/);
});

test('what was read is told after two seconds and at the end, each place once, to those who are signed in', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const told: string[] = [];
  const { model } = new ScreenStory().signedIn(ROOMS, { general: page('general', [1, 2]) });
  const store = createStore(model, { perform: () => {}, onHand: () => {} });
  const { stop } = tellReads(store, (id, order) => told.push(`${id} ${Number(order)}`));
  const say = (place: number) =>
    store.dispatch({
      type: 'client',
      event: { type: 'post', post: post('general', { name: 'bob', text: 'more', place }) },
    });
  say(3);
  say(4);
  assert.deepEqual(told, []);
  context.mock.timers.tick(2_000);
  assert.deepEqual(told, ['general 4']);
  store.dispatch({ type: 'tick' });
  context.mock.timers.tick(2_000);
  assert.deepEqual(told, ['general 4']);
  say(5);
  stop();
  assert.deepEqual(told, ['general 4', 'general 5']);
});

test('what was read is told at once by whoever leaves the room or looks elsewhere', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const told: string[] = [];
  const { model } = new ScreenStory().signedIn(ROOMS, { general: page('general', [1, 2]) });
  const store = createStore(model, { perform: () => {}, onHand: () => {} });
  const { stop } = tellReads(store, (id, order) => told.push(`${id} ${Number(order)}`));
  context.after(stop);
  store.dispatch({ type: 'focused', focused: false });
  assert.deepEqual(told, ['general 2']);
  store.dispatch({ type: 'focused', focused: true });
  const more = post('general', { name: 'bob', text: 'more', place: 3 });
  store.dispatch({ type: 'client', event: { type: 'post', post: more } });
  assert.deepEqual(told, ['general 2'], 'the reader is still there');
  store.dispatch({ type: 'key', key: 'ctrl+n' });
  assert.deepEqual(told, ['general 2', 'general 3']);
});

test('what was read can be told at any time, before another name signs in', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const told: string[] = [];
  const { model } = new ScreenStory().signedIn(ROOMS, { general: page('general', [1, 2]) });
  const store = createStore(model, { perform: () => {}, onHand: () => {} });
  const reads = tellReads(store, (id, order) => told.push(`${id} ${Number(order)}`));
  context.after(reads.stop);
  reads.now();
  reads.now();
  assert.deepEqual(told, ['general 2']);
});

test('whoever opens a room with more news than fits is told how much is above, and which key goes there', () => {
  const news = (count: number) => {
    const story = new ScreenStory({ rows: 24 }).signedIn(ROOMS);
    for (let place = 1; place <= count; place += 1)
      story.hear({ type: 'post', post: post('ops', { name: 'bob', text: `${place}`, place }) });
    return story.keys('alt+2');
  };
  assert.match(news(50).frame(), /↑ 3\d unread above · Alt\+U goes there/);
  assert.doesNotMatch(news(5).frame(), /unread above/);
});
