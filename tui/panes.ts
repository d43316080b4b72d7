// The panes around the timeline, as rows of cells: title, rooms, people, notices. Pure: model in, rows out.

import { COMMANDS, commandNames } from './commands.ts';
import { KEY_HELP } from './keys.ts';
import { PEOPLE_FROM_COLUMNS } from './layout.ts';
import type { Row, Segment } from './line-rows.ts';
import { switcherRooms } from './state/from-keys.ts';
import type { Model, Overlay, RoomView } from './state/model.ts';
import { cellWidth, fit, fitStart, truncate, wrapText } from './text.ts';
import type { LookName } from './theme.ts';

const segment = (text: string, look: LookName = 'text'): Segment => ({ text, look });
const widthOf = (row: Row) => row.reduce((cells, each) => cells + cellWidth(each.text), 0);

/** A row's left and right part, and the space between them; the left one gives way. */
function spread(left: readonly Segment[], right: readonly Segment[], width: number): Row {
  const room = width - widthOf(right);
  const kept: Segment[] = [];
  let used = 0;
  for (const each of left) {
    const text = truncate(each.text, Math.max(0, room - used - 1));
    kept.push({ ...each, text });
    used += cellWidth(text);
  }
  return [...kept, segment(' '.repeat(Math.max(0, room - used))), ...right];
}

const SERVER_GLYPHS: Readonly<Record<string, Segment>> = {
  leading: segment('★', 'good'),
  active: segment('▪', 'here'),
  down: segment('✗', 'bad'),
};

/** The leader, or with columns to spare every server: name and state. */
function serverSegments(model: Model): Segment[] {
  const servers = model.cluster?.servers ?? [];
  if (model.size.columns >= PEOPLE_FROM_COLUMNS && servers.length > 0) {
    return servers.flatMap((server) => [
      segment(server.id, server.state === 'down' ? 'down' : 'text'),
      SERVER_GLYPHS[server.state] ?? segment(`(${server.state})`, 'warning'),
      segment(' '),
    ]);
  }
  const leader = model.cluster?.leader;
  return leader ? [segment(leader.id), segment('★ ', 'good')] : [];
}

/** ` syncnet  #ops · topic        alice ● server3★ 12ms` */
export function titleRow(model: Model, open: RoomView | undefined): Row {
  const isUp = model.connection.type === 'connected' || model.connection.type === 'resending';
  const trip =
    model.roundTripMs === null || !isUp ? '' : `${Math.max(1, Math.round(model.roundTripMs))}ms `;
  const topic = open && open.room.topic !== '' ? ` · ${open.room.topic}` : '';
  const left = [
    segment(model.size.columns < 50 ? ' ' : ' syncnet  ', 'faint'),
    segment(open ? `#${open.room.name}` : '', 'title'),
    segment(topic),
  ];
  const presence = isUp ? segment(' ● ', 'here') : segment(' ○ ', 'warning');
  const right = [
    segment(model.name, 'ownName'),
    presence,
    ...serverSegments(model),
    segment(trip, 'faint'),
  ];
  return spread(left, right, model.size.columns);
}

function countLabel(view: RoomView): Segment {
  if (view.mentions > 0) return segment(`@${Math.min(view.mentions, 99)}`, 'mention');
  const more = view.unread > 99 ? '99+' : String(view.unread);
  return segment(view.unread > 0 ? more : '', 'roomUnread');
}

function roomRow(view: RoomView, index: number, width: number, isOpen: boolean): Row {
  const count = isOpen && view.anchor === null ? segment('') : countLabel(view);
  const look: LookName = isOpen ? 'roomOpen' : view.unread > 0 ? 'roomUnread' : 'text';
  const number = index < 9 ? String(index + 1) : ' ';
  // A draft that waits elsewhere is easily forgotten.
  const name = `#${view.room.name}${!isOpen && view.draft.text !== '' ? ' ✎' : ''}`;
  const countWidth = cellWidth(count.text);
  return [
    segment(number, 'faint'),
    segment(' '),
    segment(fit(name, width - 2 - (countWidth && countWidth + 1)), look),
    segment(countWidth > 0 ? ' ' : ''),
    count,
  ];
}

/** The rooms that fit, the open one among them. */
export function roomRows(model: Model, width: number, height: number): Row[] {
  const open = model.rooms.findIndex((view) => view.room.id === model.openRoom);
  const fits = height - 1;
  const first = Math.max(0, Math.min(open - Math.floor(fits / 2), model.rooms.length - fits));
  const shown = model.rooms.slice(first, first + fits);
  const heading: Row = [segment(fit(' ROOMS', width), 'faint')];
  return [
    heading,
    ...shown.map((view, index) => roomRow(view, first + index, width, first + index === open)),
  ];
}

