// One line of a room as rows of cells: its separators, prefix, wrapped text and mark. Rows are kept for
// as long as the line lives, because wrapping is what costs.
import { callPattern, mentionPattern } from '../lib/mentions.ts';
import type { CodeToken } from './highlight.ts';
import { type Piece, piecesOf, type Style } from './markdown.ts';
import type { Line, MembersLine, PostLine } from './state/model.ts';
import { cellWidth, fit, graphemes, truncate, wrapRanges, wrapText } from './text.ts';
import { type LookName, nameLook } from './theme.ts';

export type Segment = Readonly<{
  text: string;
  look: LookName;
  style?: Style;
  /** Words of people: shown as they were written, in whatever glyphs the rest is drawn. */
  said?: true;
}>;
export type Row = readonly Segment[];

/** What decides how a line looks besides the line. */
export type LineContext = Readonly<{
  width: number;
  nameWidth: number;
  /** Label of the day separator above it; null for none. */
  day: string | null;
  /** Label of the unread rule above it; null for none. */
  unread: string | null;
  /** Label of the rule above a block of merged posts, or behind it; null for none. */
  merged: string | null;
  showsTime: boolean;
  showsName: boolean;
  /** How many queued posts end with this one; 0 unless it is the last of them. */
  queuedCount: number;
  /** Whether what waits is drawn as sent: the connection is there, or was a moment ago. */
  isCalm: boolean;
  /** Names of this account, whose mention is highlighted. */
  selfName: string;
  /** Whether keys are about it at the moment. */
  isSelected: boolean;
}>;

const TIME_WIDTH = 5;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `10:01`, in the local time of the reader. @param time milliseconds since 1970 */
export function clockTime(time: number): string {
  const date = new Date(time);
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
}

/** `Mon 23 Nov`, and the year where it is not that of `reference`. */
export function dayLabel(time: number, reference: number): string {
  const date = new Date(time);
  const year = date.getFullYear();
  const shown = year === new Date(reference).getFullYear() ? '' : ` ${year}`;
  return `${DAYS[date.getDay()]} ${date.getDate()} ${MONTHS[date.getMonth()]}${shown}`;
}

/** Whether two times are on one day of the reader's calendar. */
export function isSameDay(one: number, other: number): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

/** A label in the middle of a rule that fills the width. */
export function rule(label: string, width: number, look: LookName): Row {
  const shown = label === '' ? '' : ` ${truncate(label, Math.max(1, width - 4))} `;
  const left = Math.max(0, Math.floor((width - cellWidth(shown)) / 2));
  const right = Math.max(0, width - left - cellWidth(shown));
  return [{ text: '─'.repeat(left) + shown + '─'.repeat(right), look }];
}

const MARKS: Readonly<Record<'sent' | 'stored' | 'refused', Segment>> = {
  sent: { text: '◷', look: 'faint' },
  stored: { text: '✓', look: 'good' },
  refused: { text: '✗', look: 'bad' },
};

function markOf(line: PostLine, context: LineContext): Segment | null {
  if (line.mark === null) return null;
  if (line.mark === 'stored' && line.copies !== undefined)
    return { text: `✓${line.copies}`, look: 'warning' };
  if (line.mark !== 'queued') return MARKS[line.mark];
  if (context.isCalm) return MARKS.sent;
  const count = context.queuedCount > 1 ? `${context.queuedCount} queued` : 'queued';
  return { text: count, look: 'warning' };
}

/** @param isStart whether the post begins with it */
function textSegments(
  text: string,
  { selfName, look, isStart }: { selfName: string; look: LookName; isStart: boolean },
): Segment[] {
  const called = isStart ? callPattern(selfName).exec(text) : null;
  const found = selfName === '' ? null : (called ?? mentionPattern(selfName).exec(text));
  if (!found) return [{ text, look }];
  const end = found.index + found[0].length;
  return [
    { text: text.slice(0, found.index), look },
    { text: found[0], look: 'mention' },
    ...textSegments(text.slice(end), { selfName, look, isStart: false }),
  ];
}

