// How much of a room is in memory: what is near its reader. The rest is let go, and comes from the servers again when
// somebody reads there, so that a busy day takes no more than a quiet one.
import { changeLine, insertLine, moveLine } from './lines.ts';
import type { Line, Model, PostLine, RoomView } from './model.ts';
import { withRoom } from './step.ts';

/**
 * Lines of a room whose reader follows the end, and of one that nobody looks at. Cut from `max` to `kept`, and not one
 * for each that comes. Some screens and some pages: arbitrary, large enough that a look upwards finds them there.
 */
const FOLLOWED = { max: 1_000, kept: 500 } as const;
const UNSEEN = { max: 400, kept: 200 } as const;
/** Lines around a reader who is further up: hours of reading to either side. */
const AROUND = { max: 5_000, kept: 1_500 } as const;

function withoutOldest(view: RoomView, { max, kept }: { max: number; kept: number }): RoomView {
  if (view.lines.length <= max) return view;
  return { ...view, lines: view.lines.slice(-kept), moreAbove: true };
}

/** What is far from the place where somebody reads goes, above and below it. */
function aroundReader(view: RoomView, key: string): RoomView {
  const { lines } = view;
  if (lines.length <= AROUND.max) return view;
  const at = lines.findLastIndex((line) => line.key === key);
  if (at === -1) return view;
  const start = Math.max(0, at - AROUND.kept);
  const end = Math.min(lines.length, at + AROUND.kept);
  const posts = lines.slice(end).filter((line) => line.kind === 'post').length;
  const below = end < lines.length || view.below !== null ? (view.below ?? 0) + posts : null;
  return { ...view, lines: lines.slice(start, end), moreAbove: start > 0 || view.moreAbove, below };
}

/** A room with no more lines than its reader has use for; to be called when some have come. */
export function withinBounds(model: Model, id: string): Model {
  // Whoever is on the way to a place, or waits for what was missed, needs what comes to be in one piece.
  if (model.jump?.room === id) return model;
  return withRoom(model, id, (view) => {
    if (view.holeBelow !== null) return view;
    if (view.anchor !== null) return aroundReader(view, view.anchor.key);
    return withoutOldest(view, model.openRoom === id ? FOLLOWED : UNSEEN);
  });
}

/** Whether a place is among those that are not here: a line put there would hide what lies between. */
export function lacks(view: RoomView, order: string): boolean {
  const [oldest] = view.lines;
  const newest = view.lines.at(-1);
  if (!view.loaded || !oldest || !newest) return false;
  return (view.moreAbove && order < oldest.order) || (view.below !== null && order > newest.order);
}

/**
 * Puts a post into its place, as it is now, wherever it stood. Where that is not here, it leaves, and comes with the page
 * of its place; what the reader looks at stays.
 */
export function placeLine(view: RoomView, line: PostLine): readonly Line[] {
  const { lines, anchor } = view;
  if (!lacks(view, line.order)) return insertLine(moveLine(lines, line), line);
  const there = lines.find(({ key }) => key === line.key);
  if (!there) return lines;
  // Nor does the last line that is left: it says where this room begins here.
  return anchor?.key === line.key || lines.length === 1
    ? changeLine(lines, { ...line, order: there.order })
    : changeLine(
        lines.filter((each) => each !== there),
        line,
      );
}
