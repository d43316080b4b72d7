import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cellWidth,
  cleanLine,
  cleanText,
  fit,
  fitStart,
  truncate,
  wholeParts,
  wrapText,
} from '../../tui/text.ts';

const WRAPS: readonly (readonly [string, number, readonly string[]])[] = [
  ['', 10, ['']],
  ['hello world', 20, ['hello world']],
  ['hello world', 7, ['hello', 'world']],
  ['hello world', 5, ['hello', 'world']],
  ['abcdefghij', 4, ['abcd', 'efgh', 'ij']],
  ['one abcdefghij', 4, ['one', 'abcd', 'efgh', 'ij']],
  ['one\ntwo', 10, ['one', 'two']],
  ['one\n\ntwo', 10, ['one', '', 'two']],
  ['日本語です', 4, ['日本', '語で', 'す']],
  ['日本語です', 5, ['日本', '語で', 'す']],
  ['a 日本語', 6, ['a', '日本語']],
  ['👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 2, ['👨‍👩‍👧‍👦', '👨‍👩‍👧‍👦']],
  ['  indented code', 20, ['  indented code']],
];
for (const [text, width, rows] of WRAPS) {
  test(`${JSON.stringify(text)} in ${width} cells is ${JSON.stringify(rows)}`, () => {
    assert.deepEqual(wrapText(text, width), rows);
  });
}

const CUTS: readonly (readonly [string, number, string])[] = [
  ['hello', 5, 'hello'],
  ['hello', 4, 'hel…'],
  ['日本語', 4, '日…'],
  ['hello', 0, ''],
];
for (const [text, width, cut] of CUTS) {
  test(`${JSON.stringify(text)} cut to ${width} cells is ${JSON.stringify(cut)}`, () => {
    assert.equal(truncate(text, width), cut);
  });
}

test('a fitted text has exactly the cells asked for', () => {
  for (const text of ['', 'a', '日', '日本語', '👨‍👩‍👧‍👦', 'e\u0301', 'hello world']) {
    for (const width of [1, 2, 3, 7]) {
      assert.equal(cellWidth(fit(text, width)), width, `${text} in ${width}`);
      assert.equal(cellWidth(fitStart(text, width)), width, `${text} in ${width}`);
    }
  }
});

/** Ways in which a text of someone else's could reach into the terminal of its reader. */
const INJECTIONS: Readonly<Record<string, string>> = {
  'a colour (CSI)': '\u001b[31mred',
  'a link (OSC 8)': '\u001b]8;;http://evil\u0007text\u001b]8;;\u0007',
  'the clipboard (OSC 52)': '\u001b]52;c;aGk=\u0007',
  'an 8-bit CSI (C1)': '\u009b31mred',
  'an 8-bit OSC (C1)': '\u009d0;title\u009c',
  'a carriage return': 'good\rbad',
  'a backspace': 'good\b\b\b\bevil',
  'a right-to-left override': 'file\u202egpj.exe',
  'an isolate': '\u2066hidden\u2069',
  'a NUL': 'a\u0000b',
  'a byte order mark': '\ufeffa',
  'a lone surrogate': 'a\ud800b',
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/u;
for (const [name, text] of Object.entries(INJECTIONS)) {
  test(`${name} in a text never reaches the terminal`, () => {
    assert.doesNotMatch(cleanText(text), OBEYED);
    assert.ok(cleanText(text).isWellFormed());
    assert.doesNotMatch(cleanLine(`${text}\n`), /\n/);
  });
}

test('on a narrow screen a hint loses its last parts, not half of one', () => {
  const hint = 'editing · Enter stores it · Esc leaves it';
  assert.equal(wholeParts(hint, 80), hint);
  assert.equal(wholeParts(hint, 39), 'editing · Enter stores it');
  assert.equal(wholeParts(hint, 3), 'editing');
});
