// The chat's state, and the few ways in which anything leaves it. One mutable value, owned by the chat core
// and changed only inside its step, like the ring's.
import type { Cluster } from '../../lib/client/api.ts';
import type { ServerMessage } from '../../lib/protocol/events.ts';
import { CROWD_MIN } from '../../lib/protocol/limits.ts';
import { REFUSALS, type RefusalCode } from '../../lib/protocol/refusals.ts';
import type { NumberedRequest, Search, SignIn } from '../../lib/protocol/requests.ts';
import { type Entry, orderOf, type StreamId, streamIdOf } from '../ring/entry.ts';
import type { Reach } from '../search/indexing.ts';
import { type Body, type BodyOf, bodyOf, isNote, readBody } from './bodies.ts';
import type { ChatOutput, ChatReader, ChatSecrets, PostSearch } from './chat.ts';
import { type Connection, Connections } from './connections.ts';
import { Fold, type FoldChange } from './fold.ts';
import { CHAT_LIMITS, type ChatLimits } from './limits.ts';
import { MissedEntries } from './missed.ts';
import { forgetSignIn, type Later } from './pending-sign-in.ts';
import { PostNotes } from './post-notes.ts';
import { Presence } from './presence.ts';
import { ReadMarkers } from './read-markers.ts';

export type ChatParts = Readonly<{
  reader: ChatReader;
  secrets: ChatSecrets;
  search: PostSearch;
  self: Readonly<{ id: string; address: string }>;
  copiesMin: number;
  /** Every entry held that is no post. */
  restored: Iterable<Entry>;
  /** CHAT_LIMITS where none are given. */
  limits?: ChatLimits | undefined;
}>;

/** An entry that this leader holds and has not shown yet, with what it changed. */
export type Added = Readonly<{ entry: Entry; body: Body | null; change: FoldChange }>;

/** What needs the ring, and waits for it or is in its hands. */
export type Wanted = WantedSignIn | WantedRequest;

/** `isGenuine`: its signature was found to fit already. */
export type WantedSignIn = Readonly<{ connection: number; message: SignIn; isGenuine: boolean }>;

export type WantedRequest = Readonly<{
  connection: number;
  /** Of the connection when it came: whoever has signed in anew since has sent it again. */
  sessionId: string;
  message: NumberedRequest;
}>;

/** A search that waits until the index reaches as far as the history did when it came. */
export type WaitingSearch = Readonly<{
  connection: number;
  /** Of the connection when it came: whoever has signed in anew asks again. */
  sessionId: string;
  asked: Search;
  reach: Reach;
  sinceMs: number;
}>;

export type ChatState = {
  readonly parts: ChatParts;
  readonly limits: ChatLimits;
  readonly fold: Fold;
  /** Of entries that may be shown: a leader adds each when it shows it, a follower at once. */
  readonly notes: PostNotes;
  readonly connections: Connections;
  readonly presence: Presence;
  readonly missed: MissedEntries;
  /** Counts whatever may change how a post reads, or which copy of it is told. */
  changes: number;
  /** Accounts that came since the last tick: told together, so that a crowd that comes at once costs what one does. */
  readonly arrived: Set<string>;
  /** Accounts told to be idle: nobody sits at any connection of theirs. */
  idle: Set<string>;
  cluster: Cluster;
  leads: boolean;
  /** Of the present view while this server leads; else empty. */
  stream: StreamId;
  /** Entries of the present stream up to here may be shown. */
  committed: number;
  /** Entries of the present stream up to here have been shown to those who are signed in. */
  shown: number;
  /** Place of the highest post that was shown as new: what comes below it is late, whoever made it. */
  highestShown: string;
  /** Places of the newest posts that were shown, by room; of rooms that somebody asked for. */
  readonly latestShown: Map<string, string | null>;
  /** Whether no entry was damaged here, as those who are signed in were told last. */
  toldWhole: boolean;
  /** Added and not shown: of the present stream in order; and what came from outside it, or before it. */
  own: Added[];
  /** By place in the one order. */
  readonly foreign: Map<string, Added>;
  /** Who waits for the commit of a request, by its id. */
  readonly waiting: Map<string, Connection>;
  /** Who asked again for what cannot be answered now: too few are in sync, or its entry is damaged; by request. */
  readonly repeats: Map<string, Connection>;
  /** Sign-ins that came while this server does not lead, in case it leads soon; by connection, in order of arrival. */
  readonly early: Map<number, WantedSignIn>;
  /** Requests that came behind sign-ins that are under way, and their text. */
  laterCount: number;
  laterChars: number;
  /** Sign-ins answered in this step, and what came behind them. */
  due: Readonly<{ connection: number; later: readonly Later[] }>[];
  /** Sign-ins that wait for the commit of their account's claim, by account: first the one that began it, gone or not. */
  readonly claims: Map<string, WantedSignIn[]>;
  /** Accounts whose claims were shown in this step. */
  claimed: string[];
  /** In the order in which they came. */
  searches: WaitingSearch[];
  /** Between two views of this leader. */
  pausing: boolean;
  /** The ring did not take something: one attempt at a time until it does. */
  stalled: boolean;
  /** Waits for the ring, in order of arrival; and how much text is in there. */
  held: Wanted[];
  heldChars: number;
  /** How much of it is whose, by connection; those that wait for nothing are not in it. */
  readonly heldOf: Map<number, number>;
  /** Asked of the ring in this turn, in order: each is answered by `added` or `notTaken`. */
  inHand: Wanted[];
  /** Given back by the ring: goes before all that is held. */
  returned: Wanted[];
  /** Rounds of held requests that may still follow each other within one turn. */
  rounds: number;
  /** What of them may still go on within one turn, in units of some ten microseconds. */
  releasable: number;
  /** Connections that may have answers to send at the end of this step. */
  readonly answered: Set<Connection>;
  /** How far people have read that is not written yet, and when any of it was. */
  readonly heardReads: ReadMarkers;
  readsWrittenMs: number;
  /** Rooms whose members changed since those inside were told, and when they are told again. */
  readonly changedRooms: Set<string>;
  /** How the cluster is: the line that everyone was told last, when, and when they are told again; null for no news. */
  picture: { told: string; toldMs: number; dueMs: number | null };
  roomsDueMs: number;
  /** What the followers know of who is here, and since when. */
  sharedPresence: string;
  sharedMs: number;
  /** Of the present step. */
  outputs: ChatOutput[];
  nowMs: number;
};