/** Behind a text that was edited. */
const EDITED = ' (edited)';

/** What a post says, in pieces; what is told of it is faint. */
function saidPieces(line: PostLine): Piece[] {
  if (line.deleted) return [{ text: 'message deleted', style: { faint: true } }];
  const doer: Piece[] = line.action ? [{ text: `${line.name} `, style: { bold: true } }] : [];
  const edited: Piece[] = line.edited ? [{ text: EDITED, style: { faint: true } }] : [];
  return [...doer, ...piecesOf(line.text), ...edited];
}

const ONE_CELL_EACH = /^[\n\u0020-\u007e]*$/;

/** Pieces that part no character in two: cells are counted piece by piece. */
function wholeCharacters(pieces: readonly Piece[]): readonly Piece[] {
  const text = pieces.map((piece) => piece.text).join('');
  if (pieces.length < 2 || ONE_CELL_EACH.test(text)) return pieces;
  const starts = new Set([text.length]);
  let at = 0;
  for (const character of graphemes(text)) {
    starts.add(at);
    at += character.length;
  }
  let from = 0;
  let end = 0;
  return pieces.flatMap(({ text: { length }, style }) => {
    end += length;
    let to = Math.max(from, end);
    while (!starts.has(to)) to += 1;
    const whole = text.slice(from, to);
    from = to;
    return whole === '' ? [] : [{ text: whole, style }];
  });
}

/** The rows of a text, each in pieces of one style. */
function styledRows(given: readonly Piece[], width: number): Piece[][] {
  const pieces = wholeCharacters(given);
  const shown = pieces.map((piece) => piece.text).join('');
  return wrapRanges(shown, width).map(({ start, end }) => {
    let at = 0;
    return pieces.flatMap((piece) => {
      const from = Math.max(start - at, 0);
      const to = Math.min(end - at, piece.text.length);
      at += piece.text.length;
      return from < to ? [{ text: piece.text.slice(from, to), style: piece.style }] : [];
    });
  });
}

const CODE_LOOKS = {
  keyword: 'codeKeyword',
  string: 'codeString',
  comment: 'codeComment',
  number: 'codeNumber',
  name: 'codeName',
  removed: 'codeRemoved',
} as const satisfies Record<CodeToken, LookName>;

/** A link that is its own address: nobody is called in it. */
const isAddress = (text: string, { link }: Style) =>
  link !== undefined && /^(?:https?:\/\/|www\.)/i.test(text);

function pieceSegments(
  { text, style }: Piece,
  told: { selfName: string; look: LookName; isStart: boolean },
): Segment[] {
  if (style.faint) return [{ text, look: 'faint' }];
  const segments: Segment[] = style.code
    ? [{ text, look: style.token ? CODE_LOOKS[style.token] : 'code' }]
    : isAddress(text, style)
      ? [{ text, look: told.look }]
      : textSegments(text, told);
  return segments.map((each) => ({ ...each, style, said: true }));
}

function prefix(line: Line, context: LineContext, name: Segment): Row {
  const time = context.showsTime ? clockTime(line.time) : ' '.repeat(TIME_WIDTH);
  const { isSelected } = context;
  return [
    { text: `${time} `, look: isSelected ? 'selected' : 'faint' },
    {
      text: `${fit(name.text, context.nameWidth)} `,
      look: isSelected ? 'selected' : name.look,
    },
  ];
}

/** Rows with the prefix before the first and as much space before the others. */
function hanging(first: Row, rows: readonly Row[]): Row[] {
  const indent = first.reduce((cells, segment) => cells + cellWidth(segment.text), 0);
  const space: Segment = { text: ' '.repeat(indent), look: 'text' };
  return rows.map((row, index) => (index === 0 ? [...first, ...row] : [space, ...row]));
}

const bodyWidth = (context: LineContext) => context.width - context.nameWidth - TIME_WIDTH - 2;

