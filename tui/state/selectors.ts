// What the panes need, derived from the model and stored nowhere.
import { type EditorRows, editorRows } from '../editor.ts';
import { type Layout, layoutOf } from '../layout.ts';
import { roomLabel } from '../room-label.ts';
import { cellWidth, truncate } from '../text.ts';
import type { Scene } from '../timeline.ts';
import type { Line, Model, RoomView } from './model.ts';
import { draftOf } from './step.ts';

const openView = (model: Model) => model.rooms.find((view) => view.room.id === model.openRoom);

const shownLines = new WeakMap<RoomView, { pending: unknown; lines: readonly Line[] }>();

/** The tail of a room in which an answered post may stand already while it still waits in the outbox. */
const TAIL_LINES = 256;

/** Every line of a room, what waits for its answer last. */
export function linesOf(model: Model, view: RoomView): readonly Line[] {
  const known = shownLines.get(view);
  if (known?.pending === model.pending) return known.lines;
  const waiting = model.pending.filter((post) => post.room === view.room.id);
  const keys = new Set(
    waiting.length > 0 ? view.lines.slice(-TAIL_LINES).map((line) => line.key) : [],
  );
  const fresh = waiting.map((post) => post.line).filter((line) => !keys.has(line.key));
  const lines = fresh.length === 0 ? view.lines : [...view.lines, ...fresh];
  shownLines.set(view, { pending: model.pending, lines });
  return lines;
}

/** `#ops ❯ `: what stands before the text being written. A long name is cut on a narrow screen. */
export function promptOf(model: Model): string {
  const view = openView(model);
  const { writing } = view ?? {};
  if (writing?.type === 'edit') return 'edit ❯ ';
  if (writing)
    return `↳ ${truncate(writing.name, Math.max(4, Math.floor(model.size.columns / 4)))} ❯ `;
  return `${view ? truncate(roomLabel(view.room), Math.max(4, Math.floor(model.size.columns / 4))) : ''} ❯ `.trimStart();
}

/** Room at the end of the composer's rows for the counter, `4000/4k` with a space. */
const COUNTER_WIDTH = 8;

/** The text being written, wrapped for the composer, and the layout that follows from its height. */
export function composerOf(model: Model): EditorRows & { layout: Layout; prompt: string } {
  const prompt = promptOf(model);
  const width = Math.max(8, model.size.columns - 1 - cellWidth(prompt) - COUNTER_WIDTH);
  const rows = editorRows(draftOf(model), width);
  return { ...rows, prompt, layout: layoutOf(model.size, rows.rows.length) };
}

/** A failover that is over sooner is not worth a word: it would only flash. */
const QUIET_LOSS_MS_MAX = 300;

/** Servers that were started here and are not in sync yet. */
export function startingServers({ local }: Model): readonly string[] {
  const ids = Object.keys(local ?? {}).sort();
  return ids.filter((id) => local?.[id] === 'starting');
}

/** Whether a connection was lost so shortly ago that nothing on the screen is to change yet. */
export function isLossQuiet({ connection: state, nowMs }: Model): boolean {
  if (!('lostMs' in state) || state.type === 'noServer') return false;
  return nowMs - state.lostMs < QUIET_LOSS_MS_MAX;
}

/** What the timeline of the open room is drawn from; null where no room is open. */
export function sceneOf(model: Model): Scene | null {
  const view = openView(model);
  if (!view) return null;
  const { layout } = composerOf(model);
  return {
    lines: linesOf(model, view),
    width: layout.timelineWidth,
    height: layout.bodyHeight,
    nameWidth: layout.nameWidth,
    selfName: model.name,
    unreadAfter: view.unreadAfter,
    moreAbove: view.moreAbove,
    below: view.below ?? 0,
    selected: model.selected ?? model.marked,
    isCalm: model.connection.type === 'connected' || isLossQuiet(model),
  };
}
