// Rooms as they come, go and fill.
import type * as z from 'zod';
import type { HistoryPage, Room } from '../../lib/client/api.ts';
import type { HistoryPost, PostEvent } from '../../lib/protocol/events.ts';
import { scrolled, windowOf } from '../timeline.ts';
import type { Effect } from './action.ts';
import { lacks, placeLine, withinBounds } from './kept-lines.ts';
import {
  changeLine,
  insertLine,
  insertPage,
  isThere,
  noteMerged,
  postLine,
  withoutStrays,
} from './lines.ts';
import {
  type Anchor,
  type Model,
  type PostLine,
  type RoomView,
  roomView,
  savedRooms,
} from './model.ts';
import { refreshPeople, relistPeople } from './people.ts';
import { asRead, countedUp, isFollowed, newestOrder, recount, settled } from './reading.ts';
import { sceneOf } from './selectors.ts';
import { ask, cleanRoom, openRoomOf, roomOf, type Step, stay, then, withRoom } from './step.ts';

/** Posts in one page: three screens of 24 rows, so that reading upwards stays ahead of the reader. */
export const HISTORY_POSTS = 100;

/** With fewer lines than this above the window, older ones are asked for. */
const LINES_AHEAD_MIN = 50;

/** Rooms first, and below them those one writes to: each part as it was. */
function inList(views: readonly RoomView[]): readonly RoomView[] {
  const isRoom = ({ room }: RoomView) => room.direct === undefined;
  return [...views.filter(isRoom), ...views.filter((view) => !isRoom(view))];
}

/** Back at the end, which was let go of meanwhile: the newest page takes the place of what is here. */
const isReturning = (view: RoomView) => view.below !== null && view.anchor === null;

/** Asks for the newest page of a room, unless that was done. */
export function loadNewest(model: Model, id: string): Step {
  const view = roomOf(model, id);
  // What was read again after a reset may have been lost with a connection.
  const isThere = view?.loaded && !isReturning(view) && view.holeBelow === null;
  if (!view || isThere || view.loading) return stay(model);
  return ask(
    withRoom(model, id, (each) => ({ ...each, loading: true })),
    { type: 'history', room: id, before: null },
  );
}

/** Asks for posts when the reader comes near the top of what is here, or near an end that was let go. */
export function loadAhead(model: Model): Step {
  return then(loadOlder(model), loadNewer);
}

/** Asks for what follows the last line here, where that was let go and the reader comes near it. */
function loadNewer(model: Model): Step {
  const view = openRoomOf(model);
  if (!view?.loaded || view.loading || view.isGapped || model.jump?.room === view.room.id)
    return stay(model);
  const { anchor, below, lines } = view;
  const newest = newestPost(view);
  if (anchor === null || below === null || newest === null) return stay(model);
  const at = lines.findLastIndex(({ key }) => key === anchor.key);
  if (at === -1 || lines.length - 1 - at >= LINES_AHEAD_MIN) return stay(model);
  return ask(
    withRoom(model, view.room.id, (each) => ({ ...each, loading: true, cameBelow: false })),
    { type: 'history', room: view.room.id, before: null, after: newest },
  );
}

function loadOlder(model: Model): Step {
  const view = openRoomOf(model);
  const scene = sceneOf(model);
  // Whoever goes to a place far up has larger pages asked for.
  if (model.jump !== null && model.jump.room === view?.room.id) return stay(model);
  if (!view?.loaded || view.loading || !view.moreAbove || !scene) return stay(model);
  const { linesAbove } = windowOf(scene, view.anchor);
  const oldest = view.lines.find((line) => line.kind === 'post');
  if (linesAbove >= LINES_AHEAD_MIN || !oldest) return stay(model);
  return ask(
    withRoom(model, view.room.id, (each) => ({ ...each, loading: true })),
    { type: 'history', room: view.room.id, before: oldest.order },
  );
}