export function createState(parts: ChatParts): ChatState {
  const fold = new Fold();
  const notes = new PostNotes();
  for (const entry of parts.restored) {
    fold.apply(entry);
    const body = bodyOf(entry);
    if (isNote(body)) notes.apply(body, orderOf(entry));
  }
  return {
    parts,
    limits: parts.limits ?? CHAT_LIMITS,
    fold,
    notes,
    connections: new Connections(),
    presence: new Presence(),
    missed: new MissedEntries(parts.reader),
    changes: 0,
    arrived: new Set(),
    idle: new Set(),
    cluster: { term: 0, leader: null, servers: [], copies: 0, copiesMin: parts.copiesMin },
    leads: false,
    stream: '',
    committed: 0,
    shown: 0,
    highestShown: '',
    latestShown: new Map(),
    toldWhole: true,
    own: [],
    foreign: new Map(),
    waiting: new Map(),
    repeats: new Map(),
    searches: [],
    early: new Map(),
    laterCount: 0,
    laterChars: 0,
    due: [],
    claims: new Map(),
    claimed: [],
    pausing: false,
    stalled: false,
    held: [],
    heldChars: 0,
    heldOf: new Map(),
    inHand: [],
    returned: [],
    rounds: 0,
    releasable: 0,
    answered: new Set(),
    heardReads: new ReadMarkers(),
    readsWrittenMs: Number.NEGATIVE_INFINITY,
    changedRooms: new Set(),
    picture: { told: '', toldMs: Number.NEGATIVE_INFINITY, dueMs: null },
    roomsDueMs: Number.NEGATIVE_INFINITY,
    sharedPresence: '',
    sharedMs: Number.NEGATIVE_INFINITY,
    outputs: [],
    nowMs: 0,
  };
}

/** @returns the line, its line feed included */
export function frame(message: ServerMessage): string {
  return `${JSON.stringify(message)}\n`;
}

export function send(chat: ChatState, connection: Connection, message: ServerMessage): void {
  sendLine(chat, connection, frame(message));
}

export function sendLine(chat: ChatState, connection: Connection, line: string): void {
  chat.outputs.push({ type: 'send', connection: connection.id, frame: line });
}

/** Encoded once, whoever gets it. */
export function sendAll(
  chat: ChatState,
  connections: readonly number[],
  message: ServerMessage,
): void {
  if (connections.length > 0) sendLineAll(chat, connections, frame(message));
}

export function sendLineAll(chat: ChatState, connections: readonly number[], line: string): void {
  if (connections.length === 0) return;
  chat.outputs.push({ type: 'sendAll', connections, frame: line, mayWait: false });
}

/**
 * What nobody waits for: who came and went. Of a crowd that comes, each would else be a write of its own to all who hear
 * of it.
 */
export function sendAllSoon(
  chat: ChatState,
  connections: readonly number[],
  message: ServerMessage,
): void {
  if (connections.length === 0) return;
  chat.outputs.push({ type: 'sendAll', connections, frame: frame(message), mayWait: true });
}

/** Refuses what has no number of a session; `to` says what is meant. */
export function refuse(
  chat: ChatState,
  connection: Connection,
  refusal: { to: { number?: number; query?: number }; code: RefusalCode; detail?: string },
): void {
  const { to, code, detail } = refusal;
  send(chat, connection, { type: 'refused', ...to, code, reason: detail ?? REFUSALS[code] });
}

