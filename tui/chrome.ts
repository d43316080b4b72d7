// The rows around the timeline: title, lists beside it, composer, hints. Plain rows of segments, each as
// wide as it is told.
import type { Person } from '../lib/protocol/events.ts';
import { TEXT_CHARS_MAX, UNREAD_COUNTED_MAX } from '../lib/protocol/limits.ts';
import { shortKeyText, whatOf } from './key-names.ts';
import { PEOPLE_FROM_COLUMNS, ROOM_LIST_FROM_COLUMNS } from './layout.ts';
import type { Row, Segment } from './line-rows.ts';
import { roomLabel } from './room-label.ts';
import type { Bindings } from './settings/bindings.ts';
import type { Model, RoomView } from './state/model.ts';
import { PEOPLE_LISTED_MAX } from './state/people.ts';
import { composerOf, isLossQuiet } from './state/selectors.ts';
import { draftOf } from './state/step.ts';
import { hintSaid, isStatusTaken } from './status-row.ts';
import { cellWidth, fit, truncate } from './text.ts';
import type { LookName } from './theme.ts';

const segment = (text: string, look: LookName = 'text'): Segment => ({ text, look });

/** Cells that a row takes. */
export function rowWidth(row: Row): number {
  return row.reduce((cells, { text }) => cells + cellWidth(text), 0);
}

/** Exactly `width` cells: cut with an ellipsis or filled with spaces. */
export function fitRow(row: Row, width: number): Row {
  const kept: Segment[] = [];
  let left = width;
  for (const each of row) {
    if (left <= 0) break;
    const text = truncate(each.text, left);
    kept.push(text === each.text ? each : { ...each, text });
    left -= cellWidth(text);
    if (text !== each.text) break;
  }
  return left > 0 ? [...kept, segment(' '.repeat(left))] : kept;
}

/** Below this the program's own name is the first thing to go. */
const BRAND_FROM_COLUMNS = 60;

const STATE_MARKS = { leading: '★', lost: '◌', down: '✗', suspended: '‖', joining: '…' } as const;
const STATE_LOOKS = { leading: 'good', lost: 'bad', down: 'down' } as const;

/** @param isLed whether the leader answers: of one that does not it is not said that it leads */
function serverSegments({ cluster, size }: Model, isLed: boolean): Segment[] {
  if (!cluster) return [];
  if (size.columns < PEOPLE_FROM_COLUMNS) {
    return cluster.leader && isLed
      ? [segment(` ${cluster.leader.id}★`, 'good')]
      : [segment(' no leader')];
  }
  return cluster.servers.flatMap(({ id, state }) => {
    const known = state === 'leading' && !isLed ? 'lost' : state;
    const mark = STATE_MARKS[known as keyof typeof STATE_MARKS] ?? '▪';
    const look = STATE_LOOKS[known as keyof typeof STATE_LOOKS] ?? 'text';
    return [segment(' '), segment(`${id}${mark}`, look)];
  });
}

function connectionSegments(model: Model): Segment[] {
  const isUp = model.connection.type === 'connected' || isLossQuiet(model);
  const isLed = isUp || model.connection.type === 'resending';
  const milliseconds = model.roundTripMs;
  const shown =
    milliseconds === null ? '' : milliseconds < 1 ? '<1' : String(Math.round(milliseconds));
  return [
    segment(model.name, 'ownName'),
    segment(isUp ? ' ●' : ' ◌', isUp ? 'good' : 'bad'),
    ...serverSegments(model, isLed),
    segment(isUp && shown !== '' ? ` ${shown}ms ` : ' ', 'faint'),
  ];
}

/** What is new in the other rooms where there is no list of them: ` @1 4`. */
function elsewhereCounts({ rooms }: Model, open: RoomView | undefined): Segment[] {
  const others = rooms.filter((view) => view !== open);
  const sumOf = (count: (view: RoomView) => number) =>
    others.reduce((sum, view) => sum + count(view), 0);
  const calls = sumOf(({ room, unread, mentions }) => (room.direct ? unread : mentions));
  const unread = sumOf((view) => view.unread);
  return [
    ...(calls > 0 ? [segment(` @${shownCount(calls)}`, 'mention')] : []),
    ...(unread > 0 ? [segment(` ${shownCount(unread)}`, 'roomUnread')] : []),
  ];
}

