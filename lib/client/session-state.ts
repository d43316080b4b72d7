// What the client's core keeps, what goes in and what comes out. Mutable, owned by session.ts and its parts.
import type * as z from 'zod';
import type { ServerAddress, ServerMessage, ServerStatus, Welcome } from '../protocol/events.ts';
import type { ClientMessage, Query } from '../protocol/requests.ts';
import type { ClientEvent, ConnectionState, OutboxItem, QueryError } from './api.ts';
import type { Pending } from './outbox.ts';
import type { RecentPosts } from './recent.ts';

/** One address that a server may answer at. */
export type Target = {
  address: string;
  /** Id of the server there, once it was told. */
  id: string | null;
  nextTryMs: number;
  /** Since it last greeted. */
  failures: number;
  failedMs: number;
  /** What came of the last try, in words. */
  result: string;
};

/** One connection, from the attempt on. */
export type Link = {
  number: number;
  address: string;
  openedMs: number;
  heardMs: number;
  welcome: z.infer<typeof Welcome> | null;
  /** A `prove` was sent on it, and not refused. */
  isProved: boolean;
  /** Over its nonce; null until somebody is to sign in there. */
  signature: string | null;
  /** Id of the leader it last named; null for none. */
  leader: string | null;
  /** When a sign-in was sent that is not answered yet. */
  signInMs: number | null;
  /** That sign-in went to a server that is not known to lead: another one's word comes first. */
  isAhead: boolean;
  polledMs: number;
  /** The last numbered request that was sent on it; 0 for none. */
  sentNumber: number;
  /** The server's last words. */
  closing: string | null;
};

export type Account = { name: string; account: string; seed: string };

/** Signs a text with the user's key. */
export type Signer = Readonly<{ key: string; sign(text: string): string }>;

export type Session = {
  signer: Signer;
  self: Account;
  phase: 'searching' | 'signedIn' | 'refused' | 'closed';
  everSignedIn: boolean;
  targets: Map<string, Target>;
  links: Map<number, Link>;
  linksOpened: number;
  /** By id of a server: the last link on which it was signed in to. */
  signInLinks: Map<string, number>;
  active: Link | null;
  /** From when on somebody is to stand by. */
  standbyFromMs: number;
  /** The servers of the present view. */
  servers: readonly ServerStatus[];
  /** Who leads instead, as the server of the link `link` says: the leader must prove that it lives. */
  rival: { link: number; leader: ServerAddress; term: number } | null;
  /** Id of the leader that was last signed in to. */
  server: string | null;
  /** When the leader was last heard, or the search began. */
  lostMs: number;
  term: number;
  roundTripMs: number | null;
  ping: { query: number; sentMs: number } | null;
  pingedMs: number;
  queries: number;
  /** Queries of the caller that wait for an answer. */
  asked: Set<number>;
  /** Everything not answered yet, in order of the numbers. */
  items: Map<number, OutboxItem>;
  sentCount: number;
  /** Numbers that a recovery still waits for; null outside one. */
  resend: { left: Set<number>; total: number; tookMs: number | null } | null;
  cursor: string | null;
  at: number;
  stamp: string | null;
  isIdle: boolean;
  /** How far the user has read rooms, in this life. */
  reads: Map<string, string>;
  /** Where the posts that were shown last stand. */
  readonly recent: RecentPosts;
  connection: ConnectionState;
  /** When the shell was asked to wake the core. */
  wakeMs: number;
  nowMs: number;
  draw: number;
  outputs: SessionOutput[];
};

export type SessionInput =
  | Readonly<{ type: 'start' }>
  | Readonly<{ type: 'message'; link: number; message: ServerMessage }>
  | Readonly<{ type: 'linkClosed'; link: number; reason: string }>
  | Readonly<{ type: 'request'; item: Pending }>
  | Readonly<{ type: 'cancel'; number: number }>
  | Readonly<{ type: 'query'; number: number; message: Query }>
  | Readonly<{ type: 'typing'; room: string }>
  | Readonly<{ type: 'idle'; isIdle: boolean }>
  | Readonly<{ type: 'read'; room: string; order: string }>
  | Readonly<{ type: 'retryNow' }>
  /** The outbox of the other name, and its session. */
  | Readonly<{
      type: 'signInAs';
      self: Account;
      stamp: string | null;
      pending: readonly Pending[];
    }>
  | Readonly<{ type: 'close' }>
  | Readonly<{ type: 'tick' }>;

/** `nowMs` is monotonic milliseconds, `draw` in [0, 1). */
export type Stamped = SessionInput & Readonly<{ nowMs: number; draw: number }>;

export type SessionOutput =
  | Readonly<{ type: 'open'; link: number; address: string }>
  | Readonly<{ type: 'close'; link: number }>
  | Readonly<{ type: 'send'; link: number; message: ClientMessage }>
  | Readonly<{ type: 'event'; event: ClientEvent }>
  /** The request is answered: the outbox on disk may forget it, and keeps the newest stamp. */
  | Readonly<{ type: 'forget'; number: number; stamp: string | null }>
  | Readonly<{ type: 'outboxChanged' }>
  | Readonly<{ type: 'queryAnswered'; number: number; message: ServerMessage }>
  | Readonly<{ type: 'queryFailed'; number: number; code: QueryError['code']; reason: string }>;

export function emit(session: Session, event: ClientEvent): void {
  session.outputs.push({ type: 'event', event });
}

export function send(session: Session, link: Link, message: ClientMessage): void {
  session.outputs.push({ type: 'send', link: link.number, message });
}
