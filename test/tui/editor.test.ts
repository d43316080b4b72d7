import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EDITS,
  type Edit,
  type Editor,
  editorOf,
  editorRows,
  insert,
  moveLine,
} from '../../tui/editor.ts';
import { boundaryFrom, cellWidth } from '../../tui/text.ts';

/** `ab|c`: the text with the cursor at the bar. */
function parse(text: string): Editor {
  const cursor = text.indexOf('|');
  return { text: text.replace('|', ''), cursor };
}
const show = ({ text, cursor }: Editor) => `${text.slice(0, cursor)}|${text.slice(cursor)}`;

const FAMILY = '👨‍👩‍👧‍👦';

const CASES: readonly (readonly [Edit, string, string])[] = [
  ['left', 'ab|c', 'a|bc'],
  ['left', '|abc', '|abc'],
  ['left', `a${FAMILY}|`, `a|${FAMILY}`],
  ['left', 'e\u0301|', '|e\u0301'],
  ['right', 'a|bc', 'ab|c'],
  ['right', 'abc|', 'abc|'],
  ['right', `|${FAMILY}b`, `${FAMILY}|b`],
  ['wordLeft', 'one two|', 'one |two'],
  ['wordLeft', 'one two  |', 'one |two  '],
  ['wordLeft', '|one', '|one'],
  ['wordRight', '|one two', 'one| two'],
  ['wordRight', 'one| two', 'one two|'],
  ['home', 'one\ntwo|', 'one\n|two'],
  ['end', '|one\ntwo', 'one|\ntwo'],
  ['backspace', 'ab|c', 'a|c'],
  ['backspace', '|abc', '|abc'],
  ['backspace', `a${FAMILY}|b`, 'a|b'],
  ['backspace', 'one\n|two', 'one|two'],
  ['delete', 'a|bc', 'a|c'],
  ['delete', `|${FAMILY}b`, '|b'],
  ['delete', 'abc|', 'abc|'],
  ['deleteWordBefore', 'one two|', 'one |'],
  ['deleteWordBefore', 'one two | three', 'one | three'],
  ['deleteWordAfter', 'one| two three', 'one| three'],
  ['deleteToStart', 'one\ntwo| three', 'one\n| three'],
  ['deleteToEnd', 'one |two\nthree', 'one |\nthree'],
  ['deleteToEnd', 'one|\ntwo', 'one|two'],
  ['deleteToEnd', 'one|', 'one|'],
  ['newline', 'one|two', 'one\n|two'],
];

for (const [edit, before, after] of CASES) {
  test(`${edit} turns ${JSON.stringify(before)} into ${JSON.stringify(after)}`, () => {
    assert.equal(show(EDITS[edit](parse(before))), after);
  });
}

test('what is inserted carries no control characters but line feeds', () => {
  const editor = insert(parse('a|b'), '\u001b[31mx\r\ny\u0007\u202e\tz');
  assert.equal(show(editor), 'a[31mx\ny  z|b');
});

const MOVES: readonly (readonly [-1 | 1, string, string | null])[] = [
  [-1, 'one\ntw|o', 'on|e\ntwo'],
  [-1, 'a\nlong|', 'a|\nlong'],
  [-1, 'on|e\ntwo', null],
  [1, 'on|e\ntwo', 'one\ntw|o'],
  [1, 'one\ntw|o', null],
  [1, '日本|\nabcdef', '日本\nabcd|ef'],
];
for (const [step, before, after] of MOVES) {
  const where = step === 1 ? 'down' : 'up';
  test(`a line ${where} from ${JSON.stringify(before)} is ${JSON.stringify(after)}`, () => {
    const moved = moveLine(parse(before), step);
    assert.equal(moved && show(moved), after);
  });
}

test('the cursor stands where the next character comes, wide ones counted as two cells', () => {
  const rows = editorRows(editorOf('日本\nab'), 20);
  assert.deepEqual(rows, { rows: ['日本', 'ab'], cursorRow: 1, cursorColumn: 2 });
  assert.deepEqual(editorRows(parse('日|本'), 20), {
    rows: ['日本'],
    cursorRow: 0,
    cursorColumn: 2,
  });
});

test('a long line is wrapped with a cell left for the cursor', () => {
  const { rows, cursorRow, cursorColumn } = editorRows(editorOf('abcdefgh'), 5);
  assert.deepEqual(rows, ['abcd', 'efgh']);
  assert.deepEqual([cursorRow, cursorColumn], [1, 4]);
});

test('random edits of random text keep the cursor between two graphemes', () => {
  const pieces = [
    'a',
    ' ',
    '日',
    FAMILY,
    'e\u0301',
    '\n',
    '🇯🇵',
    '\u0301',
    '\ud800',
    '🇯',
    '👨\u200d',
  ];
  const names = Object.keys(EDITS) as Edit[];
  let seed = 7;
  const draw = (count: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * count);
  };
  let editor = editorOf('');
  for (let step = 0; step < 3_000; step += 1) {
    editor =
      draw(2) === 0
        ? insert(editor, pieces[draw(pieces.length)] ?? '')
        : EDITS[names[draw(names.length)] as Edit](editor);
    assert.ok(editor.cursor >= 0 && editor.cursor <= editor.text.length, `step ${step}`);
    assert.ok(editor.text.isWellFormed(), `step ${step}`);
    assert.equal(boundaryFrom(editor.text, editor.cursor), editor.cursor, `step ${step}`);
    const { cursorRow, cursorColumn } = editorRows(editor, 20);
    const isAtStart = editor.cursor === 0 || cellWidth(editor.text.slice(0, editor.cursor)) === 0;
    assert.ok(isAtStart || cursorRow + cursorColumn > 0, `step ${step}`);
    if (editor.text.length > 200) editor = editorOf('');
  }
});
