// What the window is called.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Action } from '../../../tui/state/action.ts';
import { followTitle, titleOf } from '../../../tui/terminal/title.ts';
import { post, room, ScreenStory } from '../../support/screen-story.ts';

function talk(): ScreenStory {
  return new ScreenStory().signedIn([room('ops'), room('dev')]);
}

const said = (text: string, place: number) => ({
  type: 'post' as const,
  post: post('dev', { name: 'bob', text, place }),
});

test('the title has the open room, and before it what is new elsewhere, calls first', () => {
  const story = talk();
  assert.equal(titleOf(story.model), '#ops · syncnet');
  story.hear(said('one', 1), said('two', 2));
  assert.equal(titleOf(story.model), '(2) #ops · syncnet');
  story.hear(said('@alice?', 3));
  assert.equal(titleOf(story.model), '(@1) #ops · syncnet');
});

test('the title is written when it changes, and anew after somebody else had the terminal', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const story = talk();
  let listens: (action: Action) => void = () => {};
  const tell = () => listens({ type: 'tick' });
  const written: string[] = [];
  const source = {
    model: () => story.model,
    dispatch: () => {},
    subscribe: (listener: (action: Action) => void) => {
      listens = listener;
      return () => {};
    },
  };
  const title = followTitle(source, (text) => written.push(text));
  tell();
  t.mock.timers.tick(250);
  assert.deepEqual(written, ['\u001b[22;2t', '\u001b]2;#ops · syncnet\u0007']);
  title.again();
  assert.equal(written.length, 4);
  story.hear(said('one', 1));
  tell();
  tell();
  t.mock.timers.tick(250);
  assert.deepEqual(written.slice(4), ['\u001b]2;(1) #ops · syncnet\u0007']);
  title.stop();
});
