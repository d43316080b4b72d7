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
