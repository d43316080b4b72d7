// Fills the search index behind the room: a little each tick, for as long as that takes, and never in the transaction
// of an acknowledgement. Here the history is read; what is read goes to whoever writes the index.
import { bodyOf } from '../chat/bodies.ts';
import { type Entry, orderOf, type StreamId } from '../ring/entry.ts';
import type { Store } from '../store/store.ts';
import type { IndexChange, IndexWriter } from './index-changes.ts';

/** Work of one tick: a twelfth of the time between two. */
const TICK_MS_MAX = 2;
/** Entries read at once: the clock is looked at after each. */
const CHUNK_ENTRIES = 100;
const CHUNK_BYTES = 128 * 1024;
/** Batches that are not written yet; beyond them nothing is read, so that memory stays bounded. */
const UNDERWAY_MAX = 8;
/** Fewer entries than a chunk wait so long for more: each batch costs something by itself. */
const GATHER_MS = 100;
/** Between two looks whether something is to be pruned, when nothing is said. */
const PRUNE_MS = 1_000;
/** A stream whose next entry is damaged is tried again after this. */
const STUCK_MS = 10_000;

export type Indexing = Readonly<{
  tick(): void;
  /** Entries not given to the writer yet, those behind a damaged one left out. */
  lackCount(): number;
  /** Whether everything held is found, but for what was said a moment ago. */
  isComplete(): boolean;
}>;

/**
 * @param indexed how far each stream is in
 * @param prunedBelowMs posts of an earlier hybrid time are pruned
 */
export function createIndexing(parts: {
  store: Pick<Store, 'digest' | 'readStream'>;
  indexed: ReadonlyMap<StreamId, number>;
  writer: IndexWriter;
  prunedBelowMs: () => number;
  nowMs: () => number;
}): Indexing {
  const { store, writer, nowMs, prunedBelowMs } = parts;
  /** Handed to the writer up to here. */
  const given = new Map(parts.indexed);
  const stuckSinceMs = new Map<StreamId, number>();
  let underway = 0;
  let gaveMs = Number.NEGATIVE_INFINITY;

  /** The stream that lacks entries in the index; null when none does. */
  function lagging(): { stream: StreamId; after: number; lacks: number } | null {
    for (const [stream, last] of store.digest()) {
      const after = given.get(stream) ?? 0;
      if (after < last && !stuckSinceMs.has(stream)) return { stream, after, lacks: last - after };
    }
    return null;
  }

  function lackCount(): number {
    let count = 0;
    for (const [stream, last] of store.digest())
      if (!stuckSinceMs.has(stream)) count += last - (given.get(stream) ?? 0);
    return count;
  }

  /** In a busy room something is always on its way: all is found but what was said since the last batch. */
  function isComplete(): boolean {
    const lacks = lackCount();
    if (lacks === 0) return underway === 0;
    return lacks < CHUNK_ENTRIES && underway === 0 && nowMs() - gaveMs < 2 * GATHER_MS;
  }

  function give(stream: StreamId, sequence: number, changes: readonly IndexChange[]): void {
    underway += 1;
    gaveMs = nowMs();
    writer.write({ stream, sequence, changes, pruneBelowMs: prunedBelowMs() }, () => {
      underway -= 1;
    });
  }

  function giveChunk({ stream, after }: { stream: StreamId; after: number }): void {
    const read = { stream, after, limit: CHUNK_ENTRIES, bytesMax: CHUNK_BYTES };
    const entries = store.readStream(read);
    const last = entries.at(-1);
    if (!last) {
      stuckSinceMs.set(stream, nowMs());
      return;
    }
    given.set(stream, last.sequence);
    give(stream, last.sequence, entries.flatMap(changeOf));
  }

  function tick(): void {
    const startMs = nowMs();
    for (const [stream, sinceMs] of stuckSinceMs)
      if (startMs - sinceMs > STUCK_MS) stuckSinceMs.delete(stream);
    do {
      const behind = lagging();
      const isWaiting = behind && behind.lacks < CHUNK_ENTRIES && startMs - gaveMs < GATHER_MS;
      if (!behind || isWaiting || underway >= UNDERWAY_MAX) break;
      giveChunk(behind);
    } while (nowMs() - startMs < TICK_MS_MAX);
    const isPruning = prunedBelowMs() > 0 && startMs - gaveMs >= PRUNE_MS;
    if (isPruning && underway === 0) give('', 0, []);
  }

  return { tick, lackCount, isComplete };
}

function changeOf(entry: Entry): readonly IndexChange[] {
  const body = bodyOf(entry);
  const place = orderOf(entry);
  if (body?.t === 'edit') return [{ type: 'edit', post: body.p, place, text: body.x }];
  if (body?.t === 'delete') return [{ type: 'edit', post: body.p, place, text: null }];
  if (body?.t !== 'post') return [];
  const { q: id, r: room, u: account, x: text } = body;
  return [{ type: 'post', post: { id, place, timeMs: entry.hlcMs, room, account, text } }];
}
