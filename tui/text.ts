// Text as a terminal shows it: cells, graphemes, wrapping, and what must never reach the terminal.
import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

// C0 but the line feed, DEL, C1, bidi overrides and isolates, the byte order mark.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const PLAIN = /^[\u0020-\u007e]*$/;

/**
 * What may be shown of a text from elsewhere. The server refuses control characters already; this is the
 * second lock, because one escape code would own the terminal.
 * @returns one or more lines: tabs are spaces, line feeds stay, lone surrogates become U+FFFD
 */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\t/g, '  ')
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(UNSAFE, '');
}

/** The same in one line: names, topics, reasons. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/\n/g, ' ');
}

/** Cells that the text takes; 0 for an empty one. */
export function cellWidth(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** The user-perceived characters of a text, in order. */
export function graphemes(text: string): string[] {
  if (PLAIN.test(text)) return [...text];
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** Cuts what does not fit into `width` cells, an ellipsis last. */
export function truncate(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  let cells = 0;
  for (const grapheme of graphemes(text)) {
    const next = cellWidth(grapheme);
    if (cells + next > width - 1) break;
    kept += grapheme;
    cells += next;
  }
  return `${kept}…`;
}

/** Exactly `width` cells: cut or filled with spaces at the end. */
export function fit(text: string, width: number): string {
  const shown = truncate(text, width);
  return shown + ' '.repeat(Math.max(0, width - cellWidth(shown)));
}

/** Exactly `width` cells, filled at the start. */
export function fitStart(text: string, width: number): string {
  const shown = truncate(text, width);
  return ' '.repeat(Math.max(0, width - cellWidth(shown))) + shown;
}

/** Cuts a text into pieces of at most `width` cells, between graphemes. */
function cutHard(text: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let cells = 0;
  for (const grapheme of graphemes(text)) {
    const next = cellWidth(grapheme);
    if (cells + next > width && piece !== '') {
      pieces.push(piece);
      piece = '';
      cells = 0;
    }
    piece += grapheme;
    cells += next;
  }
  pieces.push(piece);
  return pieces;
}

function wrapParagraph(paragraph: string, width: number): string[] {
  const rows: string[] = [];
  let row = '';
  let cells = 0;
  // Every word takes the spaces before it along, so that indented code keeps its shape.
  for (const word of paragraph.match(/ *[^ ]+| +$/g) ?? ['']) {
    const wordCells = cellWidth(word);
    if (cells + wordCells <= width) {
      row += word;
      cells += wordCells;
      continue;
    }
    if (row !== '') rows.push(row);
    const bare = row === '' ? word : word.trimStart();
    const pieces = cutHard(bare, width);
    row = pieces.pop() ?? '';
    rows.push(...pieces);
    cells = cellWidth(row);
  }
  rows.push(row);
  return rows;
}

/**
 * Wraps by words, and within a word that is wider than a row.
 * @param width cells of a row, at least 2, so that a wide character fits
 * @returns at least one row; an empty text is one empty row
 */
export function wrapText(text: string, width: number): string[] {
  const columns = Math.max(2, width);
  return text.split('\n').flatMap((paragraph) => wrapParagraph(paragraph, columns));
}
