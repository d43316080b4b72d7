// The virtual timeline: which rows of a room are on the screen, and how the place moves. It wraps only
// what is near the place, so a room of any length costs the same.
import { dayLabel, isSameDay, type LineContext, lineRows, type Row } from './line-rows.ts';
import type { Anchor, Line } from './state/model.ts';

/** What the timeline is drawn from. */
export type Scene = Readonly<{
  lines: readonly Line[];
  width: number;
  height: number;
  nameWidth: number;
  selfName: string;
  /** Place in the order above which everything was read; null draws no rule. */
  unreadAfter: string | null;
  /** Whether there are lines above the topmost, and how many posts below the last that are not here. */
  moreAbove: boolean;
  below: number;
  /** Key of the post that keys are about; null for none. */
  selected: string | null;
  /** Whether what waits is as good as sent: nothing is to flash that is over in a moment. */
  isCalm: boolean;
}>;

export type TimelineWindow = Readonly<{
  /** At most `height`, top first. */
  rows: readonly Row[];
  /** Lines above the topmost one shown: few of them means that history should be loaded. */
  linesAbove: number;
  /** Posts wholly below the window; null when it follows the end. */
  newer: number | null;
}>;

/** A pause in which a person's name is worth repeating, in milliseconds. Arbitrary: a coffee. */
const RUN_PAUSE_MS_MAX = 5 * 60_000;

function unreadLabel(scene: Scene, index: number): string | null {
  const after = scene.unreadAfter;
  const line = scene.lines[index];
  if (after === null || !line || line.order <= after) return null;
  // Local notices and own posts are nobody's news: the rule stands above the first post of another.
  const isNews = (each: Line | undefined) =>
    each?.kind === 'post' && !each.own && each.order > after;
  if (!isNews(line)) return null;
  let above = index - 1;
  for (; above >= 0; above -= 1) {
    const other = scene.lines[above];
    if (!other || other.order <= after) break;
    if (isNews(other)) return null;
  }
  // What is not here may be news too.
  if (above < 0 && scene.moreAbove && after !== '') return null;
  const count = countFrom(scene.lines, index, isNews) + scene.below;
  return `${count} new message${count === 1 ? '' : 's'}`;
}

/** Lines of a kind from an index on. */
function countFrom(
  lines: readonly Line[],
  start: number,
  isCounted: (line: Line | undefined) => boolean,
): number {
  let count = 0;
  for (let index = start; index < lines.length; index += 1) if (isCounted(lines[index])) count += 1;
  return count;
}

const isMerged = (line: Line | undefined) => line?.kind === 'post' && line.merged === true;

/** Above a block of what the other side of a split had said, and where it ends. */
function mergedLabel({ lines }: Scene, index: number): string | null {
  const isInside = isMerged(lines[index - 1]);
  if (!isMerged(lines[index])) return isInside ? 'merged up to here' : null;
  if (isInside) return null;
  let end = index;
  while (isMerged(lines[end])) end += 1;
  const count = end - index;
  return `${count} message${count === 1 ? '' : 's'} merged after a split`;
}

function contextOf(scene: Scene, index: number): LineContext {
  const line = scene.lines[index] as Line;
  const above = scene.lines[index - 1];
  const newest = scene.lines.at(-1) ?? line;
  const day = above && isSameDay(above.time, line.time) ? null : dayLabel(line.time, newest.time);
  const unread = unreadLabel(scene, index);
  const merged = mergedLabel(scene, index);
  const separated = day !== null || unread !== null || merged !== null;
  const sameRun =
    !separated &&
    above?.kind === 'post' &&
    line.kind === 'post' &&
    above.account === line.account &&
    line.time - above.time < RUN_PAUSE_MS_MAX;
  const sameMinute =
    above !== undefined && Math.floor(above.time / 60_000) === Math.floor(line.time / 60_000);
  return {
    width: scene.width,
    nameWidth: scene.nameWidth,
    day,
    unread,
    merged,
    showsTime: separated || !sameMinute,
    showsName: !sameRun,
    queuedCount: scene.isCalm ? 0 : queuedCountOf(scene.lines, index),
    isCalm: scene.isCalm,
    selfName: scene.selfName,
    isSelected: scene.selected !== null && scene.selected === line.key,
  };
}

function queuedCountOf(lines: readonly Line[], index: number): number {
  const isQueued = (line: Line | undefined) => line?.kind === 'post' && line.mark === 'queued';
  if (index !== lines.length - 1 || !isQueued(lines[index])) return 0;
  let count = 0;
  while (isQueued(lines[index - count])) count += 1;
  return count;
}

const rowsAt = (scene: Scene, index: number): readonly Row[] =>
  lineRows(scene.lines[index] as Line, contextOf(scene, index));

/** The lowest visible row: `hidden` rows of line `index` are below it. */
type Place = Readonly<{ index: number; hidden: number }>;

