// Rows of cells as what a terminal is sent: styles, links, and of a row that stands there already only what is
// different. Written by ourselves and not by Ink, which takes a frame apart into cells and puts it together again,
// some milliseconds for a screen of 120x40: docs/adr/0006-frames-are-written-here.md.
import chalk, { type ChalkInstance } from 'chalk';
import type { Frame } from './frame.ts';
import { type GlyphSet, inGlyphs } from './glyphs.ts';
import type { Row, Segment } from './line-rows.ts';
import type { Style } from './markdown.ts';
import { cellWidth, graphemes } from './text.ts';
import { type Look, type LookName, lookOf, type ThemeName } from './theme.ts';

/** How meanings are drawn. */
export type Manner = Readonly<{ theme: ThemeName; glyphs: GlyphSet }>;

const PLAIN_TEXT = /^[\u0020-\u007e]*$/;
// C0, DEL, C1, the separators of lines, and what turns the direction of text. The last lock: cleanText was before it.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;
/** Takes no cell by itself, whatever a terminal makes of it: a soft hyphen, say. */
const INVISIBLE = /^\p{Default_Ignorable_Code_Point}+$/u;

/** What a terminal shows of a text and does not obey. */
function shown(text: string): string {
  if (PLAIN_TEXT.test(text)) return text;
  return graphemes(text.replace(OBEYED, ''))
    .filter((grapheme) => !INVISIBLE.test(grapheme))
    .join('');
}

function isNamed(color: string): color is 'red' {
  return color in chalk;
}

function brushOf(look: Look, { bold, italic, struck, link }: Style): ChalkInstance {
  const { color } = look;
  let brush: ChalkInstance = chalk;
  if (color !== undefined) brush = isNamed(color) ? brush[color] : brush.hex(color);
  if (look.dimColor) brush = brush.dim;
  if (look.bold || bold) brush = brush.bold;
  if (italic) brush = brush.italic;
  if (look.strikethrough || struck) brush = brush.strikethrough;
  if (link !== undefined) brush = brush.underline;
  return look.inverse ? brush.inverse : brush;
}

const PLAIN: Style = {};
const brushes = new Map<string, ChalkInstance>();

/** Made once for each look and style of a theme: there are some dozens. */
function brushFor(look: LookName, style: Style, theme: ThemeName): ChalkInstance {
  const { bold = '', italic = '', struck = '', link } = style;
  const key = `${theme} ${look} ${bold} ${italic} ${struck} ${link === undefined}`;
  const known = brushes.get(key);
  if (known) return known;
  const brush = brushOf(lookOf(look, theme), style);
  brushes.set(key, brush);
  return brush;
}

/** OSC 8: the terminal shows the address to whoever points at it. The address has only printable ASCII in it. */
function linked(text: string, address: string | undefined): string {
  return address === undefined ? text : `\u001b]8;;${address}\u0007${text}\u001b]8;;\u0007`;
}

/** Letters that are written from right to left: Hebrew, Arabic and their neighbours. */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/**
 * Stands behind each piece that has such letters, and takes no cell: a terminal that turns them round would else take a
 * name, the space behind it and the text for one run, and change their places.
 */
const LEFT_TO_RIGHT_MARK = '\u200e';

const kept = (words: string) => (RIGHT_TO_LEFT.test(words) ? words + LEFT_TO_RIGHT_MARK : words);

function segmentText({ text, look, style = PLAIN, said }: Segment, manner: Manner): string {
  const words = shown(said ? text : inGlyphs(text, manner.glyphs));
  if (words === '') return '';
  return linked(brushFor(look, style, manner.theme)(kept(words)), said && style.link);
}

/**
 * Signs that terminals do not agree on: a family of four takes two cells, or eight, or what a font makes of it; a mark
 * takes none, or one, and so does the one that stands behind what is written from right to left.
 */
const CONTESTED =
  /[\u200d\ufe0f\u20e3\p{Emoji_Presentation}\p{M}\p{Default_Ignorable_Code_Point}]/u;

const isContested = ({ text }: Segment) =>
  !PLAIN_TEXT.test(text) && (CONTESTED.test(text) || RIGHT_TO_LEFT.test(text));