/** Goes to a room. The one that is left loses its unread line, because it was seen. */
export function openRoom(model: Model, id: string): Step {
  const view = roomOf(model, id);
  if (!view || model.openRoom === id) return stay(model);
  const left = withRoom(model, model.openRoom, (each) => ({ ...each, unreadAfter: null }));
  const opened = withRoom(
    { ...left, openRoom: id, completion: null, selected: null },
    id,
    (each) => ({
      ...each,
      isStirred: false,
      unreadAfter: each.unread > 0 ? (each.read ?? '') : null,
    }),
  );
  return then(
    then(
      then(stay(settled(opened, id)), (next) => loadNewest(next, id)),
      loadAhead,
    ),
    refreshPeople,
  );
}

/** The rooms as a sign-in lists them: known ones keep their place and all they hold. */
export function onRooms(model: Model, listed: readonly Room[]): Step {
  const joined = new Map(listed.filter((room) => room.joined).map((room) => [room.id, room]));
  const kept = model.rooms.flatMap((view) => {
    const room = joined.get(view.room.id);
    joined.delete(view.room.id);
    return room ? [{ ...view, room: cleanRoom(room) }] : [];
  });
  const fresh = [...joined.values()].map((room) => roomView(cleanRoom(room), model.restored));
  const rooms = inList([...kept, ...fresh]);
  const open = rooms.some((view) => view.room.id === model.openRoom)
    ? model.openRoom
    : (rooms.find(({ room }) => !room.direct)?.room.id ?? null);
  // A server that lacks a room may lead for a while: what was written there is there again with the room.
  const gone = model.rooms.filter(({ room }) => !rooms.some((view) => view.room.id === room.id));
  const restored = { ...model.restored, ...savedRooms(gone) };
  const listedModel: Model = { ...model, rooms, openRoom: open, restored };
  // The open room first: it is the one that is waited for.
  const order = [open, ...rooms.map((view) => view.room.id).filter((id) => id !== open)];
  const loaded = order.reduce<Step>(
    (step, id) => (id === null ? step : then(step, (next) => loadNewest(next, id))),
    stay(listedModel),
  );
  // What was asked for below the reader may have been lost with the connection.
  return then(then(loaded, loadNewer), relistPeople);
}

/** A room was created, joined, left, renamed or given a topic, here or elsewhere. */
export function onRoom(model: Model, room: Room): Step {
  const clean = cleanRoom(room);
  if (roomOf(model, room.id)) {
    return room.joined
      ? stay(withRoom(model, room.id, (view) => ({ ...view, room: clean })))
      : stay(withoutRoom(model, room.id));
  }
  if (!room.joined) return stay(model);
  const rooms = inList([...model.rooms, roomView(clean, model.restored)]);
  // What is typed while no room is open is not for whoever happens to write now.
  const openRoom = model.openRoom ?? (room.direct ? null : room.id);
  return loadNewest({ ...model, rooms, openRoom }, room.id);
}

function withoutRoom(model: Model, id: string): Model {
  const index = model.rooms.findIndex((view) => view.room.id === id);
  const rooms = model.rooms.filter((view) => view.room.id !== id);
  const gone = savedRooms(model.rooms.filter((view) => view.room.id === id));
  const left: Model = { ...model, rooms, restored: { ...model.restored, ...gone } };
  if (model.openRoom !== id) return left;
  // What is typed next is not to go to one person alone, who may not even know of the room.
  const alike = rooms.filter(({ room }) => room.direct === undefined);
  const neighbour = alike[Math.min(index, alike.length - 1)];
  return { ...left, openRoom: neighbour?.room.id ?? null };
}

/** Place of the newest post of a room; null where none is. */
function newestPost(view: RoomView | undefined): string | null {
  return view?.lines.findLast((line) => line.kind === 'post')?.order ?? null;
}

/**
 * A post came: shown, counted, and its room marked as read where the reader looks at it.
 * @param wallMs the reader's clock, milliseconds since 1970
 */
