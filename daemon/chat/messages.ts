// Messages for clients, from what the fold and the ring know.
import type * as z from 'zod';
import type {
  HistoryPost,
  Quote,
  Redirect,
  RoomSummary,
  ViewEvent,
  Welcome,
} from '../../lib/protocol/events.ts';
import { PROTOCOL_VERSION, QUOTE_CHARS_MAX } from '../../lib/protocol/limits.ts';
import { type Entry, orderOf, placeFloor } from '../ring/entry.ts';
import type { BodyOf } from './bodies.ts';
import { type ChatState, hasCopies, isShown, presenceOf, storedPost } from './state.ts';

export function welcome(chat: ChatState, nonce: string): z.infer<typeof Welcome> {
  const { term, leader, servers } = chat.cluster;
  const { id } = chat.parts.self;
  const state = servers.find((server) => server.id === id)?.state ?? 'joining';
  return { type: 'welcome', protocol: PROTOCOL_VERSION, server: id, state, term, leader, nonce };
}

/** Where to go instead. Never to this server itself: whoever is told that would go round in circles. */
export function redirect(chat: ChatState, reason: string): z.infer<typeof Redirect> {
  const { leader, term } = chat.cluster;
  const elsewhere = leader?.id === chat.parts.self.id ? null : leader;
  return { type: 'redirect', leader: elsewhere, term, reason };
}

/**
 * @param begins whether it begins here for those who hear it: they get its cursor, unless something held when
 *   it began is withheld for want of copies, and must be sent with a later one
 */
export function view(chat: ChatState, begins: boolean): z.infer<typeof ViewEvent> {
  const place = begins ? placeNow(chat) : {};
  const { term, leader, servers, copies, copiesMin } = chat.cluster;
  const event = { type: 'view' as const, term, leader, servers: [...servers], copies, copiesMin };
  return { ...event, ...place };
}

/** Of no stream: whoever presents it is told to read anew. */
const NO_PLACE = '-';

/**
 * What to resume from for whoever has been shown everything until now. While entries are damaged here nobody has: the
 * next leader may hold what pages lacked.
 */
export function placeNow(chat: ChatState): { cursor?: string; at?: number } {
  if (!hasCopies(chat)) return {};
  return { cursor: isWhole(chat) ? chat.stream : NO_PLACE, at: chat.shown };
}

/** Whether no entry is known to be damaged here. */
export function isWhole({ parts }: ChatState): boolean {
  return parts.reader.damaged().length === 0;
}

/** A post as it is now. */
export function historyPost(
  chat: ChatState,
  entry: Entry,
  body: BodyOf<'post'>,
): z.infer<typeof HistoryPost> {
  const { notes } = chat;
  const deleted = notes.isDeleted(body.q);
  const edited = notes.textOf(body.q);
  const reactions = deleted ? [] : notes.reactionsOf(body.q);
  const reply = body.y === undefined || deleted ? null : quote(chat, body.r, body.y);
  return {
    id: body.q,
    room: body.r,
    account: body.u,
    name: chat.fold.nameOf(body.u),
    text: deleted ? '' : (edited ?? body.x),
    time: entry.wallMs,
    order: orderOf(entry),
    ...(body.a ? { action: true } : {}),
    ...(reply ? { reply } : {}),
    ...(deleted ? { deleted } : edited === null ? {} : { edited: true }),
    ...(reactions.length > 0 ? { reactions } : {}),
  };
}

/** The beginning of a post that is answered; null for one of another room: not everybody here may read that. */
function quote(chat: ChatState, room: string, id: string): z.infer<typeof Quote> | null {
  const stored = storedPost(chat, id);
  if (!stored || stored.body.r !== room || !isShown(chat, stored.entry)) return null;
  const { entry, body } = stored;
  const whole = chat.notes.isDeleted(id) ? '' : (chat.notes.textOf(id) ?? body.x);
  const text = whole.slice(0, QUOTE_CHARS_MAX).toWellFormed();
  return { id, name: chat.fold.nameOf(body.u), text, order: orderOf(entry) };
}

/** A room as an account sees it; null for one that was not created, or that it may not know of. */
export function roomSummary(
  chat: ChatState,
  id: string,
  account: string,
): z.infer<typeof RoomSummary> | null {
  const room = chat.fold.visibleRoom(id, account);
  if (!room) return null;
  const other = room.direct && (room.direct.find((each) => each !== account) ?? account);
  return {
    id,
    name: other === null ? chat.fold.roomName(room) : chat.fold.nameOf(other),
    topic: chat.fold.topicOf(room),
    members: room.members.size,
    joined: room.members.has(account),
    latest: latestShown(chat, id),
    ...(other === null ? {} : { direct: { account: other, state: presenceOf(chat, other) } }),
  };
}

/** How many posts of a room are held and not shown yet. */
export function hiddenCount(chat: ChatState, room: string): number {
  let count = 0;
  for (const list of [chat.own, chat.foreign.values()]) {
    for (const { body } of list) if (body?.t === 'post' && body.r === room) count += 1;
  }
  return count;
}

/** Asked for every room of everyone who signs in, and looked for on the disk once. */
function latestShown(chat: ChatState, room: string): string | null {
  const known = chat.latestShown.get(room);
  const isPruned = known != null && known < placeFloor(chat.fold.prunedBelowMs);
  if (known !== undefined && !isPruned) return known;
  const latest = findLatestShown(chat, room);
  chat.latestShown.set(room, latest);
  return latest;
}

function findLatestShown(chat: ChatState, room: string): string | null {
  const { reader } = chat.parts;
  const hidden = hiddenCount(chat, room);
  if (hidden === 0) return reader.latestOrder(room);
  const newest = reader.readPosts({ room, before: null, limit: hidden + 1 });
  const shown = newest.findLast((entry) => isShown(chat, entry));
  return shown ? orderOf(shown) : null;
}
