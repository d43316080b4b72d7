// What the shell needs of a disk. Calls are synchronous: a turn of the daemon's loop never awaits. What
// is written between `begin` and `commit` is on the disk when `commit` returns, or not there at all. An entry
// that is damaged on the disk is never given to anyone: it counts as held, and waits to be repaired.
import type { Digest, Entry, StreamId } from '../ring/entry.ts';
import type { DamagedEntry } from './damage.ts';

/** Kept apart from the entries: what the ring must not forget in a crash. */
export type RingRecord = Readonly<{
  /** 16 hex digits, made when the data directory was empty. */
  incarnation: string;
  installedTerm: number;
  promisedTerm: number;
}>;

/** What of an entry the history pages and repeats are looked up by; the chat derives it from the body. */
export type EntryIndex = Readonly<{
  kind: 'post' | 'pruned' | 'other';
  /** Room of a post; null for other entries. */
  room: string | null;
  /** Id of the request that made it, `session/number`; null where there was none. */
  requestId: string | null;
}>;

export type PostsQuery = Readonly<{
  room: string;
  before: string | null;
  after?: string;
  limit: number;
  /** The oldest `limit` in place of the newest. */
  oldest?: boolean;
}>;

/** How an entry is to be found again, by its body. */
export type IndexOf = (entry: Entry) => EntryIndex;

export type StoredEntry = Readonly<{ entry: Entry; order: string; index: EntryIndex }>;

export interface Store {
  /** What was last saved; a new incarnation and zeros in an empty directory. */
  ringRecord(): RingRecord;
  digest(): Map<StreamId, number>;
  /** Entries held, and among them posts that are shown (hidden duplicates not counted). */
  counts(): { entries: number; posts: number };
  /** Sum modulo 2^256 of the SHA-256 of every entry held, 64 hex digits; kept incrementally. */
  historyHash(): string;

  /** The highest hybrid time of any entry held; zeros when there is none. Kept like the hash. */
  highestTime(): { ms: number; counter: number };

  begin(): void;
  /** @throws StoreError when the disk does not take it; nothing of the transaction is then kept. */
  commit(): void;
  saveRingRecord(record: Pick<RingRecord, 'installedTerm' | 'promisedTerm'>): void;
  /** Adds an entry. Its sequence must be the next of its stream. */
  append(stored: StoredEntry): void;
  /** Counts the next of a stream as held though nobody who was asked could read it: damaged from the start. */
  leaveHole(hole: DamagedEntry): void;
  /** Keeps what a leader held when it installed its view: what a cursor of that stream stands for. */
  saveBase(stream: StreamId, base: Digest): void;

  /**
   * Replaces the bodies of posts whose place is below `below`, a few at a time and each for good: call it in
   * a transaction until it gives 0.
   * @param limit most entries to look at, so that a turn stays short
   * @param replace the body that an entry is left with
   * @returns how many entries were looked at
   */
  prune(query: { below: string; limit: number; replace: (entry: Entry) => string }): number;
  /** Whether `prune` would find a post. */
  hasPrunable(below: string): boolean;
  /** When each server was last known to be in sync, wall clock in milliseconds, as `saveSeen` left it. */
  seen(): ReadonlyMap<string, number>;
  saveSeen(seen: ReadonlyMap<string, number>): void;

  /** The base that was saved last, and its stream; null when there is none. */
  newestBase(): Readonly<{ stream: StreamId; digest: Digest }> | null;
  /** The base of a stream, or null when it is not known here. */
  base(stream: StreamId): Digest | null;

  /** Entries that were found damaged and are not repaired yet. */
  damaged(): readonly DamagedEntry[];
  /** Notes that nobody who can be asked has an intact copy of a damaged entry. */
  noteLost(stream: StreamId, sequence: number): void;
  /**
   * Puts an intact copy in place of an entry that is held.
   * @param pruned the body that it is left with when it was pruned here already
   * @returns whether somebody was given a page without it
   */
  repair(stored: StoredEntry, pruned: (entry: Entry) => string): { leftOut: boolean };
  /**
   * Looks at the next `limit` entries, from where the last call ended, so that damage is found while others
   * have a copy.
   * @returns whether the end was reached: the next call begins anew; and entries that are sound, but are not
   *   found where they belong: to be repaired with what is given
   */
  scrub(limit: number, indexOf: IndexOf): { ended: boolean; misfiled: readonly StoredEntry[] };
  /** One entry; null when it is not held, or damaged. */
  readEntry(stream: StreamId, sequence: number): Entry | null;
  /**
   * Entries of one stream, ascending, up to the first that is damaged.
   * @param after sequence before the first one wanted, 0 for the start
   * @param limit most entries; `bytesMax` most bytes of bodies (at least one entry is given)
   */
  readStream(query: { stream: StreamId; after: number; limit: number; bytesMax: number }): Entry[];
  /** Every entry that is not a post, in no particular order: what the fold is restored from. */
  readOthers(): Iterable<Entry>;
  /**
   * Posts of a room that are shown, the newest `limit` before `before` (or of all), oldest first. Of two
   * posts of one request only the lower in the order is given.
   * @param after only what is above this place
   */
  readPosts(query: PostsQuery): Entry[];
  /** Order of the newest post of a room; null when it has none. */
  latestOrder(room: string): string | null;
  /** The entry that counts for a request: the lowest in the order; null when there is none, or it is damaged. */
  findRequest(requestId: string): Entry | null;
  /** The place of that entry, damaged or not; null when there is none. */
  firstPlace(requestId: string): string | null;
  /** Highest number stored of a session; 0 when none. */
  highestNumber(sessionId: string): number;
  close(): void;
}

/** The disk failed, is full, or holds something that is not ours. */
export class StoreError extends Error {
  override name = 'StoreError';
  readonly code: 'full' | 'failed' | 'damaged' | 'locked' | 'newer';
  constructor(code: StoreError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