/** Who is in the open room: here first. */
export function peopleRows(view: RoomView | undefined, width: number, height: number): Row[] {
  const people = view?.people ?? [];
  const heading: Row = [segment(fit(` PEOPLE ${people.length || ''}`, width), 'faint')];
  const shown = people.slice(0, height - 1).map((person): Row => {
    const isHere = person.state === 'here';
    return [
      isHere ? segment('● ', 'here') : segment('○ ', 'faint'),
      segment(fit(person.name, width - 2), isHere ? 'text' : 'faint'),
    ];
  });
  return [heading, ...shown];
}

/** ` ^K rooms  ^N/^P next/prev  …`: as many whole hints as fit. */
export function hintRow(width: number): Row {
  const hints = ['^K rooms', '^N/^P next/prev', '^G unread', 'PgUp history', '^J newline', '/help'];
  // Help leads to all the others: on a narrow screen it is the one that stays.
  const last = hints.at(-1) ?? '';
  let text = ` ${last}`;
  for (let count = hints.length - 1; count > 0; count -= 1) {
    const candidate = ` ${[...hints.slice(0, count), last].join('  ')}`;
    if (cellWidth(candidate) > width) continue;
    text = candidate;
    break;
  }
  return [segment(truncate(text, width), 'faint')];
}

/** `↓ 5 newer · End to follow`, at the right edge. */
export function newerRow(newer: number, width: number): Row {
  const count = newer > 0 ? `${newer} newer · ` : '';
  return [segment(fitStart(`↓ ${count}End to follow`, width), 'warning')];
}

const HELP_KEY_WIDTH = 18;

function helpLines(model: Model, width: number): Row[] {
  const keyWidth = Math.min(HELP_KEY_WIDTH, Math.floor(width / 2));
  const entry = (left: string, right: string): Row[] =>
    wrapText(right, Math.max(8, width - keyWidth - 2)).map((text, index) => [
      segment(` ${fit(index === 0 ? left : '', keyWidth)} `, 'title'),
      segment(text),
    ]);
  const commands = commandNames(model.local !== null).flatMap((name) => {
    const row = COMMANDS[name];
    return row ? entry(row.usage, row.about) : [];
  });
  return [
    [segment(' KEYS', 'faint')],
    ...KEY_HELP.flatMap(([keys, about]) => entry(keys, about)),
    [segment(' COMMANDS', 'faint')],
    ...commands,
    ...entry('//text', 'posts /text'),
    [segment(' MARKS', 'faint')],
    ...entry('✓ ◷ queued ✗', 'on disk on every server in sync · sent · waits · refused'),
  ];
}

function helpRows(model: Model, offset: number, width: number, height: number): Row[] {
  const lines = helpLines(model, width);
  const first = Math.min(offset, Math.max(0, lines.length - (height - 1)));
  const more = lines.length > height - 1 ? ' ↑ ↓ PgUp PgDn move ·' : '';
  return [
    ...lines.slice(first, first + height - 1),
    [segment(fitStart(`${more} any other key closes`, width), 'faint')],
  ];
}

function switcherPane(
  model: Model,
  overlay: Extract<Overlay, { type: 'switcher' }>,
  width: number,
  height: number,
): Row[] {
  const found = switcherRooms(model, overlay.query);
  const fits = Math.max(1, height - 2);
  const first = Math.max(0, overlay.selected - fits + 1);
  const rooms = found.slice(first, first + fits).map((view, index): Row => {
    const isSelected = first + index === overlay.selected;
    const count = countLabel(view);
    const name = truncate(` #${view.room.name}  ${view.room.topic}`, width - 5);
    return [segment(name, isSelected ? 'selected' : 'text'), segment(' '), count];
  });
  const nothing: Row[] =
    found.length === 0 ? [[segment(' no room like that · /rooms lists all', 'faint')]] : [];
  return [
    [segment(' go to room: ', 'prompt'), segment(`${overlay.query}▏`)],
    ...rooms,
    ...nothing,
    [segment(fitStart('↑ ↓ choose · Enter opens · Esc closes', width), 'faint')],
  ];
}

/** What lies over the timeline. */
export function overlayRows(model: Model, overlay: Overlay, width: number, height: number): Row[] {
  return overlay.type === 'help'
    ? helpRows(model, overlay.offset, width, height)
    : switcherPane(model, overlay, width, height);
}
