// What is written for a frame, read by a terminal's own parser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import graphemes from '@xterm/addon-unicode-graphemes';
import xterm from '@xterm/headless';
import { seededRandom } from '../../lib/random.ts';
import { fitRow } from '../../tui/chrome.ts';
import type { Frame } from '../../tui/frame.ts';
import type { Row } from '../../tui/line-rows.ts';
import { createPainter, rowText } from '../../tui/paint.ts';

const MANNER = { theme: 'terminal', glyphs: 'unicode' } as const;
const COLUMNS = 24;
const ROWS = 6;
const AUTO_WRAP_OFF = '\u001b[?7l';

/** @param knowsGraphemes whether it counts cells as we do; many count each code point by itself */
function createTerminal(knowsGraphemes = true) {
  const term = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  if (knowsGraphemes) term.loadAddon(new graphemes.UnicodeGraphemesAddon());
  const write = (text: string) => new Promise<void>((resolve) => term.write(text, resolve));
  const rows = () =>
    Array.from(
      { length: ROWS },
      (_, row) => term.buffer.active.getLine(row)?.translateToString(true).trimEnd() ?? '',
    );
  const cellsFrom = (row: number, column: number) =>
    term.buffer.active.getLine(row)?.translateToString(true, column);
  const cursor = () => [term.buffer.active.cursorX, term.buffer.active.cursorY];
  return { write, rows, cellsFrom, cursor };
}

const row = (text: string): Row => fitRow([{ text, look: 'text', said: true }], COLUMNS);

function frame(texts: readonly string[], cursor: Frame['cursor'] = null): Frame {
  return { rows: Array.from({ length: ROWS }, (_, index) => row(texts[index] ?? '')), cursor };
}

const WORDS = ['a', 'bc', '日本語', 'שלום', '👨‍👩‍👧‍👦', 'é', '   ', '│', '🇯🇵', 'long words here'];

/** Panes beside each other, the middle one changing most. */
function randomFrame(random: () => number): Frame {
  const pick = () => WORDS[Math.floor(random() * WORDS.length)] ?? '';
  const rows = Array.from({ length: ROWS }, (): Row => {
    const middle: Row = [
      { text: pick(), look: random() < 0.3 ? 'mention' : 'text', said: true },
      {
        text: pick(),
        look: 'text',
        said: true,
        ...(random() < 0.2 ? { style: { bold: true } } : {}),
      },
    ];
    const left: Row = [{ text: random() < 0.1 ? 'x ' : '1 ', look: 'faint' }];
    const right: Row = random() < 0.5 ? [{ text: '│ bob', look: 'here' }] : [];
    return [...left, ...fitRow(middle, COLUMNS - 2 - (right.length > 0 ? 5 : 0)), ...right];
  });
  return { rows, cursor: { x: Math.floor(random() * COLUMNS), y: Math.floor(random() * ROWS) } };
}

test('a name and a text that are written from right to left keep their places', () => {
  const row: Row = [
    { text: '10:01 ', look: 'faint' },
    { text: 'דוד      ', look: 'name0' },
    { text: 'שלום לכולם', look: 'text', said: true },
    { text: ' ✓', look: 'good' },
  ];
  const text = rowText(row, { ...MANNER, theme: 'none' });
  assert.equal(stripVTControlCharacters(text), '10:01 דוד      \u200eשלום לכולם\u200e ✓');
  const plain: Row = [{ text: 'bob 日本', look: 'text', said: true }];
  assert.ok(!rowText(plain, MANNER).includes('\u200e'), 'and nothing is added to any other');
});

test('marks of direction that come from others are not sent on', () => {
  const row: Row = [{ text: 'a\u202eb\u2067cd', look: 'text', said: true }];
  assert.doesNotMatch(rowText(row, MANNER), /[\u202a-\u202e\u2066-\u2069]/u);
});

for (const knowsGraphemes of [true, false]) {
  const where = knowsGraphemes
    ? ''
    : ', also where emoji take other numbers of cells than we count';
  test(`frame after frame, what stands there is what the last one is when painted anew${where}`, async () => {
    const random = seededRandom(7);
    const painter = createPainter();
    const terminal = createTerminal(knowsGraphemes);
    await terminal.write(AUTO_WRAP_OFF);
    for (let count = 0; count < 200; count += 1) {
      const next = randomFrame(random);
      await terminal.write(painter.paint(next, MANNER));
      const anew = createTerminal(knowsGraphemes);
      await anew.write(AUTO_WRAP_OFF + createPainter().paint(next, MANNER));
      assert.deepEqual(terminal.rows(), anew.rows(), `frame ${count}`);
      assert.deepEqual(terminal.cursor(), anew.cursor());
    }
  });
}

for (const { what, text, knowsGraphemes } of [
  { what: 'an emoji', text: '👨‍👩‍👧‍👦 hi', knowsGraphemes: false },
  // This terminal gives the mark behind it a cell.
  { what: 'what is written from right to left', text: 'שלום', knowsGraphemes: true },
]) {
  test(`what stands behind ${what} keeps its column, however many cells the terminal gives that`, async () => {
    const terminal = createTerminal(knowsGraphemes);
    const middle = fitRow([{ text, look: 'text', said: true }], COLUMNS - 5);
    const rows: Row[] = [[...middle, { text: '│ bob', look: 'here' }]];
    await terminal.write(AUTO_WRAP_OFF + createPainter().paint({ rows, cursor: null }, MANNER));
    assert.equal(terminal.cellsFrom(0, COLUMNS - 5), '│ bob');
  });
}

test('a frame that stands there already costs nothing', () => {
  const painter = createPainter();
  painter.paint(frame(['one', 'two'], { x: 1, y: 1 }), MANNER);
  assert.equal(painter.paint(frame(['one', 'two'], { x: 1, y: 1 }), MANNER), '');
});

test('a letter costs the row it stands in and no other', async () => {
  const painter = createPainter();
  painter.paint(frame(['one', 'two', '❯ th'], { x: 4, y: 2 }), MANNER);
  const text = painter.paint(frame(['one', 'two', '❯ thr'], { x: 5, y: 2 }), MANNER);
  assert.ok(!text.includes('one') && !text.includes('two'), JSON.stringify(text));
  assert.ok(text.length < 60, `${text.length} characters`);
});

test('a cursor that moves costs no row', () => {
  const painter = createPainter();
  painter.paint(frame(['one'], { x: 1, y: 0 }), MANNER);
  const text = painter.paint(frame(['one'], { x: 2, y: 0 }), MANNER);
  assert.ok(text.includes('\u001b[1;3H') && !text.includes('one'), JSON.stringify(text));
});

test('a change of theme or glyphs, or somebody who wrote over it, has everything painted anew', () => {
  const same = frame(['one', 'two'], { x: 0, y: 0 });
  const painter = createPainter();
  painter.paint(same, MANNER);
  assert.match(painter.paint(same, { ...MANNER, theme: 'dark' }), /one.*two/s);
  assert.match(painter.paint(same, { theme: 'dark', glyphs: 'ascii' }), /one.*two/s);
  painter.forget();
  assert.match(painter.paint(same, { theme: 'dark', glyphs: 'ascii' }), /\[2J.*one.*two/s);
});

test('what no cell is for, and what a terminal would obey, is not written', () => {
  const text = createPainter().paint(frame(['so\u00adft \u200bstart \u001b[31m\u009b2J']), MANNER);
  assert.ok(text.includes('soft start [31m2J'), JSON.stringify(text));
});
