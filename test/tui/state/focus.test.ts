// Somebody who looks elsewhere: nothing counts as read, and who calls is told of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, room, ScreenStory } from '../../support/screen-story.ts';

const OPS = [post('ops', { name: 'bob', text: 'hello', place: 1 })];
const story = () => new ScreenStory().signedIn([room('ops')], { ops: { posts: OPS, more: false } });
const away = (told: ScreenStory) => told.do({ type: 'focused', focused: false });
const hear = (told: ScreenStory, text: string, place: number, name = 'bob') =>
  told.hear({ type: 'post', post: post('ops', { name, text, place }) });

test('what comes while another window has the keyboard is unread until this one has it again', () => {
  const told = away(story());
  hear(told, 'one', 2);
  hear(told, 'two', 3);
  assert.equal(told.model.rooms[0]?.unread, 2);
  assert.match(told.frame(), /2 unread|unread/);
  told.do({ type: 'focused', focused: true });
  assert.equal(told.model.rooms[0]?.unread, 0);
  assert.match(
    told.frame(),
    /─.*(new|unread).*─[\s\S]*one/,
    'the unread line stays for the reader',
  );
});

test('who calls is told of, once, and only to somebody who looks elsewhere', () => {
  const told = story();
  hear(told, 'here @alice', 2);
  assert.deepEqual(told.take('alert'), []);
  away(told);
  hear(told, 'nobody is meant', 3);
  hear(told, 'look, @alice', 4);
  hear(told, 'look, @alice', 4);
  assert.deepEqual(told.take('alert'), [
    { type: 'alert', title: 'bob in #ops', text: 'look, @alice' },
  ]);
});
