// What the other side of a split had said, as it comes together with what was said here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertGolden } from '../../support/golden.ts';
import { orderOf, post, room, ScreenStory } from '../../support/screen-story.ts';

const said = (name: string, text: string, place: number) =>
  post('ops', { name, text, minute: place, place });

function split(): ScreenStory {
  const story = new ScreenStory();
  const posts = [said('bob', 'before the split', 1), said('alice', 'on this side', 5)];
  return story.signedIn([room('ops')], { ops: { posts, more: false } });
}

const late = (name: string, text: string, place: number) => ({
  type: 'post' as const,
  post: { ...said(name, text, place), late: true },
});

test('posts of the other side stand in a block of their own, in their place, and are told of at the end', () => {
  const story = split().hear(
    late('carol', 'on the other side', 2),
    late('dave', 'so am I', 3),
    late('carol', 'anyone else?', 7),
  );
  story.hear({ type: 'post', post: said('bob', 'all here again', 8) });
  assertGolden('merged-80x24', story.frame());
});

test('what comes late and belongs at the end is no merge', () => {
  const story = split().hear(late('carol', 'missed while away', 6));
  assert.doesNotMatch(story.frame(), /merged|split stand/);
});

test('a merged post that is edited stays marked', () => {
  const story = split().hear(late('carol', 'teh', 2));
  const { type: _, at: __, ...was } = said('carol', 'the', 2);
  story.hear({ type: 'changed', post: { ...was, edited: true } });
  assert.match(story.frame(), /1 message merged after a split/);
  assert.equal(story.model.rooms[0]?.lines[1]?.order, orderOf(2));
});

const textsOf = (story: ScreenStory) =>
  story.model.rooms[0]?.lines.flatMap((line) => (line.kind === 'post' ? [line.text] : []));

test('what a page of a leader that lacked it took away is there again when it comes to light', () => {
  const posts = [1, 2, 3].map((place) => said('bob', `post ${place}`, place));
  const story = new ScreenStory().signedIn([room('ops')], { ops: { posts, more: false } });
  story.hear({ type: 'reset' });
  const lacking = posts.filter((_, index) => index !== 1);
  story.do({
    type: 'historyCame',
    room: 'ops',
    before: null,
    page: { posts: lacking, more: false },
  });
  assert.deepEqual(textsOf(story), ['post 1', 'post 3']);
  // The client has shown it before: it tells of it as of a change.
  const { type: _, at: __, ...was } = said('bob', 'post 2', 2);
  story.hear({ type: 'changed', post: was });
  assert.deepEqual(textsOf(story), ['post 1', 'post 2', 'post 3']);
  story.hear({ type: 'changed', post: { ...was, text: 'edited', edited: true } });
  assert.deepEqual(textsOf(story), ['post 1', 'edited', 'post 3']);
});

test('a change of what was never read here puts nothing between what is here', () => {
  const posts = [said('bob', 'newest', 9)];
  const story = new ScreenStory().signedIn([room('ops')], { ops: { posts, more: true } });
  const { type: _, at: __, ...old } = said('bob', 'long ago', 2);
  story.hear({ type: 'changed', post: { ...old, edited: true } });
  assert.deepEqual(textsOf(story), ['newest']);
});

/** Three posts with older ones above them, and one of them told to belong to another place. */
function movedTo(place: number): ScreenStory {
  const posts = [10, 11, 12].map((at) => said('bob', `post ${at}`, at));
  const story = new ScreenStory().signedIn([room('ops')], { ops: { posts, more: true } });
  const { type: _, at: __, ...there } = said('bob', 'post 12', 12);
  return story.hear({ type: 'moved', post: { ...there, order: orderOf(place) } });
}

test('a post that belongs above all that is here comes with the page of its place', () => {
  assert.deepEqual(textsOf(movedTo(2)), ['post 10', 'post 11']);
  const posts = [said('bob', 'post 1', 1), said('bob', 'post 12', 2), said('bob', 'post 9', 9)];
  const story = movedTo(2).do({
    type: 'historyCame',
    room: 'ops',
    before: orderOf(10),
    page: { posts, more: false },
  });
  assert.deepEqual(textsOf(story), ['post 1', 'post 12', 'post 9', 'post 10', 'post 11']);
});

test('what the reader looks at stays, though it belongs above all that is here', () => {
  const posts = Array.from({ length: 80 }, (_, at) => said('bob', `post ${at + 10}`, at + 10));
  const story = new ScreenStory().signedIn([room('ops')], { ops: { posts, more: true } });
  story.keys('pageup', 'pageup');
  const key = story.model.rooms[0]?.anchor?.key;
  const seen = posts.find(({ id }) => id === key);
  assert.ok(seen);
  const { type: _, at: __, ...there } = seen;
  story.hear({ type: 'moved', post: { ...there, order: orderOf(2), text: 'edited' } });
  const line = story.model.rooms[0]?.lines.find((each) => each.key === key);
  assert.ok(line?.kind === 'post');
  assert.deepEqual([line.order, line.text], [seen.order, 'edited']);
});

test('a post that a page took away, and belongs further up, is put in where that is here', () => {
  const posts = [10, 11, 12].map((at) => said('bob', `post ${at}`, at));
  const story = new ScreenStory().signedIn([room('ops')], { ops: { posts, more: true } });
  const { type: _, at: __, ...gone } = said('bob', 'gone', 13);
  story.hear({ type: 'moved', post: { ...gone, order: `${orderOf(10)}+` } });
  assert.deepEqual(textsOf(story), ['post 10', 'gone', 'post 11', 'post 12']);
  story.hear({ type: 'moved', post: { ...gone, id: 'far', order: orderOf(3) } });
  assert.deepEqual(textsOf(story), ['post 10', 'gone', 'post 11', 'post 12']);
});

test('what quotes a post that is not here, and is put in again, quotes it as it is now', () => {
  const { type: _, at: __, ...was } = said('bob', 'teh plan', 2);
  const reply = { id: was.id, name: 'bob', text: 'teh plan', order: was.order };
  const posts = [said('bob', 'first', 1), { ...said('carol', 'yes', 3), reply }];
  const story = new ScreenStory().signedIn([room('ops')], { ops: { posts, more: false } });
  story.hear({ type: 'changed', post: { ...was, text: 'the plan', edited: true } });
  assert.deepEqual(textsOf(story), ['first', 'the plan', 'yes']);
  const quotes = story.model.rooms[0]?.lines.flatMap((line) =>
    line.kind === 'post' && line.reply ? [line.reply.text] : [],
  );
  assert.deepEqual(quotes, ['the plan']);
});
