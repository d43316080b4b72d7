// Each key of the usual keymap as terminals send it, and what it does, read off the screen.
import assert from 'node:assert/strict';
import { type Flow, testFlow } from '../support/flow.ts';
import { KEYS } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const alt = (key: string) => `\u001b${key}`;
const ctrl = (letter: string) => String.fromCharCode(letter.charCodeAt(0) & 31);

/** What stands in the editor, line by line, with `|` where the terminal's cursor is. */
function editor({ terminal }: Flow): string {
  const { column, row } = terminal.cursor();
  const rows = terminal.screen();
  const from = rows.findLastIndex((each) => /#\S+ ❯/u.test(each));
  // Without the row of keys below, and the number of characters.
  const rest = rows.slice(from, -1).map((each) => each.replace(/ +\d+\/4k *$/, ''));
  const indent = (rest[0] ?? '').indexOf('❯') + 2;
  return rest
    .map((each, index) => {
      const padded = each.padEnd(terminal.columns);
      if (from + index !== row) return each.slice(indent).trimEnd();
      return `${padded.slice(indent, column)}|${padded.slice(column).trimEnd()}`;
    })
    .join('\n')
    .trimEnd();
}

async function shows(flow: Flow, expected: string): Promise<void> {
  const what = () => `${expected}\nin the editor, not\n${editor(flow)}\n${flow.terminal.text()}`;
  await waitFor(what, () => editor(flow) === expected, 10_000);
}

/** Where the cursor is to be before, as `|`; the key; and what the editor holds after it. */
const EDITS: readonly (readonly [name: string, before: string, key: string, after: string])[] = [
  ['←', 'one two|', '\u001b[D', 'one tw|o'],
  ['→', 'one |two', '\u001b[C', 'one t|wo'],
  ['Ctrl+B', 'one two|', ctrl('b'), 'one tw|o'],
  ['Ctrl+F', '|one two', ctrl('f'), 'o|ne two'],
  ['Ctrl+←', 'one two|', '\u001b[1;5D', 'one |two'],
  ['Ctrl+→', '|one two', '\u001b[1;5C', 'one| two'],
  ['Alt+←', 'one two|', '\u001b[1;3D', 'one |two'],
  ['Alt+→', '|one two', '\u001b[1;3C', 'one| two'],
  ['Alt+B', 'one two|', alt('b'), 'one |two'],
  ['Alt+F', '|one two', alt('f'), 'one| two'],
  ['Home', 'one two|', KEYS.home, '|one two'],
  ['Ctrl+A', 'one two|', ctrl('a'), '|one two'],
  ['Ctrl+E', '|one two', ctrl('e'), 'one two|'],
  ['Backspace', 'one two|', KEYS.backspace, 'one tw|'],
  ['Delete', 'one |two', '\u001b[3~', 'one |wo'],
  ['Ctrl+D', 'one |two', ctrl('d'), 'one |wo'],
  ['Ctrl+W', 'one two|', ctrl('w'), 'one |'],
  ['Alt+Backspace', 'one two|', alt(KEYS.backspace), 'one |'],
  ['Alt+D', '|one two', alt('d'), '| two'],
  ['Ctrl+U', 'one |two', ctrl('u'), '|two'],
  ['Alt+K', 'one |two', alt('k'), 'one |'],
  ['Ctrl+J', 'one|', KEYS.ctrlJ, 'one\n|'],
  ['Alt+Enter', 'one|', alt(KEYS.enter), 'one\n|'],
  ['Shift+Enter, where the terminal tells it', 'one|', '\u001b[13;2u', 'one\n|'],
];

testFlow('the keys of the editor', {}, async (flow) => {
  for (const [name, before, key, after] of EDITS) {
    const [left = '', right = ''] = before.split('|');
    flow.keys(left + right, ...[...right].map(() => '\u001b[D'));
    await shows(flow, before);
    flow.keys(key);
    await shows(flow, after).catch((error: Error) => assert.fail(`${name}: ${error.message}`));
    flow.keys(KEYS.ctrlC);
    await shows(flow, '|');
  }
});

testFlow('undo, redo and what was cut', {}, async (flow) => {
  flow.keys('one two');
  await shows(flow, 'one two|');
  flow.keys(ctrl('w'));
  await shows(flow, 'one |');
  for (const undo of ['\u001f', alt('z')]) {
    flow.keys(undo);
    await shows(flow, 'one two|');
    flow.keys(alt('y'));
    await shows(flow, 'one |');
  }
  flow.keys(alt('v'));
  await shows(flow, 'one two|');
});

testFlow('the keys that go from room to room', { sizes: ['80x24', '40x12'] }, async (flow) => {
  flow.comes('bob');
  const ops = flow.creates('bob', 'ops');
  for (const name of ['ops', 'random']) {
    if (name === 'random') flow.creates('bob', name);
    flow.types(`/join ${name}`);
    await flow.terminal.waitForText(`#${name} ❯`);
  }
  const goes: readonly (readonly [key: string, room: string])[] = [
    ['\u001b[1;3A', 'ops'],
    ['\u001b[1;3A', 'general'],
    ['\u001b[1;3B', 'ops'],
    [KEYS.ctrlN, 'random'],
    [KEYS.ctrlP, 'ops'],
    [alt('1'), 'general'],
    [alt('3'), 'random'],
  ];
  for (const [key, room] of goes) {
    flow.keys(key);
    await flow.terminal.waitForText(`#${room} ❯`);
  }
  for (const key of [ctrl('g'), alt('a')]) {
    flow.says('bob', '@alice here', ops);
    flow.keys(key);
    await flow.terminal.waitForText('#ops ❯');
    flow.keys(alt('1'));
    await flow.terminal.waitForText('#general ❯');
  }
  for (const key of [KEYS.ctrlK, ctrl('t')]) {
    flow.keys(key);
    await flow.terminal.waitForText('go to ❯');
    flow.keys('rand', KEYS.enter);
    await flow.terminal.waitForText('#random ❯');
    flow.keys(alt('1'));
    await flow.terminal.waitForText('#general ❯');
  }
});
