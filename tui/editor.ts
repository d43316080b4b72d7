// The line editor: a text and a place in it, and what keys do to them. Moves by graphemes and words, so
// that an emoji of seven code points is one step. Knows nothing of keys or of the screen.
import { boundaryFrom, cellWidth, cleanText, graphemes } from './text.ts';

export type Editor = Readonly<{
  text: string;
  /** UTF-16 index between two graphemes. */
  cursor: number;
}>;

export const EMPTY_EDITOR: Editor = { text: '', cursor: 0 };

/** The text with the cursor behind it. */
export function editorOf(text: string): Editor {
  return { text, cursor: text.length };
}

const before = (editor: Editor) => editor.text.slice(0, editor.cursor);
const after = (editor: Editor) => editor.text.slice(editor.cursor);
const lineStart = ({ text, cursor }: Editor) => text.lastIndexOf('\n', cursor - 1) + 1;
const lineEnd = ({ text, cursor }: Editor) => {
  const end = text.indexOf('\n', cursor);
  return end === -1 ? text.length : end;
};
const cutTo = (editor: Editor, from: number): Editor => ({
  text: editor.text.slice(0, from) + after(editor),
  cursor: from,
});

/** What is put in or taken out can make one character of what stood on both sides: the cursor goes behind it then. */
const whole = ({ text, cursor }: Editor): Editor => ({ text, cursor: boundaryFrom(text, cursor) });

/** Puts text in at the cursor; control characters are left out, line feeds stay. */
export function insert(editor: Editor, text: string): Editor {
  const clean = cleanText(text);
  const cursor = editor.cursor + clean.length;
  return whole({ text: before(editor) + clean + after(editor), cursor });
}

function previous({ text, cursor }: Editor): number {
  return cursor - (graphemes(text.slice(0, cursor)).at(-1)?.length ?? 0);
}
function next({ text, cursor }: Editor): number {
  return cursor + (graphemes(text.slice(cursor))[0]?.length ?? 0);
}
/** Start of the word before the cursor: over spaces, then over what is not one. */
function wordBefore(editor: Editor): number {
  return before(editor).replace(/\S+\s*$|\s+$/u, '').length;
}
function wordAfter(editor: Editor): number {
  return editor.cursor + (after(editor).match(/^\s*\S+|^\s+/u)?.[0].length ?? 0);
}

const CHANGES = {
  left: (editor: Editor): Editor => ({ ...editor, cursor: previous(editor) }),
  right: (editor: Editor): Editor => ({ ...editor, cursor: next(editor) }),
  wordLeft: (editor: Editor): Editor => ({ ...editor, cursor: wordBefore(editor) }),
  wordRight: (editor: Editor): Editor => ({ ...editor, cursor: wordAfter(editor) }),
  home: (editor: Editor): Editor => ({ ...editor, cursor: lineStart(editor) }),
  end: (editor: Editor): Editor => ({ ...editor, cursor: lineEnd(editor) }),
  backspace: (editor: Editor): Editor => cutTo(editor, previous(editor)),
  delete: (editor: Editor): Editor => {
    const end = next(editor);
    return { text: before(editor) + editor.text.slice(end), cursor: editor.cursor };
  },
  deleteWordBefore: (editor: Editor): Editor => cutTo(editor, wordBefore(editor)),
  deleteWordAfter: (editor: Editor): Editor => ({
    text: before(editor) + editor.text.slice(wordAfter(editor)),
    cursor: editor.cursor,
  }),
  deleteToStart: (editor: Editor): Editor => cutTo(editor, lineStart(editor)),
  /** At the end of a line, the line feed. */
  deleteToEnd: (editor: Editor): Editor => {
    const end = lineEnd(editor);
    const stop = end === editor.cursor ? next(editor) : end;
    return { text: before(editor) + editor.text.slice(stop), cursor: editor.cursor };
  },
  newline: (editor: Editor): Editor => insert(editor, '\n'),
} as const;
export type Edit = keyof typeof CHANGES;

/** What each edit does. */
export const EDITS = Object.fromEntries(
  Object.entries(CHANGES).map(([name, change]) => [
    name,
    (editor: Editor) => whole(change(editor)),
  ]),
) as Readonly<Record<Edit, (editor: Editor) => Editor>>;

/**
 * Moves to the line above (-1) or below (+1), as near to the same column as it goes.
 * @returns null when there is no such line
 */
export function moveLine(editor: Editor, step: -1 | 1): Editor | null {
  const start = lineStart(editor);
  const end = lineEnd(editor);
  if (step === -1 ? start === 0 : end === editor.text.length) return null;
  const column = cellWidth(editor.text.slice(start, editor.cursor));
  const target = step === -1 ? lineStart({ ...editor, cursor: start - 1 }) : end + 1;
  let cursor = target;
  let cells = 0;
  for (const grapheme of graphemes(editor.text.slice(target).split('\n', 1)[0] ?? '')) {
    cells += cellWidth(grapheme);
    if (cells > column) break;
    cursor += grapheme.length;
  }
  return { ...editor, cursor };
}

export type EditorRows = Readonly<{
  rows: readonly string[];
  cursorRow: number;
  cursorColumn: number;
}>;

/** Wraps the text hard at `width` cells and says where the cursor is: rows and columns from 0. */
export function editorRows(editor: Editor, width: number): EditorRows {
  const rows: string[] = [];
  let row = '';
  let cells = 0;
  let position = 0;
  let cursorRow = 0;
  let cursorColumn = 0;
  const breakRow = () => {
    rows.push(row);
    row = '';
    cells = 0;
  };
  const atCursor = () => {
    if (position !== editor.cursor) return;
    cursorRow = rows.length;
    cursorColumn = cells;
  };
  for (const grapheme of graphemes(editor.text)) {
    const isBreak = grapheme === '\n';
    // A cell stays free for the cursor, which stands behind the last character.
    if (!isBreak && cells + cellWidth(grapheme) > Math.max(2, width - 1)) breakRow();
    atCursor();
    position += grapheme.length;
    if (isBreak) breakRow();
    else {
      row += grapheme;
      cells += cellWidth(grapheme);
    }
  }
  atCursor();
  rows.push(row);
  return { rows, cursorRow, cursorColumn };
}
