// What is searched for. The index is filled behind what is said, so a search waits for it a moment: whoever posted
// before, or saw a post, finds it.
import { timeOfOrder } from '../../lib/ids.ts';
import type { Search } from '../../lib/protocol/requests.ts';
import type { Reach } from '../search/indexing.ts';
import type { Connection } from './connections.ts';
import { historyPost } from './messages.ts';
import {
  type ChatState,
  isShown,
  refuse,
  refuseRoom,
  send,
  storedPost,
  type WaitingSearch,
} from './state.ts';

/** Later than any clock says: what a hybrid time can be. */
const TIME_MS_MAX = 2 ** 42;

/** So long a search waits for what is about to be in the index. */
const WAIT_MS_MAX = 1_000;
/** Searches that wait, of all and of one connection; more are answered at once, with what there is. */
const WAITING_MAX = 100;
const WAITING_OF_ONE_MAX = 2;
/** Answered within one tick: some milliseconds. */
const ANSWERED_MAX = 4;

/** Answers at once where nothing is missing, or too much is. */
export function onSearch(chat: ChatState, connection: Connection, asked: Search): void {
  const { id, sessionId } = connection;
  const reach = chat.parts.search.reach();
  const own = chat.searches.filter((search) => search.connection === id).length;
  const mayWait = chat.searches.length < WAITING_MAX && own < WAITING_OF_ONE_MAX;
  if (!mayWait || chat.parts.search.covers(reach) !== 'soon')
    return answer(chat, connection, asked, reach);
  chat.searches.push({ connection: id, sessionId, asked, reach, sinceMs: chat.nowMs });
}

/** Answers what has waited long enough. To be called with every tick. */
export function answerSearches(chat: ChatState): void {
  if (chat.searches.length === 0) return;
  const stillWait = ({ reach, sinceMs }: WaitingSearch) =>
    chat.nowMs - sinceMs < WAIT_MS_MAX && chat.parts.search.covers(reach) === 'soon';
  const [waiting, due]: [WaitingSearch[], WaitingSearch[]] = [[], []];
  for (const search of chat.searches) {
    const isDue = due.length < ANSWERED_MAX && !stillWait(search);
    (isDue ? due : waiting).push(search);
  }
  chat.searches = waiting;
  for (const { connection: id, sessionId, asked, reach } of due) {
    const connection = chat.connections.all.get(id);
    if (connection?.sessionId === sessionId) answer(chat, connection, asked, reach);
  }
}

/** In one room, or in all of this account's. What the index names is looked at anew: it may lag. */
function answer(chat: ChatState, connection: Connection, asked: Search, reach: Reach): void {
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
  const complete = chat.parts.search.covers(reach) === 'yes';
  send(chat, connection, { type: 'found', query, posts, more: ids.length > limit, complete });
}
