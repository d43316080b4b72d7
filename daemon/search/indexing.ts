// Fills the search index behind the room: a little each tick, for as long as that takes, and never in the transaction
// of an acknowledgement. Here the history is read; what is read goes to whoever writes the index.
import { readBody } from '../chat/bodies.ts';
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
/** So few entries are in within some ten milliseconds. */
const SOON_ENTRIES = 1_000;
/** Fewer entries than a chunk wait so long for more: each batch costs something by itself. */
const GATHER_MS = 100;
/** Between two looks whether something is to be pruned, when nothing is said. */
const PRUNE_MS = 1_000;
/** A stream whose next entry is damaged is tried again after this. */
const STUCK_MS = 10_000;

/** Of each stream the last entry that counts. */
export type Reach = ReadonlyMap<StreamId, number>;

/** `soon`: all of it is on its way, or so little is not that it is worth waiting for. */
export type Coverage = 'yes' | 'soon' | 'later';

export type Indexing = Readonly<{
  tick(): void;
  /** Entries not given to the writer yet, those behind a damaged one left out. */
  lackCount(): number;
  /** How far everything held reaches now: what `covers` is asked of later. */
  reach(): Reach;
  /** Whether searches find everything up to there, those behind a damaged entry left out. */
  covers(reach: Reach): Coverage;
  /** Puts in at once what is little, for somebody who waits for it. */
  hurry(): void;
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
  /** Written, and so found, up to here. */
  const written = new Map(parts.indexed);
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

  function covers(reach: Reach): Coverage {
    let lacks = 0;
    for (const [stream, last] of reach) {
      if (!stuckSinceMs.has(stream)) lacks += Math.max(0, last - (written.get(stream) ?? 0));
    }
    if (lacks === 0) return 'yes';
    return lacks <= SOON_ENTRIES ? 'soon' : 'later';
  }

  function hurry(): void {
    const behind = lagging();
    if (behind && behind.lacks <= CHUNK_ENTRIES && underway < UNDERWAY_MAX) giveChunk(behind);
  }

  function give(stream: StreamId, sequence: number, changes: readonly IndexChange[]): void {
    underway += 1;
    gaveMs = nowMs();
    writer.write({ stream, sequence, changes, pruneBelowMs: prunedBelowMs() }, () => {
      underway -= 1;
      if (stream !== '') written.set(stream, sequence);
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

  return { tick, lackCount, reach: () => new Map(store.digest()), covers, hurry };
}

function changeOf(entry: Entry): readonly IndexChange[] {
  const body = readBody(entry);
  const place = orderOf(entry);
  if (body?.t === 'edit') return [{ type: 'edit', post: body.p, place, text: body.x }];
  if (body?.t === 'delete') return [{ type: 'edit', post: body.p, place, text: null }];
  if (body?.t !== 'post') return [];
  const { q: id, r: room, u: account, x: text } = body;
  return [{ type: 'post', post: { id, place, timeMs: entry.hlcMs, room, account, text } }];
}
