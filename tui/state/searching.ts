// Searching what was said, and going to what was found, however far up it is.
import type { Found } from '../../lib/client/api.ts';
import { PAGE_POSTS_MAX } from '../../lib/protocol/limits.ts';
import { keysFor } from '../key-names.ts';
import { dayLabel } from '../line-rows.ts';
import { type ParsedSearch, parseSearch } from '../search-query.ts';
import { anchorWithTop } from '../timeline.ts';
import { showPost } from './about-post.ts';
import type { Stamp } from './action.ts';
import { postLine } from './lines.ts';
import type { FoundLine, Model, Overlay, RoomView } from './model.ts';
import { loadAhead, openRoom } from './rooms.ts';
import { sceneOf } from './selectors.ts';
import { ask, hint, openRoomOf, roomOf, type Step, stay, then, withRoom } from './step.ts';

type SearchOverlay = Extract<Overlay, { type: 'search' }>;

const searchOf = (model: Model): SearchOverlay | null =>
  model.overlay?.type === 'search' ? model.overlay : null;

export function parsedSearch(model: Model, query: string): ParsedSearch {
  return parseSearch(
    query,
    model.rooms.map(({ room }) => room),
  );
}

/** The pane with a query in it, which is asked for at once. What was found before stays until the answer comes. */
export function searchFor(model: Model, query: string): Step {
  const before = searchOf(model);
  const parsed = parsedSearch(model, query);
  const found = parsed.type === 'search' ? (before?.found ?? null) : null;
  const overlay: SearchOverlay = { type: 'search', query, selected: 0, found, problem: null };
  const next: Model = { ...model, overlay, selected: null };
  if (parsed.type !== 'search') return stay(next);
  const { type } = model.connection;
  if (type !== 'connected' && type !== 'resending') {
    const problem = 'not connected at the moment: what is typed is searched for afterwards';
    return stay({ ...next, overlay: { ...overlay, problem } });
  }
  return ask(next, { type: 'search', query, request: parsed.request, isMore: false });
}

/**
 * An answer came; one to a query that was typed over meanwhile is nobody's. A server that still reads its history is
 * asked again until it has, and whoever looks through what it found until then is left with that.
 */
export function onFound(
  model: Model,
  { query, found, isMore }: { query: string; found: Found; isMore: boolean },
): Step {
  const overlay = searchOf(model);
  if (overlay?.query !== query) return stay(model);
  const before = answerOf(overlay);
  if (before && !isMore && overlay.selected > 0) return searchAgain(model);
  const fresh = found.posts.map(
    (post): FoundLine => ({
      room: post.room,
      line: postLine(post, post.account === model.account, null),
    }),
  );
  const lines = isMore ? [...(before?.lines ?? []), ...fresh] : fresh;
  const complete = found.complete && (!isMore || before?.complete === true);
  const more = found.more || (isMore && !complete);
  return searchAgain({
    ...model,
    overlay: { ...overlay, found: { query, lines, more, complete }, problem: null },
  });
}

/** The server refused to look: the pane says why, until something else is typed. */
export function onSearchFailed(model: Model, query: string, reason: string): Model {
  const overlay = searchOf(model);
  return overlay?.query === query ? { ...model, overlay: { ...overlay, problem: reason } } : model;
}

/** What was found for the words in the pane; null while that of other words stands there. */
function answerOf({ query, found }: SearchOverlay): SearchOverlay['found'] {
  return found?.query === query ? found : null;
}

/** Asks once more for what the pane shows, unless all of it is there: after a while, or with a new connection. */
export function searchAgain(model: Model): Step {
  const overlay = searchOf(model);
  if (!overlay) return stay(model);
  if (answerOf(overlay)?.complete)
    return stay({ ...model, overlay: { ...overlay, problem: null } });
  const { query } = overlay;
  const parsed = parsedSearch(model, query);
  if (parsed.type !== 'search') return stay(model);
  const { request } = parsed;
  return ask(model, { type: 'search', query, request, isMore: false, isAgain: true });
}

