// The whole screen as rows of cells, and where the cursor stands: panes put beside and below each other.
// Pure, so that a frame can be read in a test as a person sees it.
import { composer, fitRow, hintRow, peopleRows, roomListRows, titleRow } from './chrome.ts';
import type { Layout } from './layout.ts';
import type { Row, Segment } from './line-rows.ts';
import { blockedCursor, blockedRows, overlayCursor, overlayRows } from './overlays.ts';
import { isBlocked } from './state/from-keys.ts';
import type { Model, RoomView } from './state/model.ts';
import { composerOf, sceneOf } from './state/selectors.ts';
import { statusRow } from './status-row.ts';
import { fitStart, wrapText } from './text.ts';
import { windowOf } from './timeline.ts';

export type Frame = Readonly<{
  /** As many as the screen has, each exactly as wide. */
  rows: readonly Row[];
  /** null hides it. */
  cursor: Readonly<{ x: number; y: number }> | null;
}>;

const RULE: Segment = { text: '│ ', look: 'faint' };
const blank = (width: number): Row => [{ text: ' '.repeat(width), look: 'text' }];

const NO_ROOM = [
  'You are in no room.',
  '/rooms lists those there are, /join ROOM goes to one, /create ROOM makes one.',
];

/** What there is to do for whoever has left every room. */
function noRoomRows(model: Model, width: number): readonly Row[] {
  if (model.account === null) return [];
  return NO_ROOM.flatMap((text) =>
    wrapText(text, Math.max(1, width - 2)).map((row): Row => [{ text: ` ${row}`, look: 'faint' }]),
  );
}

function timelineRows(model: Model, view: RoomView | undefined, layout: Layout): readonly Row[] {
  const scene = sceneOf(model);
  if (!view) return noRoomRows(model, layout.timelineWidth);
  if (!scene) return [];
  const { rows, newer } = windowOf(scene, view.anchor);
  if (newer === null) {
    // The end stands at the bottom, where what is written next will come.
    return [...Array.from({ length: layout.bodyHeight - rows.length }, () => []), ...rows];
  }
  const count = newer > 0 ? `↓ ${newer} newer · ` : '↓ ';
  const below: Row = [
    { text: fitStart(`${count}End to follow `, layout.timelineWidth), look: 'mention' },
  ];
  const filled = Array.from({ length: layout.bodyHeight - 1 }, (_, index) => rows[index] ?? []);
  return [...filled, below];
}

function bodyRows(model: Model, view: RoomView | undefined, layout: Layout): Row[] {
  const { roomsWidth, peopleWidth, timelineWidth, bodyHeight } = layout;
  const middle = model.overlay
    ? overlayRows(model, model.overlay, { width: timelineWidth, height: bodyHeight })
    : timelineRows(model, view, layout);
  const rooms = roomsWidth > 0 ? roomListRows(model, roomsWidth, bodyHeight) : [];
  const people = peopleWidth > 0 ? peopleRows(view, bodyHeight) : [];
  return Array.from({ length: bodyHeight }, (_, index): Row => {
    const left = roomsWidth > 0 ? [...fitRow(rooms[index] ?? [], roomsWidth), RULE] : [];
    const right = peopleWidth > 0 ? [RULE, ...fitRow(people[index] ?? [], peopleWidth)] : [];
    return [...left, ...fitRow(middle[index] ?? [], timelineWidth), ...right];
  });
}

function blockedFrame(model: Model): Frame {
  const { columns, rows } = model.size;
  const notice = blockedRows(model);
  const title: Row = [{ text: ' syncnet', look: 'title' }];
  const above = Math.max(1, Math.min(3, Math.floor((rows - notice.length) / 3)));
  const all = [title, ...Array.from({ length: above }, () => [] as Row), ...notice];
  const cursor = blockedCursor(model);
  return {
    rows: Array.from({ length: rows }, (_, index) => fitRow(all[index] ?? [], columns)),
    cursor: cursor && { x: cursor.x, y: cursor.y + 1 + above },
  };
}

/** The frame of this moment. */
export function frameOf(model: Model): Frame {
  if (isBlocked(model)) return blockedFrame(model);
  const { columns } = model.size;
  const view = model.rooms.find((each) => each.room.id === model.openRoom);
  const { layout } = composerOf(model);
  const written = composer(model);
  const fields = Array.from(
    { length: layout.composerHeight },
    (_, index) => written.rows[index] ?? [],
  );
  const rule: Row = [{ text: '─'.repeat(columns), look: 'faint' }];
  const rows = [
    titleRow(model, view),
    ...bodyRows(model, view, layout),
    fitRow(statusRow(model), columns),
    rule,
    ...fields.map((row) => fitRow(row, columns)),
    fitRow(hintRow(model), columns),
  ].slice(0, model.size.rows);
  return {
    rows: rows.length > 0 ? rows : [blank(columns)],
    cursor: cursorOf(model, layout, written.cursor),
  };
}

function cursorOf(
  model: Model,
  layout: Layout,
  composed: { x: number; y: number },
): Frame['cursor'] {
  if (!model.overlay) return { x: composed.x, y: 1 + layout.bodyHeight + 2 + composed.y };
  const inside = overlayCursor(model.overlay, layout.timelineWidth);
  const left = layout.roomsWidth > 0 ? layout.roomsWidth + 2 : 0;
  return inside && { x: left + inside.x, y: 1 + inside.y };
}
