// What resumptions read of the disk. After a failover thousands of clients ask for nearly the same at once: it is read,
// and its bodies are parsed, once for all of them, and kept for as long as they go on asking.
import { type Entry, lackCount, type StreamId } from '../ring/entry.ts';
import type { ChatReader } from './chat.ts';

/** A resumption is sent at most this much; whoever missed more asks for pages. */
const BYTES_MAX = 16 * 1024 * 1024;

/** After the last resumption; a client that lost its leader is back long before. */
const KEPT_MS = 10_000;

/** Of each stream: twice what one resumption may send. Whoever goes further back has it read anew. */
const KEPT_ENTRIES_MAX = 10_000;

/** Entries of a stream without a gap: those after `after`. */
type Stretch = { readonly after: number; readonly entries: readonly Entry[] };

export class MissedEntries {
  private readonly reader: ChatReader;
  private readonly stretches = new Map<StreamId, Stretch>();
  private usedMs = Number.NEGATIVE_INFINITY;

  constructor(reader: ChatReader) {
    this.reader = reader;
  }

  /**
   * Everything held, less the base of the cursor's stream, less that stream up to `at`. In no order.
   * @returns null when the cursor is not known, when that is more than `countMax`, or more than is sent, or when
   *   some of it cannot be read
   */
  since(
    cursor: StreamId,
    at: number,
    { countMax, nowMs }: { countMax: number; nowMs: number },
  ): Entry[] | null {
    const base = this.reader.base(cursor);
    if (!base) return null;
    const seen = new Map(base);
    seen.set(cursor, Math.max(at, seen.get(cursor) ?? 0));
    const digest = this.reader.digest();
    const count = lackCount(seen, digest);
    if (count > countMax) return null;
    this.usedMs = nowMs;
    const missed: Entry[] = [];
    let chars = 0;
    for (const [stream, last] of digest) {
      const after = seen.get(stream) ?? 0;
      for (const entry of last > after ? this.read(stream, after, last) : []) {
        chars += entry.body.length;
        missed.push(entry);
      }
    }
    return missed.length === count && chars <= BYTES_MAX ? missed : null;
  }

  /** Those after `after`, up to `last`; less where some are damaged. */
  private read(stream: StreamId, after: number, last: number): readonly Entry[] {
    const kept = this.stretches.get(stream);
    const isNear = kept !== undefined && after <= kept.after + kept.entries.length;
    let { after: from, entries } = isNear ? kept : { after, entries: [] };
    if (after < from) {
      const before = this.readDisk(stream, after, from);
      if (before.length < from - after) return before;
      entries = [...before, ...entries];
      from = after;
    }
    const end = from + entries.length;
    if (end < last) {
      const more = this.readDisk(stream, end, last);
      if (more.length < last - end) return more;
      entries = [...entries, ...more];
    }
    if (entries !== kept?.entries) this.keep(stream, { after: from, entries });
    return entries.slice(after - from, last - from);
  }

  private keep(stream: StreamId, { after, entries }: Stretch): void {
    const surplus = Math.max(0, entries.length - KEPT_ENTRIES_MAX);
    this.stretches.set(stream, { after: after + surplus, entries: entries.slice(surplus) });
  }

  private readDisk(stream: StreamId, after: number, last: number): Entry[] {
    const limit = last - after;
    return this.reader.readStream({ stream, after, limit, bytesMax: BYTES_MAX });
  }

  /** Nobody has come back for a while: it is read again for whoever does. */
  forgetUnused(nowMs: number): void {
    if (this.stretches.size > 0 && nowMs - this.usedMs > KEPT_MS) this.stretches.clear();
  }
}
