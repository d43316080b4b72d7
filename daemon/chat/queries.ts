// What is asked without a number: read from the fold and the disk, and answered at once (but a search, see
// searching.ts).
import { assertNever } from '../../lib/assert.ts';
import type { Query } from '../../lib/protocol/requests.ts';
import { readBody } from './bodies.ts';
import type { Connection } from './connections.ts';
import { tellWhole } from './delivery.ts';
import { hiddenCount, historyPost, placeNow, roomSummary } from './messages.ts';
import { onSearch } from './searching.ts';
import { type ChatState, isShown, presenceOf, refuse, refuseRoom, send } from './state.ts';

type Asked<T extends Query['type']> = Extract<Query, { type: T }>;

/** Whether a query is answered by any server, to anyone. */
export function isOpen(query: Query): query is Asked<'ping' | 'status'> {
  return query.type === 'ping' || query.type === 'status';
}

export function onQuery(chat: ChatState, connection: Connection, query: Query): void {
  switch (query.type) {
    case 'ping':
      return onPing(chat, connection, query);
    case 'status':
      return onStatus(chat, connection, query);
    case 'listRooms':
      return onListRooms(chat, connection, query);
    case 'who':
      return onWho(chat, connection, query);
    case 'history':
      onHistory(chat, connection, query);
      return tellWhole(chat);
    case 'search':
      return onSearch(chat, connection, query);
    default:
      return assertNever(query);
  }
}

/** Whoever is in no busy room learns here how far it has seen everything, so that little is read when it resumes. */
function onPing(chat: ChatState, connection: Connection, { query }: Asked<'ping'>): void {
  const place = chat.leads && connection.account !== '' ? placeNow(chat) : {};
  send(chat, connection, { type: 'pong', query, ...place });
}

function onStatus(chat: ChatState, connection: Connection, { query }: Asked<'status'>): void {
  const { leader, term, servers } = chat.cluster;
  const { id } = chat.parts.self;
  send(chat, connection, { type: 'status', query, id, leader, term, servers: [...servers] });
}

function onListRooms(chat: ChatState, connection: Connection, { query }: Asked<'listRooms'>): void {
  const ids = [...chat.fold.rooms.keys()];
  const rooms = ids.flatMap((id) => roomSummary(chat, id, connection.account) ?? []);
  send(chat, connection, { type: 'rooms', query, rooms });
}

function onWho(chat: ChatState, connection: Connection, asked: Asked<'who'>): void {
  const room = chat.fold.visibleRoom(asked.room, connection.account);
  if (!room) return refuseRoom(chat, connection, asked);
  const people = [...room.members].map((account) => ({
    account,
    name: chat.fold.nameOf(account),
    state: presenceOf(chat, account),
  }));
  people.sort((one, other) => (one.name < other.name ? -1 : 1));
  send(chat, connection, { type: 'people', query: asked.query, room: asked.room, people });
}

function onHistory(chat: ChatState, connection: Connection, asked: Asked<'history'>): void {
  const { query, room, before = null, after, limit } = asked;
  if (before !== null && after !== undefined) {
    const detail = 'a page is before a place or after one, not both';
    return refuse(chat, connection, { to: { query }, code: 'bad-request', detail });
  }
  if (!chat.fold.visibleRoom(room, connection.account)) return refuseRoom(chat, connection, asked);
  // What may not be shown yet is read too, and left out; one more than asked for tells whether there are more.
  const most = limit + 1 + hiddenCount(chat, room);
  const direction = after === undefined ? {} : { after, oldest: true };
  const read = { room, before, limit: most, ...direction };
  const shown = chat.parts.reader.readPosts(read).filter((entry) => isShown(chat, entry));
  const paged = after === undefined ? shown.slice(-limit) : shown.slice(0, limit);
  const posts = paged.flatMap((entry) => {
    const body = readBody(entry);
    return body?.t === 'post' ? [historyPost(chat, entry, body)] : [];
  });
  send(chat, connection, { type: 'page', query, room, posts, more: shown.length > limit });
}
