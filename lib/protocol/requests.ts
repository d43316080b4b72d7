// What a client may send, as zod schemas: one strict object a line, told apart by `type`. docs/PROTOCOL.md
// describes each with its answers.
import * as z from 'zod';
import {
  Emoji,
  Order,
  PostId,
  PostText,
  QueryNumber,
  RequestNumber,
  RoomId,
  RoomName,
  SessionSeed,
  ShownRoomName,
  ShownUserName,
  Topic,
  UserName,
} from './fields.ts';
import {
  FOUND_POSTS_MAX,
  PAGE_POSTS_MAX,
  PROTOCOL_VERSION,
  SEARCH_CHARS_MAX,
  USER_NAME_CHARS_MAX,
} from './limits.ts';

/**
 * First message of a client that wants to talk. The signature is Ed25519 over `signInText(...)`, which
 * contains the nonce of the server's welcome. Answered by `signedIn`, `redirect` or `refused`. A name
 * nobody holds is claimed for the key. With `cursor` and `at` the server sends what was missed since.
 */
export const SignIn = z.strictObject({
  type: z.literal('signIn'),
  protocol: z.literal(PROTOCOL_VERSION),
  /** Ed25519 public key, 32 bytes as base64url. */
  key: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  name: UserName,
  session: SessionSeed,
  /** 64 bytes as base64url. */
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
  /** Opaque, from `view`; absent on a first sign-in. */
  cursor: z.string().max(200).optional(),
  /** The highest `at` seen since that cursor came; 0 when none. */
  at: z.int().min(0).optional(),
  /** The newest stamp of this session's `stored` answers; keeps one person's words in order. */
  stamp: z.string().max(120).optional(),
  /** Nobody sits at this connection at the moment. */
  idle: z.literal(true).optional(),
});
export type SignIn = z.infer<typeof SignIn>;

/**
 * Ahead of a sign-in, on a connection to a server that may lead some day: who it is going to be. Answered by nothing, or
 * by `refused`. The server checks the signature now; a sign-in with the same four fields need not wait for that.
 */
export const Prove = SignIn.pick({ key: true, name: true, session: true, signature: true }).extend({
  type: z.literal('prove'),
});
export type Prove = z.infer<typeof Prove>;

const TimeMs = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

// A retry repeats `number`, so what was caught in a failover is stored once. `lowest` is the lowest
// number that the client still waits for.
const numbered = { number: RequestNumber, lowest: RequestNumber };

/** Says something in a room. Answered by `stored` or `refused`. */
export const Post = z.strictObject({
  type: z.literal('post'),
  ...numbered,
  room: RoomId,
  text: PostText,
  /** The post that is answered: quoted where it is found in the same room. */
  reply: PostId.optional(),
  /** What somebody does, told in the third person: `/me`. */
  action: z.literal(true).optional(),
});
export type Post = z.infer<typeof Post>;

/** Replaces the text of a post of one's own. The newest edit counts. */
export const EditPost = z.strictObject({
  type: z.literal('editPost'),
  ...numbered,
  room: RoomId,
  post: PostId,
  text: PostText,
});

/** Takes a post of one's own back: its text is shown to nobody any longer. Final. */
export const DeletePost = z.strictObject({
  type: z.literal('deletePost'),
  ...numbered,
  room: RoomId,
  post: PostId,
});

/** Puts an emoji under a post, or takes one's own away again. Doing either twice changes nothing. */
export const React = z.strictObject({
  type: z.literal('react'),
  ...numbered,
  room: RoomId,
  post: PostId,
  emoji: Emoji,
  on: z.boolean(),
});

/** Creates a room and joins it. The room's id is `roomIdOf` of this request. */
export const CreateRoom = z.strictObject({
  type: z.literal('createRoom'),
  ...numbered,
  name: RoomName,
  topic: Topic.optional(),
});

/** Joins a room by its shown name. Joining twice is stored, and changes nothing. */
export const JoinRoom = z.strictObject({
  type: z.literal('joinRoom'),
  ...numbered,
  name: ShownRoomName,
});

export const LeaveRoom = z.strictObject({
  type: z.literal('leaveRoom'),
  ...numbered,
  room: RoomId,
});

