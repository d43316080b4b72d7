// When anything is written to the terminal at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDrawing } from '../../tui/drawing.ts';
import type { Action } from '../../tui/state/action.ts';
import { room, ScreenStory } from '../support/screen-story.ts';

function drawn() {
  const story = new ScreenStory().signedIn([room('ops')]);
  const listeners = new Set<(action: Action) => void>();
  const written: string[] = [];
  const drawing = startDrawing(
    {
      model: () => story.model,
      dispatch: (action) => {
        story.do(action);
        for (const listener of listeners) listener(action);
      },
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    { write: (text) => written.push(text) },
  );
  const type = (text: string) => {
    const action: Action = { type: 'typed', text };
    story.do(action);
    for (const listener of listeners) listener(action);
  };
  const taken = () => written.splice(0).join('');
  return { drawing, type, taken, listeners };
}

/** What is drawn soon is drawn in a microtask. */
const soon = () => Promise.resolve();

test('while an editor has the terminal nothing is drawn over it, also when it gets another size', async () => {
  const { drawing, type, taken } = drawn();
  await soon();
  assert.match(taken(), /#ops/);
  drawing.pause();
  type('x');
  await soon();
  drawing.whole();
  await soon();
  assert.equal(taken(), '');
  drawing.resume();
  assert.match(taken(), /\[2J.*#ops.*x/s);
  drawing.stop();
});

test('what is typed is on the screen before anything else happens', async () => {
  const { drawing, type, taken } = drawn();
  taken();
  type('h');
  type('i');
  await soon();
  assert.match(taken(), /hi/);
  drawing.stop();
});

test('nothing is drawn once it is stopped, and nobody is listened to', async () => {
  const { drawing, type, taken, listeners } = drawn();
  taken();
  type('x');
  drawing.stop();
  await soon();
  assert.equal(taken(), '');
  assert.equal(listeners.size, 0);
});