export function onPost(model: Model, post: z.infer<typeof PostEvent>, wallMs: number): Model {
  // A page had it, in the place of its copy from the other side of a split.
  if (post.late && roomOf(model, post.room)?.lines.some(({ key }) => key === post.id)) {
    return onMoved(model, post);
  }
  const own = post.account === model.account;
  const isOurs = own && model.outbox.some((item) => item.id === post.id);
  const posted = postLine(post, own, isOurs ? 'stored' : null);
  const newest = newestPost(roomOf(model, post.room));
  const isMerged = post.late === true && newest !== null && post.order < newest;
  const line: PostLine = isMerged ? { ...posted, merged: true } : posted;
  const added = withRoom(model, post.room, (view) => {
    const taken = takenIn(view, line, wallMs);
    const wasRead = view.read ?? newestOrder(view) ?? '';
    // The first news while the reader is elsewhere is where the unread line stands.
    const isAway = view.anchor !== null || (!model.focused && model.openRoom === post.room);
    const starts = !own && view.unread === 0 && view.unreadAfter === null && isAway;
    return taken === view ? view : { ...taken, unreadAfter: starts ? wasRead : view.unreadAfter };
  });
  if (added === model) return model;
  const counted = withRoom(added, post.room, (view) =>
    isFollowed(added, view) ? asRead(view) : countedUp(added, view, line),
  );
  return withinBounds(counted, post.room);
}

function takenIn(view: RoomView, line: PostLine, wallMs: number): RoomView {
  if (lacks(view, line.order)) {
    const isBelow = line.order > (newestOrder(view) ?? '');
    return view.below !== null && isBelow
      ? { ...view, below: view.below + 1, cameBelow: true }
      : view;
  }
  const lines = insertLine(view.lines, line);
  if (lines === view.lines) return view;
  const isNew = lines.length > view.lines.length;
  return { ...view, lines: line.merged && isNew ? noteMerged(lines, wallMs) : lines };
}

/** A post that is shown already, or was until a page took it away from here, stands further up from now on. */
export function onMoved(model: Model, post: HistoryPost): Model {
  const line = postLine(post, post.account === model.account, null);
  return withRoom(model, post.room, (view) => {
    // A page is on its way, and has what there is.
    if (!view.loaded && !isThere(view.lines, line)) return view;
    const lines = placeLine(view, line);
    return lines === view.lines ? view : { ...view, lines };
  });
}

/**
 * A post was edited, taken back, or reacted to, or comes again: where a page of a leader that lacked it took it away from
 * here, it is put in again.
 */
export function onChanged(model: Model, post: HistoryPost): Model {
  const line = postLine(post, post.account === model.account, null);
  return withRoom(model, post.room, (view) => {
    const isMissing = view.loaded && !lacks(view, line.order) && !isThere(view.lines, line);
    const changed = changeLine(view.lines, line);
    const lines = isMissing ? insertLine(changed, line) : changed;
    return lines === view.lines ? view : { ...view, lines };
  });
}

/** A page of history came: `before` is what was asked for, null for the newest. */
export function onHistory(
  model: Model,
  room: string,
  before: string | null,
  page: HistoryPage,
): Step {
  const there = roomOf(model, room);
  // The reader went up again before the newest page came: between it and what is here lies what is not.
  if (before === null && there && there.below !== null && there.anchor !== null) {
    return loadAhead(withRoom(model, room, (view) => ({ ...view, loading: false })));
  }
  const lines = page.posts.map((post) => postLine(post, post.account === model.account, null));
  const firstTime = there?.loaded === false;
  const filled = withRoom(model, room, (view) => {
    const reaches = view.holeBelow === null || (lines[0]?.order ?? '') <= view.holeBelow;
    const isNewest = before === null && isReturning(view);
    const isReread = view.holeBelow !== null;
    const here = isReread ? withoutStrays(view.lines, lines, view.anchor?.key) : view.lines;
    const merged = insertPage(isNewest ? [] : here, lines);
    const first: RoomView = {
      ...view,
      lines: merged,
      loaded: true,
      loading: false,
      below: isNewest ? null : view.below,
      isGapped: isNewest ? false : view.isGapped,
      moreAbove: before === null && view.loaded && !isNewest ? view.moreAbove : page.more,
      holeBelow: reaches || !page.more ? null : view.holeBelow,
    };
    // A room never read on this machine is no news: it starts as read. Whoever is written to is to know of it.
    return first.read === null && firstTime && !first.room.direct ? asRead(first) : first;
  });
  const counted = firstTime ? withUnreadLine(filled, room) : settled(filled, room);
  const bounded = withinBounds(counted, room);
  return then(fillHole(bounded, room, lines[0]?.order), loadAhead);
}