/** A row as it is sent. */
export function rowText(row: Row, manner: Manner): string {
  return row.map((segment) => segmentText(segment, manner)).join('');
}

function isSameStyle(one: Style = PLAIN, other: Style = PLAIN): boolean {
  return (
    one === other ||
    (one.bold === other.bold &&
      one.italic === other.italic &&
      one.struck === other.struck &&
      one.link === other.link)
  );
}

function isSame(one: Segment | undefined, other: Segment | undefined): boolean {
  return (
    one === other ||
    (one !== undefined &&
      other !== undefined &&
      one.text === other.text &&
      one.look === other.look &&
      one.said === other.said &&
      isSameStyle(one.style, other.style))
  );
}

const widthOf = (row: Row) => row.reduce((cells, { text }) => cells + cellWidth(text), 0);

const isBlank = ({ text, look, style }: Segment) =>
  look === 'text' && style === undefined && /^ *$/.test(text);

const to = (row: number, column: number) => `\u001b[${row + 1};${column + 1}H`;
const toColumn = (column: number) => `\u001b[${column + 1}G`;
const ERASE_ROW_END = '\u001b[K';
const ERASE_SCREEN = '\u001b[H\u001b[2J';
const BEGIN_TOGETHER = '\u001b[?2026h';
const END_TOGETHER = '\u001b[?2026l';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** The whole row; what stands behind a contested sign is put in its column, wherever that has left the terminal. */
function wholeRow(row: Row, { index, manner }: { index: number; manner: Manner }): string {
  let column = 0;
  let text = to(index, 0) + ERASE_ROW_END;
  for (const segment of row) {
    column += cellWidth(segment.text);
    text += segmentText(segment, manner) + (isContested(segment) ? toColumn(column) : '');
  }
  return text;
}

/** What makes one row of another; empty when they are the same. @param index of the row, from the top */
function rowChange(
  before: Row,
  after: Row,
  { index, manner }: { index: number; manner: Manner },
): string {
  let start = 0;
  while (start < after.length && isSame(before[start], after[start])) start += 1;
  if (start === after.length && start === before.length) return '';
  // Nobody knows what stands where in such a row: no part of it can be left as it is.
  if (before.some(isContested) || after.some(isContested))
    return wholeRow(after, { index, manner });
  let same = 0;
  // What stands at the end stays only where it stays in its column, and so where both are as wide.
  if (widthOf(before) === widthOf(after)) {
    const most = Math.min(before.length, after.length) - start;
    while (same < most && isSame(before.at(-1 - same), after.at(-1 - same))) same += 1;
  }
  const part = after.slice(start, after.length - same);
  const last = part.at(-1);
  const erases = same === 0 && last !== undefined && isBlank(last);
  const text = rowText(erases ? part.slice(0, -1) : part, manner);
  return to(index, widthOf(after.slice(0, start))) + text + (erases ? ERASE_ROW_END : '');
}

export type Painter = Readonly<{
  /** What is to be written for a frame to stand there; empty when it does already. */
  paint(frame: Frame, manner: Manner): string;
  /** Somebody else wrote on the screen, or it has another size: the next frame is painted as a whole. */
  forget(): void;
}>;

/** Knows what stands on the screen. */
export function createPainter(): Painter {
  let standing: Readonly<{ frame: Frame; manner: Manner }> | null = null;
  return {
    forget: () => {
      standing = null;
    },
    paint: (frame, manner) => {
      const isOther =
        standing?.manner.theme !== manner.theme || standing.manner.glyphs !== manner.glyphs;
      const before = isOther ? null : (standing?.frame ?? null);
      standing = { frame, manner };
      const changes = frame.rows.map((row, index) =>
        rowChange(before?.rows[index] ?? [], row, { index, manner }),
      );
      const text = changes.join('');
      const { cursor } = frame;
      const isCursorThere = cursor?.x === before?.cursor?.x && cursor?.y === before?.cursor?.y;
      if (before !== null && text === '' && isCursorThere) return '';
      const head = BEGIN_TOGETHER + HIDE_CURSOR + (before === null ? ERASE_SCREEN : '');
      const end = cursor ? to(cursor.y, cursor.x) + SHOW_CURSOR : '';
      return head + text + end + END_TOGETHER;
    },
  };
}
