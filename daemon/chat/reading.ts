// How far people have read: heard from their clients, told to their other sessions at once, and written for all of
// them together, now and then. A marker is no word of anybody's: one that is lost with a leader is told again by the
// client that read, or is a line that somebody reads twice.
import { mentions } from '../../lib/mentions.ts';
import type { SignedIn } from '../../lib/protocol/events.ts';
import { UNREAD_COUNTED_MAX } from '../../lib/protocol/limits.ts';
import type { Read } from '../../lib/protocol/requests.ts';
import { encodeBody, READ_MARKERS_MAX, readBody } from './bodies.ts';
import type { Connection } from './connections.ts';
import type { ReadMarker } from './read-markers.ts';
import { type ChatState, hasCopies, isShown, sendAll } from './state.ts';

/**
 * Between two entries of markers, each of READ_MARKERS_MAX at most: 1,440 a day, and 30 MB of them, however many people
 * read however much. What a crash takes with it clients that live tell again.
 */
const WRITTEN_MS = 60_000;

/** Posts that are looked at for the counts of one sign-in, over all rooms: some ten milliseconds. */
const COUNTED_POSTS_MAX = 1_000;

/** How far an account has read a room, as far as this leader knows. */
function readUpTo({ fold, heardReads }: ChatState, account: string, room: string): string | null {
  const written = fold.reads.of(account, room);
  const heard = heardReads.of(account, room);
  return (heard ?? '') > (written ?? '') ? heard : written;
}

export function onRead(chat: ChatState, connection: Connection, { room, order }: Read): void {
  const { account } = connection;
  if (!chat.fold.isMember(room, account)) return;
  // No further than there is anything: a place in the future would be read for ever.
  const latest = chat.parts.reader.latestOrder(room);
  const upTo = latest !== null && latest < order ? latest : order;
  if (latest === null || upTo <= (readUpTo(chat, account, room) ?? '')) return;
  chat.heardReads.note([account, room, upTo]);
  const others = chat.connections.idsOfAccount(account).filter((id) => id !== connection.id);
  sendAll(chat, others, { type: 'read', room, order: upTo });
}

/** Writes what was heard, when it is time and nothing else waits for the ring. */
export function writeReads(chat: ChatState): void {
  const { heardReads, fold } = chat;
  if (chat.nowMs - chat.readsWrittenMs < WRITTEN_MS || chat.pausing || !hasCopies(chat)) return;
  heardReads.forgetKnown(fold.reads);
  const m = heardReads.all().slice(0, READ_MARKERS_MAX);
  if (m.length === 0) return;
  chat.readsWrittenMs = chat.nowMs;
  // Whoever reads on and on does not keep those behind them waiting for ever.
  heardReads.putBehind(m);
  chat.outputs.push({ type: 'note', body: encodeBody({ t: 'read', m }) });
}

/** What another leader wrote, or this one before: told to those that have not heard it. */
export function showReads(chat: ChatState, markers: readonly ReadMarker[]): void {
  for (const [account, room, order] of markers) {
    if (order !== readUpTo(chat, account, room) || !chat.fold.isMember(room, account)) continue;
    // What is in memory too was heard here, and told then.
    if (order === chat.heardReads.of(account, room)) continue;
    sendAll(chat, chat.connections.idsOfAccount(account), { type: 'read', room, order });
  }
}

type RoomRead = NonNullable<SignedIn['reads']>[number];

/**
 * How far an account has read its rooms.
 * @param counts whether what it has not read is counted: for whoever begins, not for whoever resumes
 */
export function readsOf(
  chat: ChatState,
  account: string,
  { rooms, counts }: { rooms: readonly string[]; counts: boolean },
): RoomRead[] {
  let left = counts ? COUNTED_POSTS_MAX : 0;
  return rooms.flatMap((room): RoomRead[] => {
    const order = readUpTo(chat, account, room);
    if (order === null) return [];
    if (left === 0) return [{ room, order }];
    const counted = countUnread(chat, [account, room, order], Math.min(left, UNREAD_COUNTED_MAX));
    left -= counted.looked;
    return [{ room, order, unread: counted.unread, mentions: counted.mentions }];
  });
}

function countUnread(chat: ChatState, [account, room, after]: ReadMarker, limit: number) {
  const name = chat.fold.nameOf(account);
  const isDirect = chat.fold.existingRoom(room)?.direct != null;
  const posts = chat.parts.reader.readPosts({ room, before: null, after, limit });
  const counted = { looked: posts.length, unread: 0, mentions: 0 };
  for (const entry of posts) {
    const body = readBody(entry);
    if (body?.t !== 'post' || body.u === account || !isShown(chat, entry)) continue;
    if (chat.notes.isDeleted(body.q)) continue;
    counted.unread += 1;
    if (isDirect || mentions(chat.notes.textOf(body.q) ?? body.x, name)) counted.mentions += 1;
  }
  return counted;
}