function postRows(line: PostLine, context: LineContext): Row[] {
  const mark = markOf(line, context);
  const width = Math.max(4, bodyWidth(context) - (mark ? cellWidth(mark.text) + 1 : 0));
  const look = line.mark === 'refused' ? 'faint' : 'text';
  const selfName = line.own ? '' : context.selfName;
  const styled = styledRows(saidPieces(line), width);
  const rows = styled.map((pieces, index): Row => {
    const segments = pieces.flatMap((piece, place) =>
      pieceSegments(piece, { selfName, look, isStart: index === 0 && place === 0 }),
    );
    if (!mark || index < styled.length - 1) return segments;
    const cells = pieces.reduce((sum, piece) => sum + cellWidth(piece.text), 0);
    return [...segments, { text: ' '.repeat(Math.max(1, width + 1 - cells)), look: 'text' }, mark];
  });
  const reason = wrapText(line.reason ?? '', width).map((text): Row => [{ text, look: 'bad' }]);
  const shownName = line.action && !line.deleted ? '*' : context.showsName ? line.name : '';
  const name: Segment = { text: shownName, look: line.own ? 'ownName' : nameLook(line.account) };
  const all = [
    ...quoteRows(line, width),
    ...rows,
    ...reactionRows(line, width),
    ...(line.reason ? reason : []),
  ];
  return hanging(prefix(line, context, name), all);
}

/** The post that is answered, in one row. */
function quoteRows({ reply }: PostLine, width: number): Row[] {
  if (!reply) return [];
  const start = `↳ ${reply.name}: `;
  const text = reply.text === '' ? 'message deleted' : reply.text.replace(/\s+/g, ' ');
  const left = Math.max(1, width - cellWidth(start));
  return [
    [
      { text: start, look: 'faint' },
      { text: truncate(text, left), look: 'faint', said: true },
    ],
  ];
}

/** `👍 3  🎉 1`, in as many rows as they take. */
function reactionRows({ reactions = [] }: PostLine, width: number): Row[] {
  const text = reactions.map(({ emoji, count }) => `${emoji}\u00a0${count}`).join('  ');
  return text === ''
    ? []
    : wrapText(text, width).map((row): Row => [{ text: row, look: 'notice', said: true }]);
}

/** More names than this become a number. */
const NAMES_SHOWN_MAX = 5;

function changedNames(changes: MembersLine['changes'], change: 'joined' | 'left'): string {
  const names = [
    ...new Set(changes.filter((each) => each.change === change).map((each) => each.name)),
  ];
  if (names.length === 0) return '';
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ');
  const more = names.length - NAMES_SHOWN_MAX;
  return `${shown}${more > 0 ? ` and ${more} more` : ''} ${change}`;
}

/** `dave, erin joined · frank left`. */
export function membersText(changes: MembersLine['changes']): string {
  const parts = [changedNames(changes, 'joined'), changedNames(changes, 'left')];
  return parts.filter((part) => part !== '').join(' · ');
}

function noticeRows(line: Line, text: string, context: LineContext): Row[] {
  const rows = wrapText(text, Math.max(4, bodyWidth(context)));
  return hanging(
    prefix(line, context, { text: '-!-', look: 'notice' }),
    rows.map((row): Row => [{ text: row, look: 'notice' }]),
  );
}

function bodyRows(line: Line, context: LineContext): Row[] {
  switch (line.kind) {
    case 'post':
      return postRows(line, context);
    case 'notice':
      return noticeRows(line, line.text, context);
    case 'members':
      return noticeRows(line, membersText(line.changes), context);
  }
}

const cache = new WeakMap<Line, { signature: string; rows: readonly Row[] }>();

/** Every row of a line, its separators first; at least one. */
export function lineRows(line: Line, context: LineContext): readonly Row[] {
  const signature = Object.values(context).join('|');
  const cached = cache.get(line);
  if (cached?.signature === signature) return cached.rows;
  const rows = [
    ...(context.day === null ? [] : [rule(context.day, context.width, 'faint')]),
    ...(context.merged === null ? [] : [rule(context.merged, context.width, 'notice')]),
    ...(context.unread === null ? [] : [rule(context.unread, context.width, 'unreadRule')]),
    ...bodyRows(line, context),
  ];
  cache.set(line, { signature, rows });
  return rows;
}
