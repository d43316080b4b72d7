// Who hears of what, once it may be shown: posts and comings and goings to those in the room, new rooms and
// topics to everyone. No entry is told before it is on disk on every in-sync server; what is said of a room beside it is
// as the leader knows it.
import { accountIdOf } from '../../lib/ids.ts';
import { type Entry, orderOf, streamIdOf } from '../ring/entry.ts';
import { type Body, bodyOf, isNote, type NoteBody, requestOf } from './bodies.ts';
import type { MemberChange } from './fold.ts';
import { historyPost, isWhole, roomSummary, view } from './messages.ts';
import { showReads } from './reading.ts';
import { answerWaiting } from './requests.ts';
import { completeClaims } from './sign-in.ts';
import {
  type Added,
  byOrder,
  type ChatState,
  frame,
  hasCopies,
  isCrowd,
  isHiddenCopy,
  isShown,
  type StoredPost,
  sendAll,
  sendAllSoon,
  sendLineAll,
  storedPost,
} from './state.ts';

const NOBODY: readonly number[] = [];

/** Those inside a room hear of its new number of members at most this often, however many come at once. */
const ROOMS_TOLD_MS = 200;

/** And more rarely where they are many: a write to each of five thousand sockets is a good part of a turn. */
const TOLD_MS_EACH = 0.5;

/** A crowd hears how the cluster is at most this often, and more rarely where it is large. */
const PICTURE_TOLD_MS = 250;

/** Folds an entry; a leader keeps it until it may be shown. */
export function onAdded(chat: ChatState, { entry, asked }: { entry: Entry; asked: boolean }): void {
  const change = chat.fold.apply(entry);
  if (!chat.leads || streamIdOf(entry) !== chat.stream) chat.changes += 1;
  if (!chat.leads) return fold(chat, entry);
  const added = { entry, body: bodyOf(entry), change };
  // What is asked for in the turn in which a view begins may be of the new stream already.
  if (streamIdOf(entry) !== chat.stream) chat.foreign.set(orderOf(entry), added);
  else chat.own.push(added);
  if (!asked) return;
  chat.inHand.shift();
  chat.stalled = false;
}

/** Folds an entry that could not be read; a leader tells what was not told without it. */
export function onRepaired(chat: ChatState, entry: Entry, leftOut: boolean): void {
  chat.changes += 1;
  const change = chat.fold.apply(entry);
  if (!chat.leads) return fold(chat, entry);
  // What is not shown yet is still in memory, and will be.
  if (!isShown(chat, entry)) return;
  const body = bodyOf(entry);
  if (body?.t === 'post' && !leftOut) {
    // Nobody missed it; but what became of it could not be told without it.
    const stored = chat.notes.has(body.q) ? storedPost(chat, body.q) : null;
    return stored ? tellChanged(chat, stored, 0) : undefined;
  }
  show(chat, { entry, body, change }, true);
  completeClaims(chat);
}

/** What is shown by nobody here is folded at once: the next leader is to know it. */
function fold(chat: ChatState, entry: Entry): void {
  const body = bodyOf(entry);
  if (isNote(body)) chat.notes.apply(body, orderOf(entry));
}

/** This server leads no longer: what it held back is another one's to show. */
export function dropUnshown(chat: ChatState): void {
  for (const { entry } of [...chat.own, ...chat.foreign.values()]) fold(chat, entry);
  chat.own = [];
  chat.foreign.clear();
}

/** Shows what is committed by now. */
export function showCommitted(chat: ChatState): void {
  const { own, committed } = chat;
  let count = own.findIndex(({ entry }) => entry.sequence > committed);
  if (count === -1) count = own.length;
  for (const added of own.splice(0, count)) {
    show(chat, added, false);
    chat.shown = added.entry.sequence;
  }
  completeClaims(chat);
}

/** Keeps what was not shown for a view with enough copies. */
export function withholdEverything(chat: ChatState): void {
  for (const added of chat.own) chat.foreign.set(orderOf(added.entry), added);
  chat.own = [];
}

/** Shows all that is held, in its order: what other servers made is late. */
export function showEverything(chat: ChatState, made: (entry: Entry) => boolean): void {
  const all = [...chat.foreign.values(), ...chat.own];
  chat.foreign.clear();
  chat.own = [];
  all.sort((one, other) => byOrder(one.entry, other.entry));
  for (const added of all) show(chat, added, !made(added.entry));
  completeClaims(chat);
}

function show(chat: ChatState, added: Added, late: boolean): void {
  const { entry, body, change } = added;
  if (!body) return;
  if (body.t !== 'post' && body.t !== 'read') chat.changes += 1;
  for (const { account, was } of change.renamed) tellRenamed(chat, account, was);
  if (body.t === 'post') showPost(chat, { entry, body, late });
  if (isNote(body)) showNote(chat, entry, body);
  if (body.t === 'read') showReads(chat, body.m);
  for (const member of change.members) showMember(chat, entry, member);
  for (const room of change.rooms) tellRoom(chat, room, chat.connections.signedIn());
  if (body.t === 'claim') chat.claimed.push(accountIdOf(body.k, body.n));
  const request = requestOf(body);
  if (request !== null) answerWaiting(chat, entry, request);
}

