// What a server may send to a client, as zod schemas. Unknown fields are dropped and unknown types are
// ignored by the client, so that a newer server can talk to an older client. Long, because there are many messages.
import * as z from 'zod';
import type { RefusalCode } from './refusals.ts';

/** Where clients reach a server: its id and `host:port`. */
export const ServerAddress = z.object({ id: z.string(), address: z.string() });
export type ServerAddress = z.infer<typeof ServerAddress>;

export const ServerState = z.enum([
  'leading',
  'active',
  'joining',
  'preparing',
  'suspended',
  'draining',
  'down',
]);
export type ServerState = z.infer<typeof ServerState>;

export const ServerStatus = z.object({
  id: z.string(),
  ringPosition: z.int(),
  address: z.string(),
  state: ServerState,
  inSync: z.boolean(),
});
export type ServerStatus = z.infer<typeof ServerStatus>;

/** First line of every connection. `nonce` is what a sign-in signs. */
export const Welcome = z.object({
  type: z.literal('welcome'),
  protocol: z.int(),
  server: z.string(),
  state: ServerState,
  term: z.int(),
  leader: ServerAddress.nullable(),
  nonce: z.string(),
});

/** Answer to a sign-in or request on a server that does not lead. The connection stays open. */
export const Redirect = z.object({
  type: z.literal('redirect'),
  leader: ServerAddress.nullable(),
  term: z.int(),
  reason: z.string(),
});

/** This server has just begun to lead: a client that waits here may sign in (again). */
export const Leading = z.object({ type: z.literal('leading'), term: z.int() });

export const PresenceState = z.enum(['here', 'idle', 'gone']);

export const RoomSummary = z.object({
  id: z.string(),
  /** Of a conversation of two: the other's name. */
  name: z.string(),
  topic: z.string(),
  members: z.int(),
  /** Whether this account is a member. */
  joined: z.boolean(),
  /** Order of the newest visible post; null in an empty room. */
  latest: z.string().nullable(),
  /** Of a conversation of two: with whom, and whether they are here. Absent for other rooms. */
  direct: z.object({ account: z.string(), state: PresenceState }).optional(),
});
export type RoomSummary = z.infer<typeof RoomSummary>;

export const SignedIn = z.object({
  type: z.literal('signedIn'),
  account: z.string(),
  /** The name shown to others; differs from the one asked for when a merge gave it a suffix. */
  name: z.string(),
  /** `account.seed`: what the ids of this session's posts begin with. */
  session: z.string(),
  server: z.string(),
  rooms: z.array(RoomSummary),
  /** Posts of an earlier hybrid time, milliseconds since 1970, are pruned here; 0 when none are. */
  prunedBelow: z.int().min(0).default(0),
  /** It has not all that this client has seen: what it lacks returns with a server that has it. */
  lacks: z.boolean().default(false),
  /**
   * Whoever comes back from a leader that was lost connects to other servers within this many milliseconds, at a moment
   * of its own: the more clients there are, the longer. An older server, which does not say it, may have thousands.
   */
  spreadMs: z.int().min(0).default(1_000),
  /**
   * How far this account has read, on whatever device; rooms that it never read are left out. To whoever does not
   * resume, what others wrote since, and how much of that calls this account: up to UNREAD_COUNTED_MAX posts.
   */
  reads: z
    .array(
      z.object({
        room: z.string(),
        order: z.string(),
        unread: z.int().optional(),
        mentions: z.int().optional(),
      }),
    )
    .default([]),
});
export type SignedIn = z.infer<typeof SignedIn>;

/** Who leads and who is in sync: after `signedIn`, and whenever it changes. */
export const ViewEvent = z.object({
  type: z.literal('view'),
  term: z.int(),
  leader: ServerAddress.nullable(),
  servers: z.array(ServerStatus),
  /** Copies that a message acknowledged now has. */
  copies: z.int(),
  copiesMin: z.int(),
  /** Replaces the client's cursor, and its `at`; absent when the cursor stands. */
  cursor: z.string().optional(),
  /** Everything up to it was sent before; 0 where it is left out. */
  at: z.int().optional(),
});

export const Reaction = z.object({
  emoji: z.string(),
  count: z.int(),
  /** Accounts; of many only the first. */
  by: z.array(z.string()),
});
export type Reaction = z.infer<typeof Reaction>;

/** The beginning of the post that is answered, as it is now. */
export const Quote = z.object({
  id: z.string(),
  name: z.string(),
  /** Empty when it is deleted. */
  text: z.string(),
  order: z.string(),
});
export type Quote = z.infer<typeof Quote>;

export const PostEvent = z.object({
  type: z.literal('post'),
  id: z.string(),
  room: z.string(),
  account: z.string(),
  name: z.string(),
  /** As it was edited last; empty when `deleted`. */
  text: z.string(),
  /** Wall clock of the leader, milliseconds since 1970. */
  time: z.int(),
  /** Place in the one order; string comparison. */
  order: z.string(),
  /** With the cursor, what to resume from. */
  at: z.int(),
  /** Came with a merge or a resumption: may belong above what is already shown. */
  late: z.boolean().optional(),
  /** What somebody does: shown behind the name. */
  action: z.boolean().optional(),
  /** Absent where the post that is answered is not held, or is in another room. */
  reply: Quote.optional(),
  edited: z.boolean().optional(),
  deleted: z.boolean().optional(),
  /** The commonest first. */
  reactions: z.array(Reaction).optional(),
});
export type PostEvent = z.infer<typeof PostEvent>;

