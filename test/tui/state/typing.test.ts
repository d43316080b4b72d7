// Who writes at the moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchIdleness } from '../../../tui/terminal/idleness.ts';
import { post, room, ScreenStory } from '../../support/screen-story.ts';
import { waitFor } from '../../support/wait-for.ts';

const story = () => new ScreenStory().signedIn([room('ops')]);
const types = (told: ScreenStory, name: string) =>
  told.hear({
    type: 'typing',
    typing: { type: 'typing', room: 'ops', account: `account-of-${name}`, name },
  });

test('others hear that one writes, now and then, and not of commands', () => {
  const told = story().type('/top');
  assert.deepEqual(told.take('typing'), []);
  told.keys('ctrl+u').type('h').type('e').pass(3_000).type('y');
  assert.deepEqual(told.take('typing'), [
    { type: 'typing', room: 'ops' },
    { type: 'typing', room: 'ops' },
  ]);
});

test('who writes is shown until it has come, or nothing was heard for a while', () => {
  const told = types(story(), 'bob');
  assert.match(told.frame(), /bob is typing…/);
  assert.match(types(told, 'carol').frame(), /bob and carol are typing…/);
  told.hear({ type: 'post', post: post('ops', { name: 'bob', text: 'done', place: 1 }) });
  assert.match(told.frame(), /carol is typing…/);
  assert.doesNotMatch(told.pass(6_000).frame(), /typing/);
});

test('somebody is idle after a while without a key, and told of once', async () => {
  const told: boolean[] = [];
  const idleness = watchIdleness((isIdle) => told.push(isIdle), 20);
  idleness.touch();
  const guard = setInterval(() => {}, 1_000);
  try {
    await waitFor('to be idle', () => told.length > 0, 10_000);
  } finally {
    clearInterval(guard);
  }
  idleness.touch();
  idleness.touch();
  idleness.stop();
  assert.deepEqual(told, [true, false]);
});
