// The mouse: what it is over decides what it does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, room, ScreenStory } from '../../support/screen-story.ts';

const POSTS = Array.from({ length: 50 }, (_, index) =>
  post('ops', {
    name: index % 2 ? 'bob' : 'carol',
    text: index % 7 === 0 ? `line ${index} ${'long '.repeat(20)}` : `line ${index}`,
    place: index + 1,
  }),
);
const story = () =>
  new ScreenStory().signedIn([room('ops'), room('dev')], { ops: { posts: POSTS, more: false } });
const wheel = (told: ScreenStory, does: 'wheelUp' | 'wheelDown') =>
  told.do({ type: 'mouse', does, x: 40, y: 5 });
const press = (told: ScreenStory, x: number, y: number) =>
  told.do({ type: 'mouse', does: 'press', x, y });

test('the wheel scrolls the timeline and never goes through earlier input', () => {
  const told = story().say('/topic x').type('draft');
  wheel(told, 'wheelUp');
  assert.match(told.frame(), /newer/);
  assert.match(told.frame(), /❯ draft/);
  wheel(told, 'wheelDown');
  assert.doesNotMatch(told.frame(), /newer/);
});

test('in a list the wheel goes through it', () => {
  const told = story().keys('ctrl+k');
  wheel(told, 'wheelDown');
  const { overlay } = told.model;
  assert.equal(overlay?.type === 'switcher' && overlay.selected, 1);
});

test('a click on a room opens it', () => {
  const told = story();
  press(told, 4, 3);
  assert.equal(told.model.openRoom, 'dev');
  press(told, 4, 10);
  assert.equal(told.model.openRoom, 'dev', 'there is none');
});

test('a click chooses the message that is there, wherever the timeline stands', () => {
  const told = story();
  for (let turn = 0; turn < 12; turn += 1) {
    const rows = told.frame().split('\n');
    for (const [y, text] of rows.entries()) {
      const [, number] = /line (\d+)\b/.exec(text) ?? [];
      if (number === undefined) continue;
      press(told, 40, y);
      const place = Number(number) + 1;
      assert.equal(told.model.selected?.split('/')[1], String(place), `row ${y}: ${text}`);
    }
    wheel(told, 'wheelUp');
  }
  press(told, 40, 23);
  assert.notEqual(told.model.selected, null, 'a click below changes nothing');
});

test('who clicks is told once how text is selected, and can have it as ever', () => {
  const told = story();
  press(told, 40, 5);
  assert.match(told.frame(), /hold Shift/);
  told.keys('escape');
  press(told, 40, 5);
  assert.doesNotMatch(told.frame(), /hold Shift/);
  told.keys('escape').say('/mouse');
  assert.deepEqual(told.take('mouse'), [{ type: 'mouse', on: false }]);
  assert.deepEqual(told.say('/mouse').take('mouse'), [{ type: 'mouse', on: true }]);
});
