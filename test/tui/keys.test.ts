import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Key } from 'ink';
import { type KeyPress, keyPresses } from '../../tui/keys.ts';

const PLAIN: Key = {
  ...{ upArrow: false, downArrow: false, leftArrow: false, rightArrow: false },
  ...{ pageDown: false, pageUp: false, home: false, end: false, return: false, escape: false },
  ...{ ctrl: false, shift: false, tab: false, backspace: false, delete: false, meta: false },
  ...{ super: false, hyper: false, capsLock: false, numLock: false },
};
const typed = (text: string): KeyPress => ({ type: 'typed', text });
const key = (name: string): KeyPress => ({ type: 'key', key: name });

const CASES: readonly (readonly [string, string, Partial<Key>, readonly KeyPress[]])[] = [
  ['a letter is typed', 'a', {}, [typed('a')]],
  ['fast typing and Enter in one chunk are both kept', 'hey\r', {}, [typed('hey'), key('enter')]],
  [
    'two lines in one chunk are two lines',
    'a\rb\r',
    {},
    [typed('a'), key('enter'), typed('b'), key('enter')],
  ],
  ['a line feed is Ctrl+J', '\n', {}, [key('ctrl+j')]],
  [
    'a control code within a chunk is its key',
    'ab\u0015c',
    {},
    [typed('ab'), key('ctrl+u'), typed('c')],
  ],
  ['an emoji is one text', '👨‍👩‍👧‍👦', {}, [typed('👨‍👩‍👧‍👦')]],
  ['Enter is named', '', { return: true }, [key('enter')]],
  ['Ctrl and a letter are named together', 'k', { ctrl: true }, [key('ctrl+k')]],
  ['Alt and a digit are named together', '3', { meta: true }, [key('alt+3')]],
  ['Alt and an arrow are named together', '', { meta: true, downArrow: true }, [key('alt+down')]],
  ['the rest of an unknown sequence is not typed', '[?62;4c', {}, []],
  [
    'Escape and a command in one piece are not a sequence',
    '/c',
    { meta: true },
    [key('alt+/'), typed('c')],
  ],
  ['a released key is none', 'a', { eventType: 'release' }, []],
];
for (const [title, input, flags, presses] of CASES) {
  test(title, () => assert.deepEqual(keyPresses(input, { ...PLAIN, ...flags }), presses));
}
