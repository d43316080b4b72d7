// A terminal's cells as an SVG picture that looks the same in every viewer: each run of cells stands where
// its column is, whatever the font does.
import { cellWidth } from '../../tui/text.ts';

export type Cell = Readonly<{
  text: string;
  /** 2 for the first half of a wide character, 0 for the second. */
  width: number;
  /** Number in the ANSI palette, or `#rrggbb`; null for the terminal's own colour. */
  colour: number | string | null;
  bold: boolean;
  dim: boolean;
  inverse: boolean;
  struck: boolean;
  italic: boolean;
  underlined: boolean;
}>;

/** Advance and line height of a 14 px monospaced font. */
const CELL_WIDTH = 8.4;
const CELL_HEIGHT = 19;
const FONT_PX = 14;
const MARGIN = 14;
const TITLE_HEIGHT = 30;
const BACKGROUND = '#16181d';
const FOREGROUND = '#d8dee9';
const PALETTE = [
  '#3b4252',
  '#ef6b73',
  '#8fce7e',
  '#ebcb8b',
  '#81a1f1',
  '#c792ea',
  '#6fd3e3',
  '#e5e9f0',
  '#5c6880',
  '#ff8a90',
  '#a8e598',
  '#ffe0a3',
  '#9db8ff',
  '#dcb1ff',
  '#8fe7f5',
  '#ffffff',
];

const escaped = (text: string) =>
  text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign] ?? sign);

const styleOf = (cell: Cell) =>
  Object.entries(cell)
    .filter(([field]) => field !== 'text' && field !== 'width')
    .join();

type Run = { column: number; cells: number; text: string; style: Cell };

/** Neighbours of one style; characters beyond ASCII stand alone, because fonts differ in their widths. */
function runsOf(cells: readonly Cell[]): Run[] {
  const runs: Run[] = [];
  for (const [column, cell] of cells.entries()) {
    if (cell.width === 0) continue;
    const text = cell.text === '' ? ' ' : cell.text;
    const last = runs.at(-1);
    const isPlain = /^[ -~]$/.test(text);
    const joins =
      last && isPlain && styleOf(last.style) === styleOf(cell) && /^[ -~]+$/.test(last.text);
    if (joins) {
      last.text += text;
      last.cells += 1;
    } else runs.push({ column, cells: cell.width, text, style: cell });
  }
  return runs;
}

function colourOf(colour: Cell['colour']): string {
  if (typeof colour === 'number') return PALETTE[colour % 16] ?? FOREGROUND;
  return colour ?? FOREGROUND;
}

const number = (value: number) => Number(value.toFixed(1));

function runSvg({ column, cells, text, style }: Run, row: number): string {
  const x = number(MARGIN + column * CELL_WIDTH);
  const top = number(TITLE_HEIGHT + row * CELL_HEIGHT);
  const colour = colourOf(style.colour);
  const width = number(cells * CELL_WIDTH);
  const back = style.inverse
    ? `<rect x="${x}" y="${top}" width="${width}" height="${CELL_HEIGHT}" fill="${colour}"/>`
    : '';
  if (text.trim() === '') return back;
  const attributes = [
    `x="${x}" y="${number(top + CELL_HEIGHT - 5)}"`,
    `fill="${style.inverse ? BACKGROUND : colour}"`,
    cells > 1 ? `textLength="${width}" lengthAdjust="spacingAndGlyphs"` : '',
    style.bold ? 'font-weight="bold"' : '',
    style.dim ? 'opacity="0.6"' : '',
    style.italic ? 'font-style="italic"' : '',
    style.struck ? 'text-decoration="line-through"' : '',
    style.underlined ? 'text-decoration="underline"' : '',
  ].filter((attribute) => attribute !== '');
  return `${back}<text ${attributes.join(' ')}>${escaped(text)}</text>`;
}

function cursorSvg({ column, row }: { column: number; row: number }): string {
  const x = number(MARGIN + column * CELL_WIDTH);
  const y = number(TITLE_HEIGHT + row * CELL_HEIGHT + 2);
  return `<rect x="${x}" y="${y}" width="2" height="${CELL_HEIGHT - 4}" fill="${FOREGROUND}"/>`;
}

const TEXT = /<text x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)<\/text>/g;

const unescaped = (text: string) =>
  text.replace(/&(amp|lt|gt);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>' })[name] ?? '');

/** The rows of such a picture as text again, without the spaces at their ends. */
export function textOfSvg(svg: string): string[] {
  const rows: string[] = [];
  for (const [, x = '', y = '', text = ''] of svg.matchAll(TEXT)) {
    const row = Math.round((Number(y) - TITLE_HEIGHT - CELL_HEIGHT + 5) / CELL_HEIGHT);
    const column = Math.round((Number(x) - MARGIN) / CELL_WIDTH);
    while (rows.length <= row) rows.push('');
    const before = rows[row] ?? '';
    rows[row] = `${before}${' '.repeat(Math.max(0, column - cellWidth(before)))}${unescaped(text)}`;
  }
  return rows.map((text) => text.trimEnd());
}

/** @param title shown in the picture's frame and read by screen readers */
export function screenSvg(screen: {
  rows: readonly (readonly Cell[])[];
  columns: number;
  title: string;
  /** null where it is not shown. */
  cursor: { column: number; row: number } | null;
}): string {
  const width = number(screen.columns * CELL_WIDTH + 2 * MARGIN);
  const height = number(screen.rows.length * CELL_HEIGHT + TITLE_HEIGHT + MARGIN);
  const body = screen.rows.flatMap((cells, row) => runsOf(cells).map((run) => runSvg(run, row)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(screen.title)}">`,
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
    ...['#ef6b73', '#ebcb8b', '#8fce7e'].map(
      (colour, index) => `<circle cx="${18 + index * 18}" cy="15" r="5" fill="${colour}"/>`,
    ),
    `<text x="${width / 2}" y="19" fill="#8a93a5" font-family="sans-serif" font-size="12" text-anchor="middle">${escaped(screen.title)}</text>`,
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${FONT_PX}" xml:space="preserve">`,
    ...body.filter((part) => part !== ''),
    ...(screen.cursor === null ? [] : [cursorSvg(screen.cursor)]),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}
