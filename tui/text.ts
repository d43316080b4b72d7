// Text as a terminal shows it: cells, graphemes, wrapping, and what must never reach the terminal.
import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

// C0 but the line feed, DEL, C1, bidi overrides and isolates, the byte order mark.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const PLAIN = /^[\u0020-\u007e]*$/;
/**
 * Marks on one letter beyond this are dropped: a stack of them paints over the rows above. More than any living script
 * has (four in Hebrew and Vietnamese, six in Tibetan); the stream-safe format of UAX #15 would let 30 pass.
 */
const FLOOD = /(\p{M}{8})\p{M}+/gu;

/**
 * What may be shown of a text from elsewhere. The server refuses control characters already; this is the
 * second lock, because one escape code would own the terminal.
 * @returns one or more lines: tabs are spaces, line feeds stay, lone surrogates become U+FFFD, floods of marks end
 */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\t/g, '  ')
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(UNSAFE, '')
    .replace(FLOOD, '$1');
}

/** The same in one line: names, topics, reasons. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/\n/g, ' ');
}

/**
 * A value as JSON in one line that a terminal may be shown too: what JSON leaves as it is and a terminal would obey is
 * escaped, which means the same to whoever parses it.
 */
export function printableJson(value: unknown): string {
  const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value)
    .replace(UNSAFE, escaped)
    .replace(/[\u2028\u2029]/g, escaped);
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

/** The next place between two graphemes, from `index` on: `index` itself where it is one. */
export function boundaryFrom(text: string, index: number): number {
  const around = index > 0 && index < text.length && segmenter.segment(text).containing(index);
  return around && around.index < index ? around.index + around.segment.length : index;
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

/** The end of a text that fits into `width` cells: of what is being typed, or stands before what was found. */
export function tailOf(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  let kept = '';
  let cells = 0;
  for (const grapheme of graphemes(text).reverse()) {
    cells += cellWidth(grapheme);
    if (cells > width) break;
    kept = grapheme + kept;
  }
  return kept;
}

/** Exactly `width` cells: cut or filled with spaces at the end. */
export function fit(text: string, width: number): string {
  const shown = truncate(text, width);
  return shown + ' '.repeat(Math.max(0, width - cellWidth(shown)));
}

/** As many of the parts between ` · ` as fit into `width` cells, and at least the first. */
export function wholeParts(text: string, width: number): string {
  let shown = text;
  while (cellWidth(shown) > width && shown.includes(' · '))
    shown = shown.slice(0, shown.lastIndexOf(' · '));
  return shown;
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

/** A part of a text: where it begins and ends, in UTF-16 units. */
export type Range = Readonly<{ start: number; end: number }>;

function wrapParagraph(paragraph: string, width: number, offset: number): Range[] {
  const rows: Range[] = [];
  let start = 0;
  let end = 0;
  let cells = 0;
  const push = () => rows.push({ start: offset + start, end: offset + end });
  // Every word takes the spaces before it along, so that indented code keeps its shape.
  for (const { 0: word, index } of paragraph.matchAll(/ *[^ ]+| +$/g)) {
    const wordCells = cellWidth(word);
    if (cells + wordCells <= width) {
      end = index + word.length;
      cells += wordCells;
      continue;
    }
    const isFirst = end === start;
    if (!isFirst) push();
    const bare = isFirst ? word : word.trimStart();
    start = index + word.length - bare.length;
    const pieces = cutHard(bare, width);
    for (const piece of pieces.slice(0, -1)) {
      end = start + piece.length;
      push();
      start = end;
    }
    end = index + word.length;
    cells = cellWidth(pieces.at(-1) ?? '');
  }
  push();
  return rows;
}

/**
 * Wraps by words, and within a word that is wider than a row.
 * @param width cells of a row, at least 2, so that a wide character fits
 * @returns what of the text each row has, without the spaces and line feeds at which it was cut; at least one row
 */
export function wrapRanges(text: string, width: number): Range[] {
  const columns = Math.max(2, width);
  let offset = 0;
  return text.split('\n').flatMap((paragraph) => {
    const rows = wrapParagraph(paragraph, columns, offset);
    offset += paragraph.length + 1;
    return rows;
  });
}

/** The same as texts. An empty text is one empty row. */
export function wrapText(text: string, width: number): string[] {
  return wrapRanges(text, width).map(({ start, end }) => text.slice(start, end));
}
