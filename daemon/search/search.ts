// Searching as the daemon has it: the index, the thread that writes it, and the reading that fills it. All of it is
// derived, so nothing that befalls it may end the daemon: an index that cannot be read or written is given up, and made
// anew from the history after a while.
import type { StreamId } from '../ring/entry.ts';
import type { Store } from '../store/store.ts';
import type { IndexWriter } from './index-changes.ts';
import { type Coverage, createIndexing, type Indexing, type Reach } from './indexing.ts';
import type { SearchIndex, SearchQuery } from './search-index.ts';

/** From a failure to an index made anew, doubling up to an hour: a disk that is full stays so for a while. */
const ANEW_MS_MIN = 10_000;
const ANEW_MS_MAX = 3_600_000;

/**
 * A server that has just started joins the others while they serve, perhaps on the same processors and the same disk:
 * the index is filled after that. People waited for up to 36 ms while a server joined, and for up to 64 when it filled
 * its index meanwhile (30 starts each).
 */
export const FILLED_AFTER_MS = 3_000;

/** For so long after a search the index is filled though much is said: whoever searched may ask again. */
const WANTED_MS = 5_000;

export type Search = Readonly<{
  /** @returns ids of posts, newest first; null while there is no index that can be read */
  find(query: SearchQuery): readonly string[] | null;
  /** How far everything held reaches now: for `covers`. What is little is put in at once. */
  reach(): Reach;
  /** Whether everything up to there is found. */
  covers(reach: Reach): Coverage;
  /** Entries that the index has not been given yet; 0 where there is none. */
  lackCount(): number;
  /** Whether somebody searched a moment ago. */
  isWanted(): boolean;
  /** @param isCalm whether the index is filled: people do not wait for anything else */
  tick(isCalm: boolean): void;
  close(): Promise<void>;
}>;

/** What of the index is needed to ask it. */
type Index = Pick<SearchIndex, 'find' | 'close'> &
  Readonly<{ indexed(): ReadonlyMap<StreamId, number> }>;
type Writer = IndexWriter & Readonly<{ close(): Promise<void> }>;
type Present = Readonly<{ index: Index; writer: Writer; indexing: Indexing }>;

export type SearchParts = Readonly<{
  /** @param isAnew whether what there is of it is thrown away first. May throw. */
  openIndex(isAnew: boolean): Index;
  /** Starts whoever writes it. @param onFailed is called once, when it cannot be written any longer */
  startWriter(onFailed: (error: Error) => void): Writer;
  store: Pick<Store, 'digest' | 'readStream'>;
  prunedBelowMs(): number;
  nowMs(): number;
  warn(error: Error, text: string): void;
}>;

/** Starts searching. Throws nothing: without an index nothing is found, until there is one. */
export function startSearch(parts: SearchParts): Search {
  return new HealingSearch(parts);
}

class HealingSearch implements Search {
  private readonly parts: SearchParts;
  private present: Present | null = null;
  /** The last index, being closed: its file is not touched meanwhile. */
  private closing: Promise<void> = Promise.resolve();
  private isClosed = true;
  private isOver = false;
  private filledFromMs: number;
  private askedMs = Number.NEGATIVE_INFINITY;
  private anewMs = Number.POSITIVE_INFINITY;
  private patienceMs = ANEW_MS_MIN;

  constructor(parts: SearchParts) {
    this.parts = parts;
    this.filledFromMs = parts.nowMs() + FILLED_AFTER_MS;
    this.open(false);
  }

  find(query: SearchQuery): readonly string[] | null {
    try {
      return this.present?.index.find(query) ?? null;
    } catch (error) {
      if (isOfQuery(error)) this.parts.warn(error, 'a search that the index does not understand');
      else this.giveUp(error);
      return null;
    }
  }

  lackCount(): number {
    return this.present?.indexing.lackCount() ?? 0;
  }

  isWanted(): boolean {
    return this.parts.nowMs() - this.askedMs < WANTED_MS;
  }

  reach(): Reach {
    // Somebody wants it: it is filled from now on.
    this.askedMs = this.parts.nowMs();
    this.filledFromMs = Math.min(this.filledFromMs, this.askedMs);
    this.present?.indexing.hurry();
    return this.present?.indexing.reach() ?? new Map();
  }

  covers(reach: Reach): Coverage {
    return this.present?.indexing.covers(reach) ?? 'later';
  }

  tick(isCalm: boolean): void {
    const nowMs = this.parts.nowMs();
    if (isCalm && nowMs >= this.filledFromMs) this.present?.indexing.tick();
    if (this.present || !this.isClosed || nowMs < this.anewMs) return;
    this.open(true);
  }

  private open(isAnew: boolean): void {
    const { store, prunedBelowMs, nowMs } = this.parts;
    let index: Index | null = null;
    try {
      index = this.parts.openIndex(isAnew);
      const indexed = index.indexed();
      const writer = startedWhenNeeded(this.parts.startWriter, (error) => {
        if (this.present?.writer === writer) this.giveUp(error);
      });
      const indexing = createIndexing({ store, prunedBelowMs, indexed, writer, nowMs });
      this.present = { index, writer, indexing };
      this.isClosed = false;
    } catch (error) {
      closeQuietly(index);
      this.waitAfter(error);
    }
  }

  private giveUp(error: unknown): void {
    const { present } = this;
    if (!present || this.isOver) return;
    this.present = null;
    this.closing = closeAll(present).finally(() => {
      this.isClosed = true;
    });
    this.waitAfter(error);
  }

  private waitAfter(error: unknown): void {
    const seconds = Math.round(this.patienceMs / 1_000);
    const text = `nothing is found by searching here: the index is made anew in ${seconds} s`;
    this.parts.warn(error instanceof Error ? error : new Error(String(error)), text);
    this.anewMs = this.parts.nowMs() + this.patienceMs;
    this.patienceMs = Math.min(ANEW_MS_MAX, this.patienceMs * 2);
  }

  async close(): Promise<void> {
    this.isOver = true;
    this.anewMs = Number.POSITIVE_INFINITY;
    const { present } = this;
    this.present = null;
    if (present) await closeAll(present);
    await this.closing;
  }
}

/** Until something is to be written there is no thread for it. */
function startedWhenNeeded(
  start: SearchParts['startWriter'],
  onFailed: (error: unknown) => void,
): Writer {
  let started: Writer | null = null;
  let isOver = false;
  return {
    write: (batch, onWritten) => {
      if (isOver) return;
      try {
        started ??= start(onFailed);
      } catch (error) {
        isOver = true;
        return onFailed(error);
      }
      started.write(batch, onWritten);
    },
    close: async () => {
      isOver = true;
      await started?.close();
    },
  };
}

/** SQLITE_ERROR: what was asked is wrong, and nothing with the index. No query of ours is, as far as we know. */
function isOfQuery(error: unknown): error is Error {
  return error instanceof Error && 'errcode' in error && error.errcode === 1;
}

async function closeAll({ index, writer }: Present): Promise<void> {
  await writer.close();
  closeQuietly(index);
}

function closeQuietly(index: Index | null): void {
  try {
    index?.close();
  } catch {
    // It is given up: what it could not write is made anew.
  }
}