/** ` syncnet  #ops · topic      alice ● server3★ 12ms`. */
export function titleRow(model: Model, view: RoomView | undefined): Row {
  const { columns } = model.size;
  const right = connectionSegments(model);
  const room = view ? roomLabel(view.room) : '';
  const topic = view && view.room.topic !== '' ? ` · ${view.room.topic}` : '';
  const brand = columns >= BRAND_FROM_COLUMNS ? ' syncnet  ' : ' ';
  const counts = columns < ROOM_LIST_FROM_COLUMNS ? elsewhereCounts(model, view) : [];
  const left = [segment(brand, 'faint'), segment(room, 'title'), ...counts, segment(topic)];
  const leftWidth = Math.max(0, columns - rowWidth(right) - 1);
  return fitRow([...fitRow(left, leftWidth), segment(' '), ...right], columns);
}

/** More are not counted where they are not all here. */
const shownCount = (count: number) =>
  count < UNREAD_COUNTED_MAX ? String(count) : `${UNREAD_COUNTED_MAX - 1}+`;

function countOf(view: RoomView): Segment {
  if (view.room.direct && view.unread > 0) return segment(shownCount(view.unread), 'mention');
  if (view.mentions > 0) return segment(`@${shownCount(view.mentions)}`, 'mention');
  if (view.unread > 0) return segment(shownCount(view.unread), 'roomUnread');
  return view.isStirred ? segment('·', 'faint') : segment('');
}

function roomRow(view: RoomView, fields: { number: number; isOpen: boolean; width: number }): Row {
  const { number, isOpen, width } = fields;
  const count = countOf(view);
  const start = `${number < 10 ? ' ' : ''}${number} `;
  const before = view.room.direct ? presenceMark(view.room.direct.state) : segment('#');
  const nameWidth = width - cellWidth(start) - cellWidth(before.text) - cellWidth(count.text) - 1;
  const look: LookName = isOpen ? 'roomOpen' : view.unread > 0 ? 'roomUnread' : 'text';
  const draft = view.draft.text !== '' && !isOpen ? '✎' : '';
  const name = fit(`${view.room.name}${draft}`, Math.max(1, nameWidth));
  const mark = view.room.direct ? before : segment(before.text, look);
  return [segment(start, 'faint'), mark, segment(name, look), count, segment(' ')];
}

/** The part of a list that shows the item `index`, at the top as long as it fits. */
function visiblePart<T>(items: readonly T[], height: number, index: number): readonly T[] {
  const start = Math.max(0, Math.min(index - height + 1, items.length - height));
  return items.slice(Math.max(0, start), Math.max(0, start) + height);
}

type ListItem = Readonly<{ view: RoomView; number: number }> | 'space' | 'direct';

/** The rows of the list below its first heading, as many as fit, the open room among them. */
function listItems(model: Model, height: number): readonly ListItem[] {
  const numbered = model.rooms.map((view, index): ListItem => ({ view, number: index + 1 }));
  const firstDirect = model.rooms.findIndex(({ room }) => room.direct);
  const items =
    firstDirect === -1 ? numbered : numbered.toSpliced(firstDirect, 0, 'space', 'direct');
  const open = items.findIndex(
    (item) => typeof item === 'object' && item.view.room.id === model.openRoom,
  );
  return visiblePart(items, height - 1, open);
}

/** The room in a row of the list, the title row counted; null where none is. */
export function roomAtRow(model: Model, height: number, row: number): RoomView | null {
  const item = listItems(model, height)[row - 1];
  return typeof item === 'object' ? item.view : null;
}

/** The room list, `height` rows of `width` cells. */
export function roomListRows(model: Model, width: number, height: number): Row[] {
  const rows = listItems(model, height).map((item): Row => {
    if (typeof item === 'string') return [segment(item === 'direct' ? ' DIRECT' : '', 'faint')];
    const { view, number } = item;
    return roomRow(view, { number, isOpen: view.room.id === model.openRoom, width });
  });
  return [[segment(' ROOMS', 'faint')], ...rows];
}

const PRESENCE_MARKS = { here: '● ', idle: '◌ ', gone: '○ ' } as const;

function presenceMark(state: Person['state']): Segment {
  return segment(PRESENCE_MARKS[state], state === 'here' ? 'here' : 'faint');
}