/** The page below the last line here came: `after` is the place that was asked for. */
export function onNewer(model: Model, room: string, after: string, page: HistoryPage): Step {
  const posts = page.posts.map((post) => postLine(post, post.account === model.account, null));
  const filled = withRoom(model, room, (view) => {
    const came = { ...view, loading: false };
    // Something else stands at the end by now, or a page is missing elsewhere: it would hide what lies between.
    if (view.below === null || view.isGapped || newestPost(view) !== after) return came;
    const lines = insertPage(view.lines, posts);
    // What came after the page was made is not on it, and is asked for next.
    const isEnd = !page.more && !view.cameBelow;
    const left = Math.max(1, view.below - posts.length);
    return { ...came, lines, below: isEnd ? null : left };
  });
  const bounded = withinBounds(settled(filled, room), room);
  return then(loadNewest(bounded, room), loadAhead);
}

/** What came since the last run stands below an unread line, in the open room too. */
function withUnreadLine(model: Model, room: string): Model {
  const counted = withRoom(model, room, (view) => {
    const next = recount(model, view);
    return next.unread > 0 && model.openRoom === room
      ? { ...next, unreadAfter: next.read ?? '' }
      : next;
  });
  return settled(counted, room);
}

/** After a reset: goes on asking upwards until the page meets what was there before. */
function fillHole(model: Model, room: string, oldest: string | undefined): Step {
  const view = roomOf(model, room);
  if (!view || view.holeBelow === null || oldest === undefined) return stay(model);
  return ask(
    withRoom(model, room, (each) => ({ ...each, loading: true })),
    { type: 'history', room, before: oldest },
  );
}

/** All that is here is read again, because a merge may have put posts between any two. */
function reread(view: RoomView): RoomView {
  return { ...view, loading: true, holeBelow: view.loaded ? (view.lines[0]?.order ?? '') : null };
}

/** Too much was missed to be sent: every room is read again. */
export function onReset(model: Model): Step {
  return model.rooms.reduce<Step>(({ model: before, effects }, { room, below }) => {
    // The newest is not here, and is read when somebody wants it: there, and not from what is here on.
    if (below !== null) {
      return { model: withRoom(before, room.id, (view) => ({ ...view, isGapped: true })), effects };
    }
    const marked = withRoom(before, room.id, reread);
    const effect: Effect = { type: 'history', room: room.id, before: null };
    return { model: marked, effects: [...effects, effect] };
  }, stay(model));
}

/** The last line here, where more follows it that is asked for; null where the end is followed. */
function endOfPart(view: RoomView): Anchor | null {
  const last = view.lines.at(-1);
  const isPart = view.below !== null && view.anchor !== null && !view.isGapped;
  return isPart && last ? { key: last.key, hidden: 0 } : null;
}

/** Moves the reader by rows; at the end the room counts as read. */
export function scroll(model: Model, rows: number): Step {
  const view = openRoomOf(model);
  const scene = sceneOf(model);
  if (!view || !scene) return stay(model);
  return readAt(model, scrolled(scene, view.anchor, rows) ?? endOfPart(view));
}

/** Puts the reader of the open room to a place; at the end the room counts as read. */
export function readAt(model: Model, anchor: Anchor | null): Step {
  const view = openRoomOf(model);
  if (!view) return stay(model);
  const { id } = view.room;
  const moved = withRoom(model, id, (each) => ({ ...each, anchor }));
  return then(loadNewest(withinBounds(settled(moved, id), id), id), loadAhead);
}

export function followEnd(model: Model): Step {
  return readAt(model, null);
}
