// Other people, in a real terminal: a conversation of two, who writes, who sits there, and what is new of whom.
import assert from 'node:assert/strict';
import { testFlow } from '../support/flow.ts';
import { KEYS } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const SHORT_COFFEE = new URL('../support/short-coffee.ts', import.meta.url).href;

testFlow(
  'two write to each other: who types, who is idle, and what is new where one is not',
  { golden: 'people' },
  async (flow) => {
    flow.comes('bob');
    flow.comes('carol');
    await flow.seesPeople(3);
    flow.types('/msg bob psst, bob');
    await flow.shows('a conversation of two', /@bob ❯/);
    const room = flow.directRoom('bob');
    flow.signals('bob', { type: 'typing', room });
    await flow.shows('bob writes', /bob is typing/);
    flow.later();
    flow.says('bob', 'not here', room);
    await flow.shows('and has written', /bob not here/);
    flow.signals('carol', { type: 'presence', state: 'idle' });
    flow.signals('bob', { type: 'presence', state: 'idle' });
    flow.keys('\u001b1');
    await flow.shows('both are idle', /#general ❯/);
    flow.later();
    flow.says('bob', 'one', room);
    flow.says('bob', 'two', room);
    await flow.shows('what is new of bob is counted', /(@| )2\b.*#general ❯/);
    flow.keys(KEYS.ctrlG);
    await flow.shows('and gone to', /2 new messages/);
    flow.goes('bob');
    await flow.shows('bob has gone', /@bob ❯/);
  },
);

testFlow(
  'whoever presses no key for a while is idle to the others, and here again with the next',
  { preloads: [SHORT_COFFEE] },
  async (flow) => {
    flow.comes('bob');
    const told: string[] = [];
    const isTold = (state: string) => () => {
      told.push(...flow.statesOfAlice('bob'));
      return told.includes(state);
    };
    await waitFor('bob to be told that alice is idle', isTold('idle'), 10_000);
    flow.keys('x');
    await waitFor('bob to be told that alice is here', isTold('here'), 10_000);
    assert.deepEqual(told.slice(0, 2), ['idle', 'here']);
  },
);