/** Who is in the room: here first, then idle, then gone. */
export function peopleRows(view: RoomView | undefined, height: number): Row[] {
  const people = view?.people ?? [];
  if (view && view.people === null && view.room.members > PEOPLE_LISTED_MAX) {
    return [
      [segment(`PEOPLE ${view.room.members}`, 'faint')],
      [segment('/who names them', 'faint')],
    ];
  }
  const rows = people.map(({ name, state }): Row => {
    const isHere = state === 'here';
    return [presenceMark(state), segment(name, isHere ? 'text' : 'faint')];
  });
  const hidden = rows.length - (height - 1);
  const shown: Row[] =
    hidden > 0
      ? [...rows.slice(0, height - 2), [segment(`and ${hidden + 1} more`, 'faint')]]
      : rows;
  return [[segment(`PEOPLE ${people.length === 0 ? '' : people.length}`, 'faint')], ...shown];
}

/** From here on the counter warns. Arbitrary: a paragraph before the end. */
const COUNTER_WARNS_CHARS = TEXT_CHARS_MAX - 200;

function counter(text: string): Segment {
  if (text === '') return segment('');
  const look = text.length > COUNTER_WARNS_CHARS ? 'warning' : 'faint';
  const max = `${TEXT_CHARS_MAX / 1000}k`;
  return segment(`${text.length}/${max} `, text.length > TEXT_CHARS_MAX ? 'bad' : look);
}

export type Composer = Readonly<{
  rows: readonly Row[];
  /** Cell of the cursor, from the composer's first row and the screen's first column. */
  cursor: Readonly<{ x: number; y: number }>;
}>;

/** The text being written, the part around the cursor where it has more rows than there is room for. */
export function composer(model: Model): Composer {
  const { rows, cursorRow, cursorColumn, prompt, layout } = composerOf(model);
  const height = layout.composerHeight;
  const first = Math.max(0, Math.min(cursorRow - height + 1, rows.length - height));
  const indent = ' '.repeat(cellWidth(prompt));
  const count = counter(draftOf(model).text);
  const shown = rows.slice(first, first + height).map((text, index): Row => {
    const start = segment(first + index === 0 ? prompt : indent, 'prompt');
    const row: Row = [start, { ...segment(text), said: true }];
    if (index < Math.min(height, rows.length) - 1) return row;
    return [...fitRow(row, model.size.columns - cellWidth(count.text) - 1), segment(' '), count];
  });
  return { rows: shown, cursor: { x: indent.length + cursorColumn, y: cursorRow - first } };
}

/** What is worth knowing, and the key where it is if nobody moved it. */
const HINTS = [
  ['switcher', 'ctrl+k', 'rooms'],
  ['nextRoom', 'ctrl+n', 'next'],
  ['previousRoom', 'ctrl+p', 'previous'],
  ['nextUnread', 'ctrl+g', 'unread'],
  ['pageUp', 'pageup', 'history'],
  ['newline', 'ctrl+j', 'newline'],
] as const;
const HELP_HINT = '/help';

/** The key for something, the usual one where it still is; null where none is left. */
function keyFor(bindings: Bindings, what: string, usual: string): string | null {
  if (whatOf(bindings[usual]) === what) return usual;
  return Object.keys(bindings).find((key) => whatOf(bindings[key]) === what) ?? null;
}

/** As many hints as fit, the way to all the others last. */
function hintsFor(columns: number, bindings: Bindings): string {
  let text = ' ';
  for (const [what, usual, about] of HINTS) {
    const key = keyFor(bindings, what, usual);
    if (key === null) continue;
    const hint = `${shortKeyText(key)} ${about}  `;
    if (cellWidth(`${text}${hint}${HELP_HINT}`) > columns) break;
    text += hint;
  }
  return text + HELP_HINT;
}

/** While a post is chosen. */
const CHOSEN_HINTS = [
  ' ↑↓ · r answer  e edit  d delete  + react  y copy  g quoted  o links  Esc',
  ' r answer e edit d del + react y g o',
];

/** The last row: what a hint says while the status row is taken, else the keys worth knowing. */
export function hintRow(model: Model): Row {
  if (model.hint && isStatusTaken(model)) return hintSaid(model.hint, model.size.columns);
  if (model.selected !== null) {
    const { columns } = model.size;
    const hint = CHOSEN_HINTS.find((each) => cellWidth(each) <= columns) ?? '';
    return [segment(hint, 'faint')];
  }
  if (model.escapedMs !== null)
    return [segment(' 1 … 9 now opens the room of that number', 'faint')];
  return [segment(hintsFor(model.size.columns, model.settings.bindings), 'faint')];
}