function placeOf(scene: Scene, anchor: Anchor | null): Place {
  const end = { index: scene.lines.length - 1, hidden: 0 };
  if (anchor === null) return end;
  // The reader is near the end more often than not.
  const index = scene.lines.findLastIndex((line) => line.key === anchor.key);
  if (index === -1) return end;
  // Wider rows are fewer: what was hidden may not be there any more.
  return { index, hidden: Math.min(anchor.hidden, rowsAt(scene, index).length - 1) };
}

/** Rows of the window in which the reader is away from the end: one tells of what is below. */
const awayHeight = (scene: Scene) => Math.max(1, scene.height - 1);

/** The rows to draw. @param anchor null follows the end */
export function windowOf(scene: Scene, anchor: Anchor | null): TimelineWindow {
  const place = placeOf(scene, anchor);
  const height = anchor === null ? scene.height : awayHeight(scene);
  const rows: Row[] = [];
  let index = place.index;
  let hidden = place.hidden;
  while (index >= 0 && rows.length < height) {
    const visible = rowsAt(scene, index);
    const shown = hidden === 0 ? visible : visible.slice(0, visible.length - hidden);
    rows.unshift(...shown.slice(Math.max(0, shown.length - (height - rows.length))));
    hidden = 0;
    index -= 1;
  }
  const isPost = (line: Line | undefined) => line?.kind === 'post';
  const newer = countFrom(scene.lines, place.index + 1, isPost) + scene.below;
  return { rows, linesAbove: index + 1, newer: anchor === null ? null : newer };
}

function anchorAt(scene: Scene, place: Place): Anchor | null {
  const isEnd = place.index >= scene.lines.length - 1 && place.hidden === 0;
  const line = scene.lines[place.index];
  return isEnd || !line ? null : { key: line.key, hidden: place.hidden };
}

/** The place at which the very first row is on top. */
function topPlace(scene: Scene): Place {
  let left = awayHeight(scene);
  for (let index = 0; index < scene.lines.length; index += 1) {
    const count = rowsAt(scene, index).length;
    if (count >= left) return { index, hidden: count - left };
    left -= count;
  }
  return { index: scene.lines.length - 1, hidden: 0 };
}

/**
 * Moves the place by rows: up when negative.
 * @returns the new anchor, clamped at the top; null when the end was reached
 */
export function scrolled(scene: Scene, anchor: Anchor | null, rows: number): Anchor | null {
  if (scene.lines.length === 0) return null;
  let { index, hidden } = placeOf(scene, anchor);
  hidden -= rows;
  while (hidden < 0) {
    index += 1;
    if (index >= scene.lines.length) return null;
    hidden += rowsAt(scene, index).length;
  }
  while (index >= 0 && hidden >= rowsAt(scene, index).length) {
    hidden -= rowsAt(scene, index).length;
    index -= 1;
  }
  const isAboveTop = index < 0 || rowsAbove(scene, { index, hidden }) < awayHeight(scene);
  return anchorAt(scene, isAboveTop ? topPlace(scene) : { index, hidden });
}

/** Rows from the place upwards, itself included; counted no further than a window needs. */
function rowsAbove(scene: Scene, place: Place): number {
  let count = -place.hidden;
  for (let index = place.index; index >= 0 && count < scene.height; index -= 1) {
    count += rowsAt(scene, index).length;
  }
  return count;
}

/** The anchor that puts the line `index` at the top of the window, or as near as the end allows. */
export function anchorWithTop(scene: Scene, index: number): Anchor | null {
  let left = awayHeight(scene);
  for (let at = index; at < scene.lines.length; at += 1) {
    const count = rowsAt(scene, at).length;
    if (count >= left) return anchorAt(scene, { index: at, hidden: count - left });
    left -= count;
  }
  return null;
}

/**
 * The line that stands in a row of the window, where the end stands at the bottom; null where none does.
 * @param row from the top of the timeline, from 0
 */
export function lineAt(scene: Scene, anchor: Anchor | null, row: number): Line | null {
  const { rows, linesAbove } = windowOf(scene, anchor);
  const place = placeOf(scene, anchor);
  const top = anchor === null ? scene.height - rows.length : 0;
  // From the lowest upwards: the topmost may be there in part only.
  let below = top + rows.length;
  for (let index = place.index; index >= linesAbove; index -= 1) {
    const count = rowsAt(scene, index).length - (index === place.index ? place.hidden : 0);
    below -= count;
    if (row >= Math.max(below, top)) {
      return row < below + count ? (scene.lines[index] ?? null) : null;
    }
  }
  return null;
}

/** The anchor that shows the whole of a line, moved as little as that takes. */
export function anchorShowing(scene: Scene, anchor: Anchor | null, index: number): Anchor | null {
  if (index <= windowOf(scene, anchor).linesAbove) return anchorWithTop(scene, index);
  return index > placeOf(scene, anchor).index ? anchorAt(scene, { index, hidden: 0 }) : anchor;
}
