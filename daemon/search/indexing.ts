// Fills the search index behind the room: a little each tick, for as long as that takes, and never in the transaction
// of an acknowledgement.
import { bodyOf } from '../chat/bodies.ts';
import { type Entry, orderOf } from '../ring/entry.ts';
import type { Store } from '../store/store.ts';
import type { SearchIndex } from './search-index.ts';

/** Work of one tick: a twelfth of the time between two. */
const TICK_MS_MAX = 2;
/** Entries read at once: the clock is looked at after each. */
const CHUNK_ENTRIES = 50;
const CHUNK_BYTES = 128 * 1024;
const PRUNED_PER_TICK = 100;

export type Indexing = Readonly<{
  tick(): void;
  /** Whether everything held is in. */
  isComplete(): boolean;
}>;

/**
 * @param prunedBelowMs posts of an earlier hybrid time are pruned
 * @param onFailed the index cannot be written: it is left as it is, and the chat goes on without
 */
export function createIndexing(parts: {
  store: Pick<Store, 'digest' | 'readStream'>;
  index: SearchIndex;
  prunedBelowMs: () => number;
  nowMs: () => number;
  onFailed: (error: Error) => void;
}): Indexing {
  const { store, index, nowMs } = parts;
  const indexed = index.indexed();
  let failed = false;

  /** The stream that lacks entries in the index; null when none does. */
  function lagging(): { stream: string; after: number } | null {
    for (const [stream, last] of store.digest()) {
      const after = indexed.get(stream) ?? 0;
      if (after < last && !stuck.has(stream)) return { stream, after };
    }
    return null;
  }

  /** Streams whose next entry is damaged: tried again after a while. */
  const stuck = new Map<string, number>();

  function fillChunk({ stream, after }: { stream: string; after: number }): void {
    const read = { stream, after, limit: CHUNK_ENTRIES, bytesMax: CHUNK_BYTES };
    const entries = store.readStream(read);
    const last = entries.at(-1);
    if (!last) {
      stuck.set(stream, nowMs());
      return;
    }
    index.transact(() => {
      for (const entry of entries) take(entry);
      index.setIndexed(stream, last.sequence);
    });
    indexed.set(stream, last.sequence);
  }

  function take(entry: Entry): void {
    const body = bodyOf(entry);
    const place = orderOf(entry);
    if (body?.t === 'edit') index.edit(body.p, place, body.x);
    else if (body?.t === 'delete') index.edit(body.p, place, null);
    if (body?.t !== 'post') return;
    const { q: id, r: room, u: account, x: text } = body;
    index.add({ id, place, timeMs: entry.hlcMs, room, account, text });
  }

  function work(): void {
    const endMs = nowMs() + TICK_MS_MAX;
    for (const [stream, sinceMs] of stuck) if (nowMs() - sinceMs > 10_000) stuck.delete(stream);
    do {
      const behind = lagging();
      if (!behind) break;
      fillChunk(behind);
    } while (nowMs() < endMs);
    const belowMs = parts.prunedBelowMs();
    if (belowMs > 0) index.transact(() => index.prune(belowMs, PRUNED_PER_TICK));
  }

  return {
    tick: () => {
      if (failed) return;
      try {
        work();
      } catch (error) {
        failed = true;
        parts.onFailed(error as Error);
      }
    },
    isComplete: () => !failed && lagging() === null,
  };
}
