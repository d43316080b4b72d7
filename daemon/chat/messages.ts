// Messages for clients, from what the fold and the ring know.
import type { z } from 'zod';
import type {
  HistoryPost,
  Redirect,
  RoomSummary,
  ViewEvent,
  Welcome,
} from '../../lib/protocol/events.ts';
import { PROTOCOL_VERSION } from '../../lib/protocol/limits.ts';
import { type Entry, orderOf } from '../ring/entry.ts';
import type { Body } from './bodies.ts';
import { type ChatState, hasCopies, isShown } from './state.ts';

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

/** What to resume from for whoever has been shown everything until now. */
export function placeNow(chat: ChatState): { cursor?: string; at?: number } {
  return hasCopies(chat) ? { cursor: chat.stream, at: chat.shown } : {};
}

export function historyPost(
  chat: ChatState,
  entry: Entry,
  body: Extract<Body, { t: 'post' }>,
): z.infer<typeof HistoryPost> {
  return {
    id: body.q,
    room: body.r,
    account: body.u,
    name: chat.fold.nameOf(body.u),
    text: body.x,
    time: entry.wallMs,
    order: orderOf(entry),
  };
}

/** A room as an account sees it; null for one that was not created. */
export function roomSummary(
  chat: ChatState,
  id: string,
  account: string,
): z.infer<typeof RoomSummary> | null {
  const room = chat.fold.existingRoom(id);
  if (!room) return null;
  return {
    id,
    name: chat.fold.roomName(room),
    topic: chat.fold.topicOf(room),
    members: room.members.size,
    joined: room.members.has(account),
    latest: latestShown(chat, id),
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

function latestShown(chat: ChatState, room: string): string | null {
  const { reader } = chat.parts;
  const hidden = hiddenCount(chat, room);
  if (hidden === 0) return reader.latestOrder(room);
  const newest = reader.readPosts({ room, before: null, limit: hidden + 1 });
  const shown = newest.findLast((entry) => isShown(chat, entry));
  return shown ? orderOf(shown) : null;
}