export const SetTopic = z.strictObject({
  type: z.literal('setTopic'),
  ...numbered,
  room: RoomId,
  topic: Topic,
});

/**
 * Opens the conversation of this account and another, or of this account alone: a room that exists for these two, whose
 * id is `directRoomIdOf` of them. Opening it twice is stored, and changes nothing.
 */
export const OpenDirect = z.strictObject({
  type: z.literal('openDirect'),
  ...numbered,
  name: ShownUserName,
});

/**
 * Posts of a room: the newest `limit` of those before `before` (or of all), or the oldest `limit` of those after
 * `after`. Both at once are refused. Answered by `page`.
 */
export const History = z.strictObject({
  type: z.literal('history'),
  query: QueryNumber,
  room: RoomId,
  before: Order.optional(),
  after: Order.optional(),
  limit: z.int().min(1).max(PAGE_POSTS_MAX),
});

/**
 * Posts with all these words, newest first, in one room or in all of this account's. Answered by `found`. Either a
 * word or an author is needed.
 */
export const Search = z.strictObject({
  type: z.literal('search'),
  query: QueryNumber,
  /** A word finds what begins with it, a letter by itself only that; `"several in quotes"` stand together. */
  text: z.string().max(SEARCH_CHARS_MAX),
  room: RoomId.optional(),
  /** A name. */
  author: z
    .string()
    .min(1)
    .max(USER_NAME_CHARS_MAX + 5)
    .optional(),
  /** Milliseconds since 1970: from the first on, and before the second. */
  fromMs: TimeMs.optional(),
  untilMs: TimeMs.optional(),
  /** Only what is older than that place. */
  before: Order.optional(),
  limit: z.int().min(1).max(FOUND_POSTS_MAX),
});

/** Every room of the server. Answered by `rooms`. */
export const ListRooms = z.strictObject({ type: z.literal('listRooms'), query: QueryNumber });

/** The members of a room and whether each is here. Answered by `people`. */
export const Who = z.strictObject({ type: z.literal('who'), query: QueryNumber, room: RoomId });

/** Somebody writes in a room: told to those in it, kept nowhere. Not answered. Every few seconds is enough. */
export const Typing = z.strictObject({ type: z.literal('typing'), room: RoomId });

/** Somebody sits at this connection from now on, or nobody does. Not answered. */
export const Presence = z.strictObject({
  type: z.literal('presence'),
  state: z.enum(['here', 'idle']),
});

/** Somebody has read a room up to a place. Not answered. Every few seconds is enough, and where it is news. */
export const Read = z.strictObject({ type: z.literal('read'), room: RoomId, order: Order });
export type Read = z.infer<typeof Read>;

export const Signal = z.discriminatedUnion('type', [Typing, Presence, Read]);
export type Signal = z.infer<typeof Signal>;

/** Answered by `pong` at once; no sign-in needed. A leader that does not answer is frozen. */
export const Ping = z.strictObject({ type: z.literal('ping'), query: QueryNumber });

/** What this server knows of the cluster. Answered by `status`; no sign-in needed. */
export const StatusQuery = z.strictObject({ type: z.literal('status'), query: QueryNumber });

export const NumberedRequest = z.discriminatedUnion('type', [
  Post,
  EditPost,
  DeletePost,
  React,
  CreateRoom,
  JoinRoom,
  LeaveRoom,
  SetTopic,
  OpenDirect,
]);
export type NumberedRequest = z.infer<typeof NumberedRequest>;

export const Query = z.discriminatedUnion('type', [
  History,
  Search,
  ListRooms,
  Who,
  Ping,
  StatusQuery,
]);
export type Query = z.infer<typeof Query>;
export type Search = z.infer<typeof Search>;

export const ClientMessage = z.discriminatedUnion('type', [
  SignIn,
  Prove,
  Post,
  EditPost,
  DeletePost,
  React,
  CreateRoom,
  JoinRoom,
  LeaveRoom,
  SetTopic,
  OpenDirect,
  History,
  Search,
  ListRooms,
  Who,
  Ping,
  StatusQuery,
  Typing,
  Presence,
  Read,
]);
export type ClientMessage = z.infer<typeof ClientMessage>;
