// What the screen and the headless commands see of the client core. Implemented by lib/client/client.ts.
import type * as z from 'zod';
import type {
  HistoryPost,
  MemberEvent,
  Person,
  PostEvent,
  PresenceEvent,
  Renamed,
  RoomSummary,
  ServerAddress,
  ServerStatus,
  SignedIn,
  StatusReply,
  TypingEvent,
} from '../protocol/events.ts';
import type { RefusalCode } from '../protocol/refusals.ts';

/** A summary of the room as the protocol sends it. */
export type Room = z.infer<typeof RoomSummary>;
export type Cluster = Readonly<{
  term: number;
  leader: ServerAddress | null;
  servers: readonly ServerStatus[];
  /** Copies that a message acknowledged now has, and the least that this cluster demands. */
  copies: number;
  copiesMin: number;
}>;

/** One address that was tried, and what came of it, in words: `connection refused`, `no answer`. */
export type Tried = Readonly<{ address: string; result: string }>;

/**
 * Where the connection stands; the table "The connection, as the user sees it". Times are milliseconds
 * of the client's clock (`Clock.nowMs`), so that the screen can count on by itself.
 */
export type ConnectionState =
  /** The first attempt since the start is under way. */
  | Readonly<{ type: 'connecting' }>
  | Readonly<{ type: 'connected'; roundTripMs: number | null }>
  /** The leader closed, or is silent to pings; `lostMs`: when it was last heard. */
  | Readonly<{ type: 'leaderLost'; server: string | null; lostMs: number }>
  /** A server answers, and says that nobody leads yet. */
  | Readonly<{ type: 'electing'; term: number; lostMs: number }>
  | Readonly<{
      type: 'reconnecting';
      /** Each known address, and what came of it last. */
      tried?: readonly Tried[];
      attempt: number;
      nextAttemptMs: number;
      server: string | null;
      lostMs: number;
    }>
  | Readonly<{ type: 'resending'; done: number; total: number; lostMs: number }>
  /** No server answers: after every known address was tried without one. Attempts go on. */
  | Readonly<{
      type: 'noServer';
      tried: readonly Tried[];
      attempt: number;
      nextAttemptMs: number;
      lostMs: number;
    }>
  /** Attempts ended: the sign-in was refused (a name taken, say). `signInAs` begins again. */
  | Readonly<{ type: 'refused'; code: RefusalCode; reason: string }>
  | Readonly<{ type: 'closed' }>;

/** A request that has a number: kept on disk until it is answered. */
export type OutboxItem = Readonly<{
  number: number;
  /** `session/number`: the id the post will have. Empty until the first sign-in told the account. */
  id: string;
  state: 'queued' | 'sent';
  request:
    | Readonly<{
        type: 'post';
        room: string;
        text: string;
        /** The id of the post that is answered. */
        reply?: string | undefined;
        action?: true | undefined;
      }>
    | Readonly<{ type: 'editPost'; room: string; post: string; text: string }>
    | Readonly<{ type: 'deletePost'; room: string; post: string }>
    | Readonly<{ type: 'react'; room: string; post: string; emoji: string; on: boolean }>
    | Readonly<{ type: 'createRoom'; name: string; topic?: string | undefined }>
    | Readonly<{ type: 'joinRoom'; name: string }>
    | Readonly<{ type: 'leaveRoom'; room: string }>
    | Readonly<{ type: 'setTopic'; room: string; topic: string }>
    | Readonly<{ type: 'openDirect'; name: string }>;
}>;

export type Answer =
  | Readonly<{
      type: 'stored';
      number: number;
      id: string;
      time: number;
      order: string;
      copies: number;
      room?: Room | undefined;
    }>
  | Readonly<{ type: 'refused'; number: number; code: RefusalCode; reason: string }>;

