// What help says of the keys is what they do, whatever keymap and whatever keys of one's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyHelp } from '../../tui/key-help.ts';
import { KEYMAPS } from '../../tui/settings/bindings.ts';

const textOf = (bindings: Parameters<typeof keyHelp>[0]) =>
  keyHelp(bindings)
    .map(([keys, does]) => `${keys}: ${does}`)
    .join('\n');

test('help shows every key that does something', () => {
  for (const bindings of Object.values(KEYMAPS)) {
    const text = textOf(bindings).toLowerCase();
    for (const key of Object.keys(bindings)) {
      const shown = key
        .replace('pageup', 'pgup')
        .replace('pagedown', 'pgdn')
        .replace('escape', 'esc')
        .replace(/^delete$/, 'del')
        .replace(/up$/, (word) => (key.endsWith('pageup') ? word : '↑'))
        .replace(/down$/, '↓')
        .replace(/left$/, '←')
        .replace(/right$/, '→');
      const isRoom = /^alt\+\d$/.test(key);
      assert.ok(text.includes(isRoom ? 'alt+1 … alt+9' : shown), `${key} in\n${text}`);
    }
  }
});

test('with the keys of Emacs it says what those do', () => {
  const text = textOf(KEYMAPS.emacs);
  assert.match(text, /Ctrl\+T: find a room/);
  assert.match(text, /Ctrl\+U · Ctrl\+K: cut to the line start · end/);
  assert.match(text, /Alt\+Y: put in what was cut \(Alt\+V, Ctrl\+Y\)/);
  assert.match(text, /Ctrl\+_: undo \(Alt\+Z\)/);
  assert.doesNotMatch(text, /redo|plain text/);
});

test('what has no key any more is not there, and what has another is', () => {
  const { 'ctrl+g': _, 'alt+a': __, 'alt+1': ___, ...rest } = KEYMAPS.default;
  const text = textOf({ ...rest, 'ctrl+x': { do: 'redraw' } });
  assert.doesNotMatch(text, /next mention/);
  assert.match(text, /Ctrl\+L: draw everything anew \(Ctrl\+X\)/);
  assert.match(text, /Esc 1 … Esc 9: room by number \(\/1 … \/9\)/);
});
