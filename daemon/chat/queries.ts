// What is asked without a number: read from the fold and the disk, and answered at once.
import { assertNever } from '../../lib/assert.ts';
import { timeOfOrder } from '../../lib/ids.ts';
import type { Query } from '../../lib/protocol/requests.ts';
import { bodyOf } from './bodies.ts';
import type { Connection } from './connections.ts';
import { tellWhole } from './delivery.ts';
import { hiddenCount, historyPost, placeNow, roomSummary } from './messages.ts';
import { type ChatState, isShown, presenceOf, refuse, send, storedPost } from './state.ts';

/** Later than any clock says: what a hybrid time can be. */
const TIME_MS_MAX = 2 ** 42;

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

function refuseRoom(
  chat: ChatState,
  connection: Connection,
  asked: { query: number; room: string },
) {
  const { query, room } = asked;
  const detail = `there is no room with the id ${room}`;
  refuse(chat, connection, { to: { query }, code: 'no-such-room', detail });
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
    const body = bodyOf(entry);
    return body?.t === 'post' ? [historyPost(chat, entry, body)] : [];
  });
  send(chat, connection, { type: 'page', query, room, posts, more: shown.length > limit });
}

/** In one room, or in all of this account's. What the index names is looked at anew: it may lag. */
function onSearch(chat: ChatState, connection: Connection, asked: Asked<'search'>): void {
  const { query, text, room, author, limit, before = null } = asked;
  if (room !== undefined && !chat.fold.visibleRoom(room, connection.account)) {
    return refuseRoom(chat, connection, { query, room });
  }
  const joined = chat.fold.roomsOf(connection.account);
  const untilMs = Math.min(
    asked.untilMs ?? TIME_MS_MAX,
    before === null ? TIME_MS_MAX : timeOfOrder(before),
  );
  const ids = chat.parts.search.find({
    text,
    rooms: room === undefined ? joined.map(({ id }) => id) : [room],
    accounts: author === undefined ? null : chat.fold.accountsNamed(author),
    fromMs: asked.fromMs ?? 0,
    untilMs,
    before,
    limit: limit + 1,
  });
  if (ids === null) {
    const detail = 'this server cannot search at the moment';
    return refuse(chat, connection, { to: { query }, code: 'storage-failed', detail });
  }
  const posts = ids.slice(0, limit).flatMap((id) => {
    const stored = storedPost(chat, id);
    if (!stored || !isShown(chat, stored.entry) || chat.notes.isDeleted(id)) return [];
    return [historyPost(chat, stored.entry, stored.body)];
  });
  const complete = chat.parts.search.isComplete();
  send(chat, connection, { type: 'found', query, posts, more: ids.length > limit, complete });
}