function showPost(
  chat: ChatState,
  { entry, body, late }: { entry: Entry; body: Extract<Body, { t: 'post' }>; late: boolean },
): void {
  if (late && isHiddenCopy(chat, entry, body.q)) return;
  // One that this server sent out, lost with a crash before its disk had it, and got back from a peer.
  const place = orderOf(entry);
  noteLatest(chat, body.r, place);
  const isLate = late || place < chat.highestShown;
  if (!isLate) chat.highestShown = place;
  const at = streamIdOf(entry) === chat.stream ? entry.sequence : 0;
  const post = { type: 'post' as const, ...historyPost(chat, entry, body), at };
  sendAll(chat, chat.connections.inRoom(body.r), isLate ? { ...post, late: true } : post);
}

function noteLatest({ latestShown }: ChatState, room: string, place: string): void {
  const known = latestShown.get(room);
  if (known !== undefined && (known ?? '') < place) latestShown.set(room, place);
}

/** Tells a room what became of a post. Nothing where the post is not held: it comes as it is then. */
function showNote(chat: ChatState, entry: Entry, body: NoteBody): void {
  chat.notes.apply(body, orderOf(entry));
  const stored = storedPost(chat, body.p);
  if (!stored || stored.body.r !== body.r) return;
  tellChanged(chat, stored, streamIdOf(entry) === chat.stream ? entry.sequence : 0);
}

function tellChanged(chat: ChatState, stored: StoredPost, at: number): void {
  const { entry, body } = stored;
  if (!isShown(chat, entry)) return;
  const post = historyPost(chat, entry, body);
  sendAll(chat, chat.connections.inRoom(body.r), { type: 'postChanged', post, at });
}

/** Tells a room who came or went, and whoever it was, on all their devices, what became of the room. */
function showMember(chat: ChatState, entry: Entry, { room, account, joined }: MemberChange): void {
  const { connections, fold } = chat;
  const own = [...connections.ofAccount(account)];
  if (joined) for (const connection of own) connections.enter(connection, room);
  // Two who write to each other neither come nor go.
  if (fold.existingRoom(room)?.direct) return tellRoom(chat, room, own);
  const inside = connections.inRoom(room);
  sendAllSoon(chat, isCrowd(inside.length) ? NOBODY : inside, {
    type: 'member',
    room,
    account,
    name: fold.nameOf(account),
    change: joined ? 'joined' : 'left',
    time: entry.wallMs,
    order: orderOf(entry),
  });
  if (!joined) for (const connection of own) connections.leave(connection, room);
  tellRoom(chat, room, own);
  chat.changedRooms.add(room);
}

function tellRenamed(chat: ChatState, account: string, was: string): void {
  const name = chat.fold.nameOf(account);
  sendAll(chat, chat.connections.signedInIds(), { type: 'renamed', account, name, was });
  // Each of two sees the other's name as that of the room.
  for (const { id, direct, members } of chat.fold.roomsOf(account)) {
    if (!direct) continue;
    for (const each of members) tellRoom(chat, id, [...chat.connections.ofAccount(each)]);
  }
}

type Listener = Readonly<{ id: number; account: string }>;

/** The room as it is now, encoded once for those in it and once for the others. */
function tellRoom(
  chat: ChatState,
  id: string,
  listeners: readonly Listener[],
  tell: typeof sendAll = sendAll,
): void {
  for (const joined of [true, false]) {
    const alike = listeners.filter(({ account }) => chat.fold.isMember(id, account) === joined);
    const [first] = alike;
    const room = first ? roomSummary(chat, id, first.account) : null;
    const ids = alike.map((listener) => listener.id);
    if (room) tell(chat, ids, { type: 'room', room });
  }
}

/** Tells those inside how many they are, in rooms where that has changed. */
export function tellChangedRooms(chat: ChatState): void {
  const { changedRooms, connections } = chat;
  if (changedRooms.size === 0 || chat.nowMs < chat.roomsDueMs) return;
  let told = 0;
  for (const id of changedRooms) {
    const inside = connections.inRoom(id).flatMap((each) => connections.all.get(each) ?? []);
    tellRoom(chat, id, inside, sendAllSoon);
    told += inside.length;
  }
  changedRooms.clear();
  chat.roomsDueMs = chat.nowMs + Math.max(ROOMS_TOLD_MS, told * TOLD_MS_EACH);
}

/**
 * Those who are connected are told how the cluster is: at once, but for a crowd, which is told after a while and only if it
 * is still otherwise than they know. Thousands of writes take longer than it takes a leader to be in doubt and over it.
 */
export function notePicture(chat: ChatState): void {
  const { picture, connections } = chat;
  const listeners = connections.signedInCount();
  const restMs = Math.max(PICTURE_TOLD_MS, listeners * TOLD_MS_EACH);
  picture.dueMs ??= isCrowd(listeners)
    ? Math.max(chat.nowMs + PICTURE_TOLD_MS, picture.toldMs + restMs)
    : chat.nowMs;
  tellPicture(chat);
}

export function tellPicture(chat: ChatState): void {
  const { picture } = chat;
  if (picture.dueMs === null || chat.nowMs < picture.dueMs) return;
  picture.dueMs = null;
  const line = frame(view(chat, false));
  if (line === picture.told) return;
  picture.told = line;
  picture.toldMs = chat.nowMs;
  sendLineAll(chat, chat.connections.signedInIds(), line);
}

/** Entries are known to be damaged here since a moment ago, or all are repaired and told: there is another place. */
export function tellWhole(chat: ChatState): void {
  const whole = isWhole(chat);
  if (!chat.leads || !hasCopies(chat) || whole === chat.toldWhole) return;
  chat.toldWhole = whole;
  chat.picture.told = '';
  sendAll(chat, chat.connections.signedInIds(), view(chat, true));
}