export type ClientEvent =
  | Readonly<{ type: 'connection'; state: ConnectionState }>
  /** After every sign-in, the first and each resumption. */
  | Readonly<{
      type: 'signedIn';
      account: string;
      name: string;
      server: string;
      /** Posts of an earlier hybrid time, milliseconds since 1970, are pruned; 0 when none are. */
      prunedBelow: number;
      /** The server has not all that was seen here. */
      lacks: boolean;
      rooms: readonly Room[];
      /** How far this account has read, on whatever device: see `SignedIn`. */
      reads: SignedIn['reads'];
    }>
  | Readonly<{ type: 'cluster'; cluster: Cluster }>
  /** A failover ended: `tookMs` from the loss to the sign-in, `resent` requests were sent again. */
  | Readonly<{ type: 'recovered'; tookMs: number; leader: string; resent: number }>
  /** A post in a room of this account: each post once, even over a resumption. */
  | Readonly<{ type: 'post'; post: z.infer<typeof PostEvent> }>
  /**
   * A post that was shown, or answered, belongs further up, and is there as it is now: it was stored on two sides of a
   * split, which are one again.
   */
  | Readonly<{ type: 'moved'; post: z.infer<typeof HistoryPost> }>
  /** A post was edited, deleted, or reacted to: as it is now. */
  | Readonly<{ type: 'changed'; post: z.infer<typeof HistoryPost> }>
  | Readonly<{ type: 'member'; member: z.infer<typeof MemberEvent> }>
  | Readonly<{ type: 'room'; room: Room }>
  | Readonly<{ type: 'presence'; presence: z.infer<typeof PresenceEvent> }>
  | Readonly<{ type: 'typing'; typing: z.infer<typeof TypingEvent> }>
  /** This account has read a room up to there, at another device. */
  | Readonly<{ type: 'read'; room: string; order: string }>
  | Readonly<{ type: 'renamed'; renamed: z.infer<typeof Renamed> }>
  /** Too much was missed to be sent: histories on the screen may have holes; ask for pages again. */
  | Readonly<{ type: 'reset' }>
  /** The outbox changed: all that is not answered yet, in order. */
  | Readonly<{ type: 'outbox'; items: readonly OutboxItem[] }>
  | Readonly<{ type: 'answer'; answer: Answer; item: OutboxItem }>;

export type HistoryPage = Readonly<{
  posts: readonly z.infer<typeof HistoryPost>[];
  more: boolean;
}>;

/** Which posts of a room: see `History` in lib/protocol/requests.ts. */
export type HistoryRequest = Readonly<{ room: string; limit: number }> &
  (
    | Readonly<{ before?: string; after?: undefined }>
    | Readonly<{ after: string; before?: undefined }>
  );

/** What to search for: see `Search` in lib/protocol/requests.ts. */
export type SearchRequest = Readonly<{
  text: string;
  room?: string;
  author?: string;
  fromMs?: number;
  untilMs?: number;
  before?: string;
  limit: number;
}>;

export type Found = Readonly<{
  /** Newest first. */
  posts: readonly z.infer<typeof HistoryPost>[];
  more: boolean;
  /** False while the server still reads its history for the first time. */
  complete: boolean;
}>;

/** A query got no answer: the connection was lost (`connection-lost`) or the server refused it. */
export class QueryError extends Error {
  override name = 'QueryError';
  readonly code: RefusalCode | 'connection-lost';
  constructor(code: QueryError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A chat client that keeps talking: finds the leader, signs in, resumes, and loses nothing it was given. */
export interface ChatClient {
  readonly connection: ConnectionState;
  readonly outbox: readonly OutboxItem[];
  /** @returns a function that ends the subscription */
  subscribe(listener: (event: ClientEvent) => void): () => void;
  /**
   * Puts a request into the outbox, where it stays, on disk, until it is answered. Requests are sent in
   * the order of their calls, over failovers, each stored once.
   * @returns its item; the `answer` event of that number follows
   */
  request(request: OutboxItem['request']): OutboxItem;
  /** Takes a queued request back, before it was sent. @returns false when it was sent already */
  cancel(number: number): boolean;
  /** The newest posts, the newest before a place, or the oldest after one. */
  history(query: HistoryRequest): Promise<HistoryPage>;
  search(query: SearchRequest): Promise<Found>;
  rooms(): Promise<readonly Room[]>;
  people(room: string): Promise<readonly Person[]>;
  status(): Promise<z.infer<typeof StatusReply>>;
  /** Tells those in a room that one writes there; nothing where there is no connection. */
  typing(room: string): void;
  /** The user has read a room up to there: told where it is news, and to the account's other devices. */
  read(room: string, order: string): void;
  /** Whether somebody sits here; told again after every sign-in. */
  setIdle(isIdle: boolean): void;
  /** Ends the wait between two attempts. */
  retryNow(): void;
  /** Signs in under another name with the same key (a new session; the outbox must be empty). */
  signInAs(name: string): void;
  close(): Promise<void>;
}