/** To the result above or below; at the last one older ones are asked for. */
export function moveInFound(model: Model, step: number): Step {
  const overlay = searchOf(model);
  const { lines = [], more = false } = overlay?.found ?? {};
  if (!overlay || lines.length === 0) return stay(model);
  const selected = Math.max(0, Math.min(lines.length - 1, overlay.selected + step));
  const moved = stay({ ...model, overlay: { ...overlay, selected } });
  const parsed = parsedSearch(model, overlay.query);
  const oldest = lines.at(-1);
  if (
    !answerOf(overlay) ||
    !more ||
    selected < lines.length - 1 ||
    parsed.type !== 'search' ||
    !oldest
  )
    return moved;
  const request = { ...parsed.request, before: oldest.line.order };
  return ask(moved.model, { type: 'search', query: overlay.query, request, isMore: true });
}

/** To the result that is chosen. */
export function goToFound(model: Model, stamp: Stamp): Step {
  const overlay = searchOf(model);
  const target = overlay?.found?.lines[overlay.selected];
  if (!target) return stay(model);
  const closed: Model = { ...model, overlay: null };
  if (!roomOf(closed, target.room)) return stay(hint(closed, 'you have left that room'));
  const { key, order, time } = target.line;
  const jump = { room: target.room, key, order, day: dayLabel(time, stamp.wallMs) };
  return then(openRoom({ ...closed, jump }, target.room), continueJump);
}

/** Nobody reads further back than that at once; who wants to goes on from there. */
const UNREAD_LINES_MAX = 5_000;

/** Whether the room is here down to the last post that was read. */
function hasAllUnread(view: RoomView, after: string): boolean {
  const oldest = view.lines.find((line) => line.kind === 'post');
  const isEnough = view.lines.length >= UNREAD_LINES_MAX;
  return !view.moreAbove || !oldest || oldest.order <= after || isEnough;
}

/** To the first post that was not read, however far up it is. */
export function goToFirstUnread(model: Model): Step {
  const view = openRoomOf(model);
  if (!view || view.unreadAfter === null) return stay(hint(model, 'nothing unread here', 'good'));
  if (hasAllUnread(view, view.unreadAfter)) return showFirstUnread(model);
  const place = { room: view.room.id, key: null, order: view.unreadAfter };
  return continueJump({ ...model, jump: { ...place, day: 'the first unread' } });
}

function showFirstUnread(model: Model): Step {
  const view = openRoomOf(model);
  const scene = sceneOf(model);
  const after = view?.unreadAfter ?? null;
  if (!view || !scene || after === null) return stay(model);
  const index = scene.lines.findIndex(
    (line) => line.kind === 'post' && !line.own && line.order > after,
  );
  if (index === -1) return stay(model);
  const anchor = anchorWithTop(scene, index);
  return loadAhead(withRoom(model, view.room.id, (each) => ({ ...each, anchor })));
}

/** Loads history until what is gone to is there; called whenever some has come. */
export function continueJump(model: Model): Step {
  const { jump } = model;
  const view = roomOf(model, jump?.room ?? null);
  if (!jump || !view) return stay(model);
  // Whoever goes elsewhere meanwhile is not torn back.
  if (model.openRoom !== jump.room) return stay({ ...model, jump: null });
  const { key: target } = jump;
  if (target === null) {
    if (hasAllUnread(view, jump.order)) return showFirstUnread({ ...model, jump: null });
  } else if (view.lines.some(({ key }) => key === target)) {
    // Whoever types on writes: what letters do to a chosen post is asked for.
    const gone = { ...model, jump: null, marked: target };
    const [key] = keysFor(model.settings.bindings, 'select');
    const how = key === undefined ? '' : `${key} chooses it · r answers, y copies`;
    return showPost(how === '' ? gone : hint(gone, how, 'good'), target);
  }
  const underWay = hint(model, `going back to ${jump.day}…`, 'good');
  if (view.loading || !view.loaded) return stay(underWay);
  const oldest = view.lines.find((line) => line.kind === 'post');
  if (!view.moreAbove || !oldest || oldest.order < jump.order) {
    return stay(hint({ ...model, jump: null }, 'that message is not there any longer'));
  }
  const loading = withRoom(underWay, jump.room, (each) => ({ ...each, loading: true }));
  return ask(loading, {
    type: 'history',
    room: jump.room,
    before: oldest.order,
    limit: PAGE_POSTS_MAX,
  });
}