export function refuseRoom(
  chat: ChatState,
  connection: Connection,
  asked: Readonly<{ query: number; room: string }>,
): void {
  const { query, room } = asked;
  const detail = `there is no room with the id ${room}`;
  refuse(chat, connection, { to: { query }, code: 'no-such-room', detail });
}

/** Forgets a connection and has it closed. */
export function close(chat: ChatState, connection: Connection, code: RefusalCode): void {
  const { account } = connection;
  chat.outputs.push({ type: 'close', connection: connection.id, code });
  forgetSignIn(chat, connection);
  chat.connections.close(connection.id);
  noteLeft(chat, account);
}

/** A connection of this account is gone: perhaps its last. */
export function noteLeft(chat: ChatState, account: string): void {
  if (account === '') return;
  if (!chat.connections.hasAccount(account)) chat.presence.lose(account, chat.nowMs);
  noteIdle(chat, account);
}

/** Tells whether somebody sits at any of an account's connections, where that has changed. */
export function noteIdle(chat: ChatState, account: string): void {
  const connections = [...chat.connections.ofAccount(account)];
  // Whoever has lost the connection may be back in a moment, as he was.
  if (connections.length === 0) return;
  const isIdle = connections.every((each) => each.isIdle);
  if (isIdle === chat.idle.has(account)) return;
  if (isIdle) chat.idle.add(account);
  else chat.idle.delete(account);
  tellPresence(chat, account, isIdle ? 'idle' : 'here');
}

/** How an account is shown to others. */
export function presenceOf(chat: ChatState, account: string): 'here' | 'idle' | 'gone' {
  if (!chat.presence.isHere(account)) return 'gone';
  return chat.idle.has(account) ? 'idle' : 'here';
}

/** Whether an entry held is on disk on every in-sync server, as far as this one must know. */
export function isShown(chat: ChatState, entry: Entry): boolean {
  if (streamIdOf(entry) === chat.stream) return entry.sequence <= chat.committed;
  return chat.foreign.size === 0 || !chat.foreign.has(orderOf(entry));
}

export type StoredPost = Readonly<{ entry: Entry; body: BodyOf<'post'> }>;

/** A post as it was stored first; null when it is not held, damaged, or pruned. */
export function storedPost(chat: ChatState, id: string): StoredPost | null {
  const entry = chat.parts.reader.findRequest(id);
  if (!entry) return null;
  const body = readBody(entry);
  return body?.t === 'post' ? { entry, body } : null;
}

/** Whether as many servers are in sync as this cluster demands: else nothing is acknowledged. */
export function hasCopies({ cluster: { copies, copiesMin } }: ChatState): boolean {
  return copies >= copiesMin;
}

/** Whether another entry of the same request is lower in the order, and shown instead. */
export function isHiddenCopy(chat: ChatState, entry: Entry, requestId: string): boolean {
  const first = chat.parts.reader.firstPlace(requestId);
  return first !== null && first !== orderOf(entry);
}

/** For sorting: the lower in the one order first. */
export function byOrder(one: Entry, other: Entry): number {
  return orderOf(one) < orderOf(other) ? -1 : 1;
}

/** Tells who came since the last tick: the same lines to all, so that each socket is looked at once. */
export function tellArrivals(chat: ChatState): void {
  const { arrived, connections } = chat;
  // Asked with every tick, and a list of everyone is long.
  if (arrived.size === 0) return;
  const everyone = isCrowd(connections.signedInCount()) ? null : connections.signedInIds();
  for (const account of arrived) {
    const state = presenceOf(chat, account);
    const ids = everyone ?? companionsOf(chat, account);
    const name = chat.fold.nameOf(account);
    // Whoever has gone again meanwhile is told to be gone when the time comes.
    if (state !== 'gone') sendAllSoon(chat, ids, { type: 'presence', account, name, state });
  }
  arrived.clear();
}

/** Someone went, or is idle: most people share a room, #general, so everyone is told unless they are a crowd. */
export function tellPresence(
  chat: ChatState,
  account: string,
  state: 'here' | 'idle' | 'gone',
): void {
  const name = chat.fold.nameOf(account);
  const { connections } = chat;
  const ids = isCrowd(connections.signedInCount())
    ? companionsOf(chat, account)
    : connections.signedIn().flatMap((each) => (each.account === account ? [] : each.id));
  sendAllSoon(chat, ids, { type: 'presence', account, name, state });
}

/**
 * Whether so many are not told of each one who comes or goes: with n of them that is n lines for each, and n times n
 * when all come back after a failover. They are told how many there are, and whoever wants to know asks.
 */
export function isCrowd(listeners: number): boolean {
  return listeners > CROWD_MIN;
}

/** Connections of those who have a conversation of two with an account. */
function companionsOf({ fold, connections }: ChatState, account: string): number[] {
  const directs = fold.roomsOf(account).filter(({ direct }) => direct !== null);
  const others = directs.flatMap(({ members }) => [...members].filter((each) => each !== account));
  return others.flatMap((each) => connections.idsOfAccount(each));
}