export const HistoryPost = PostEvent.omit({ type: true, at: true, late: true });
export type HistoryPost = z.infer<typeof HistoryPost>;

/** A post was edited, deleted, or reacted to: as it is now. */
export const PostChanged = z.object({
  type: z.literal('postChanged'),
  post: HistoryPost,
  /** As in `post`; 0 in a resumption. */
  at: z.int(),
});

/** Someone joined or left a room. */
export const MemberEvent = z.object({
  type: z.literal('member'),
  room: z.string(),
  account: z.string(),
  name: z.string(),
  change: z.enum(['joined', 'left']),
  time: z.int(),
  order: z.string(),
});

/** A room was created, renamed, given a topic, or its number of members changed. */
export const RoomEvent = z.object({ type: z.literal('room'), room: RoomSummary });

/** Someone who shares a room with this account came, went, or left the keyboard for a while. */
export const PresenceEvent = z.object({
  type: z.literal('presence'),
  account: z.string(),
  name: z.string(),
  state: PresenceState,
});

/** Somebody writes in a room of this account: good for some seconds. */
export const TypingEvent = z.object({
  type: z.literal('typing'),
  room: z.string(),
  account: z.string(),
  name: z.string(),
});

/** This account has read a room up to a place, at another of its devices. */
export const ReadEvent = z.object({
  type: z.literal('read'),
  room: z.string(),
  order: z.string(),
});

/** An account is shown under another name from now on, because a merge settled a conflict. */
export const Renamed = z.object({
  type: z.literal('renamed'),
  account: z.string(),
  name: z.string(),
  was: z.string(),
});

/** After the posts that a resumption sent. `reset`: too much was missed; ask for history again. */
export const Resumed = z.object({ type: z.literal('resumed'), posts: z.int(), reset: z.boolean() });

/** A numbered request is on disk on `copies` servers. Also the answer to its every retry. */
export const Stored = z.object({
  type: z.literal('stored'),
  number: z.int(),
  id: z.string(),
  time: z.int(),
  order: z.string(),
  copies: z.int(),
  /** For requests about a room: the room as it is now. */
  room: RoomSummary.optional(),
  /** Opaque; the newest is presented at the next sign-in. On the last answer of a write only. */
  stamp: z.string().optional(),
});

/** The answer to a request (`number`), a query (`query`), or to a line that was neither. */
export const Refused = z.object({
  type: z.literal('refused'),
  number: z.int().optional(),
  query: z.int().optional(),
  code: z.string() as unknown as z.ZodType<RefusalCode>,
  reason: z.string(),
});

export const Page = z.object({
  type: z.literal('page'),
  query: z.int(),
  room: z.string(),
  /** Oldest first. */
  posts: z.array(HistoryPost),
  /** Whether there are older ones. */
  more: z.boolean(),
});

/** What a search found, newest first. */
export const Found = z.object({
  type: z.literal('found'),
  query: z.int(),
  posts: z.array(HistoryPost),
  /** Whether there are older ones. */
  more: z.boolean(),
  /** False while the index is still being made: something may be missing. */
  complete: z.boolean(),
});

export const Rooms = z.object({
  type: z.literal('rooms'),
  query: z.int(),
  rooms: z.array(RoomSummary),
});

export const Person = z.object({
  account: z.string(),
  name: z.string(),
  state: PresenceState,
});
export type Person = z.infer<typeof Person>;

export const People = z.object({
  type: z.literal('people'),
  query: z.int(),
  room: z.string(),
  people: z.array(Person),
});

/** From the leader, to whoever is signed in, with a place to resume from: everything up to it was sent before. */
export const Pong = z.object({
  type: z.literal('pong'),
  query: z.int(),
  cursor: z.string().optional(),
  at: z.int().optional(),
});

export const StatusReply = z.object({
  type: z.literal('status'),
  query: z.int(),
  id: z.string(),
  leader: ServerAddress.nullable(),
  term: z.int(),
  servers: z.array(ServerStatus),
});

/** The last line before the server closes the connection. */
export const Closing = z.object({
  type: z.literal('closing'),
  code: z.string() as unknown as z.ZodType<RefusalCode>,
  reason: z.string(),
});

export const ServerMessage = z.discriminatedUnion('type', [
  Welcome,
  Redirect,
  Leading,
  SignedIn,
  ViewEvent,
  PostEvent,
  PostChanged,
  MemberEvent,
  RoomEvent,
  PresenceEvent,
  TypingEvent,
  ReadEvent,
  Renamed,
  Resumed,
  Stored,
  Refused,
  Page,
  Found,
  Rooms,
  People,
  Pong,
  StatusReply,
  Closing,
]);
export type ServerMessage = z.infer<typeof ServerMessage>;
