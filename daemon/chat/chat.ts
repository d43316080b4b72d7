// The chat core, seen from outside: signs people in, checks what they ask, turns it into entries for the ring, folds
// entries into rooms and names, and says who is to hear of what. Sans I/O: it knows connections as
// numbers and the disk as a reader; no clock, no randomness, no sockets.
import type { Cluster } from '../../lib/client/api.ts';
import type { RefusalCode } from '../../lib/protocol/refusals.ts';
import type { ClientMessage } from '../../lib/protocol/requests.ts';
import type { Entry, StreamId } from '../ring/entry.ts';
import type { Coverage, Reach } from '../search/indexing.ts';
import type { SearchQuery } from '../search/search-index.ts';
import type { EntryIndex, Store } from '../store/store.ts';
import type { ChatQueues } from './queues.ts';

/** What the chat reads of the disk. */
export type ChatReader = Pick<
  Store,
  | 'readPosts'
  | 'latestOrder'
  | 'findRequest'
  | 'firstPlace'
  | 'highestNumber'
  | 'readStream'
  | 'base'
  | 'digest'
  | 'damaged'
>;

/** Posts by their words. It may lag behind what is stored, and name posts that are not shown (any longer). */
export type PostSearch = Readonly<{
  /** @returns ids of posts, newest first; null when nothing can be looked for now */
  find(query: SearchQuery): readonly string[] | null;
  /** How far everything stored reaches now: for `covers`. */
  reach(): Reach;
  /** Whether everything up to there can be found. */
  covers(reach: Reach): Coverage;
}>;

/** What a hybrid time looks like in a stamp. */
export type HybridTime = Readonly<{ ms: number; counter: number }>;

/** Functions that need a key: given by the shell. */
export type ChatSecrets = Readonly<{
  /** A stamp that only this cluster can make, for the time given. */
  sealStamp(time: HybridTime): string;
  /** The time in a stamp; null when the stamp is not ours. */
  openStamp(stamp: string): HybridTime | null;
  /** Ed25519. Key and signature as base64url; false also for malformed ones. */
  verify(key: string, text: string, signature: string): boolean;
}>;

export type ChatInput =
  | Readonly<{ type: 'opened'; connection: number; nonce: string }>
  | Readonly<{ type: 'message'; connection: number; message: ClientMessage }>
  /** A numbered request that fits no schema: refused here, so that answers keep the order of numbers. */
  | Readonly<{ type: 'badRequest'; connection: number; number: number; reason: string }>
  | Readonly<{ type: 'closed'; connection: number }>
  /** The entry has just been added to this server's log: made here because it was `asked` for, replicated or merged. */
  | Readonly<{ type: 'added'; entry: Entry; asked: boolean }>
  /** A damaged entry is as it was; `leftOut`: somebody was given a page without it. */
  | Readonly<{ type: 'repaired'; entry: Entry; leftOut: boolean }>
  /** The ring took, or did not take, what an `append` output asked for. */
  | Readonly<{ type: 'notTaken'; connection: number; requestId: string | null }>
  /**
   * This server leads from now on, in a stream of its own: everything held is on disk on every in-sync
   * server, and may be shown. Also given when a leading server installs its next view.
   */
  | Readonly<{ type: 'leading'; stream: StreamId; cluster: Cluster }>
  /** This leader changes its view: what is asked meanwhile is held until it leads on, or does not. */
  | Readonly<{ type: 'pausing' }>
  /** This server does not lead (any more); `cluster.leader` is who does, if known. */
  | Readonly<{ type: 'following'; cluster: Cluster; reason: string }>
  /** Something else in the cluster's picture changed (a server down, another joining). */
  | Readonly<{ type: 'cluster'; cluster: Cluster }>
  /** Entries of the present stream up to `sequence` are on disk on all `copies` in-sync servers. */
  | Readonly<{ type: 'committed'; sequence: number; copies: number }>
  /** A leader's list of the accounts that are here, kept in case this server leads next. */
  | Readonly<{ type: 'presenceHeard'; accounts: readonly string[]; idle: readonly string[] }>
  | Readonly<{ type: 'tick' }>
  /** A turn for what `wantsTurn` is about. */
  | Readonly<{ type: 'goOn' }>;

/** Every input is stamped by the shell. `nowMs` is monotonic. */
export type Stamped<T> = T & Readonly<{ nowMs: number }>;

export type ChatOutput =
  /** One line for one connection, its line feed included. */
  | Readonly<{ type: 'send'; connection: number; frame: string }>
  /** The same line for many: encoded once. `mayWait`: for a moment, and for the next line to the same connection. */
  | Readonly<{
      type: 'sendAll';
      connections: readonly number[];
      frame: string;
      mayWait: boolean;
    }>
  /** Send what is pending, then close. */
  | Readonly<{ type: 'close'; connection: number; code: RefusalCode }>
  /** Ask the ring for an entry, stamped above `above`. Answered in the same turn by `added` or `notTaken`. */
  | Readonly<{
      type: 'append';
      connection: number;
      requestId: string | null;
      body: string;
      above: HybridTime | null;
    }>
  /** Ask the ring for an entry of nobody's request. `added` follows, or nothing where the ring does not take it. */
  | Readonly<{ type: 'note'; body: string }>
  /** Somebody waits for an entry from outside the view: ask the ring to begin one that shows it. */
  | Readonly<{ type: 'showSoon' }>
  /** Tell the followers who is here. */
  | Readonly<{ type: 'sharePresence'; accounts: readonly string[]; idle: readonly string[] }>;

export type ChatCounts = Readonly<{
  connections: number;
  signedIn: number;
  accounts: number;
  rooms: number;
}>;

export interface Chat {
  /** Takes one input, changes the chat's state, and gives what the shell must carry out, in order. */
  step(input: Stamped<ChatInput>): ChatOutput[];
  /** How an entry is found again; malformed bodies give `other` without ids. Pure. */
  indexOf(entry: Entry): EntryIndex;
  /** Whether there is more to do at once, which is put off for the sake of everything else. */
  wantsTurn(): boolean;
  counts(): ChatCounts;
  queues(): ChatQueues;
  /** SHA-256 (hex) of the folded state: equal on two servers that hold the same entries. */
  stateHash(): string;
  /** Posts of a hybrid time below this, milliseconds, are to be pruned; 0 for none. */
  prunedBelowMs(): number;
  /** When each server that was forgotten was, wall clock in milliseconds. */
  forgottenMs(): ReadonlyMap<string, number>;
}

export { createChat } from './chat-core.ts';
