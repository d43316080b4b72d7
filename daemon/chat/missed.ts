// What resumptions read of the disk. After a failover thousands of clients ask for nearly the same at once: it is read,
// parsed and laid out by rooms once for all of them, and kept for as long as they go on asking.
import { type Digest, type Entry, lackCount, type StreamId } from '../ring/entry.ts';
import { type BodyOf, bodyOf, isNote, type NoteBody } from './bodies.ts';
import type { ChatReader } from './chat.ts';

/** A resumption is sent at most this much; whoever missed more asks for pages. */
const BYTES_MAX = 16 * 1024 * 1024;

/** After the last resumption; a client that lost its leader is back long before. */
const KEPT_MS = 10_000;

/** Of each stream: twice what one resumption may send. Whoever goes further back has it read anew. */
const KEPT_ENTRIES_MAX = 10_000;

/** Who is in quieter rooms saw something last a little earlier: read back so far for the first of those, not once for each. */
const READ_BACK_ENTRIES = 500;

/** Something that was said in a room, or that became of it. */
export type Said = {
  readonly entry: Entry;
  readonly body: BodyOf<'post'> | NoteBody;
  /** As it was told last: a line, or null where a lower copy is told instead; while `changes` is what it was. */
  told: Readonly<{ line: string | null; changes: number }> | null;
};

export class MissedEntries {
  private readonly reader: ChatReader;
  private readonly stretches = new Map<StreamId, Stretch>();
  /** What streams began with: the same for ever. */
  private readonly bases = new Map<StreamId, Digest>();
  private usedMs = Number.NEGATIVE_INFINITY;

  constructor(reader: ChatReader) {
    this.reader = reader;
  }

  /** Whether some of what was seen of a stream, up to `at`, is not held here. */
  lacks(cursor: StreamId, at: number): boolean {
    return (this.reader.digest().get(cursor) ?? 0) < at;
  }

  /**
   * What was said in some rooms: of all that is held, less the base of the cursor's stream, less that stream up to
   * `at`. In no order.
   * @param countMax entries, of whatever rooms
   * @returns null when the cursor is not known, when that is more than `countMax`, or more than is sent, or when
   *   some of it cannot be read
   */
  since(
    cursor: StreamId,
    at: number,
    { rooms, countMax, nowMs }: { rooms: readonly string[]; countMax: number; nowMs: number },
  ): Said[] | null {
    const base = this.baseOf(cursor);
    if (!base) return null;
    this.usedMs = nowMs;
    const seen = new Map(base);
    seen.set(cursor, Math.max(at, seen.get(cursor) ?? 0));
    const digest = this.reader.digest();
    if (lackCount(seen, digest) > countMax) return null;
    const missed: Said[] = [];
    let chars = 0;
    for (const [stream, last] of digest) {
      const after = seen.get(stream) ?? 0;
      if (last <= after) continue;
      const stretch = this.reaching(stream, after, last);
      if (!stretch) return null;
      for (const said of stretch.saidIn(rooms, after, last)) {
        chars += said.entry.body.length;
        missed.push(said);
      }
    }
    return chars <= BYTES_MAX ? missed : null;
  }

  private baseOf(cursor: StreamId): Digest | null {
    const base = this.bases.get(cursor) ?? this.reader.base(cursor);
    if (base) this.bases.set(cursor, base);
    return base;
  }

  /** What is kept of a stream, with all after `after`, up to `last`; null where some of that is damaged. */
  private reaching(stream: StreamId, after: number, last: number): Stretch | null {
    const kept = this.stretches.get(stream);
    const isNear = kept !== undefined && after >= kept.after && after <= kept.last;
    if (isNear) return this.readOn(stream, kept, last);
    // One that comes after others and saw less than they: there may be more of those.
    const isOlder = kept !== undefined && after < kept.after;
    const stretch =
      isOlder && this.readOn(stream, new Stretch(Math.max(0, after - READ_BACK_ENTRIES)), last);
    return stretch || this.readOn(stream, new Stretch(after), last);
  }

  private readOn(stream: StreamId, stretch: Stretch, last: number): Stretch | null {
    if (stretch.last < last) {
      const limit = last - stretch.last;
      const bytesMax = BYTES_MAX;
      const more = this.reader.readStream({ stream, after: stretch.last, limit, bytesMax });
      if (more.length < limit) return null;
      stretch.add(more);
    }
    if (stretch.last - stretch.after > KEPT_ENTRIES_MAX) this.stretches.delete(stream);
    else this.stretches.set(stream, stretch);
    return stretch;
  }

  /** Nobody has come back for a while: it is read again for whoever does. */
  forgetUnused(nowMs: number): void {
    if (this.bases.size === 0 || nowMs - this.usedMs <= KEPT_MS) return;
    this.stretches.clear();
    this.bases.clear();
  }
}

/** Entries of a stream without a gap: those after `after`, up to `last`. */
class Stretch {
  readonly after: number;
  last: number;
  private readonly byRoom = new Map<string, Said[]>();

  constructor(after: number) {
    this.after = after;
    this.last = after;
  }

  /** @param entries those that follow */
  add(entries: readonly Entry[]): void {
    this.last += entries.length;
    for (const entry of entries) {
      const body = bodyOf(entry);
      if (body?.t !== 'post' && !isNote(body)) continue;
      const said: Said = { entry, body, told: null };
      const before = this.byRoom.get(body.r);
      if (before) before.push(said);
      else this.byRoom.set(body.r, [said]);
    }
  }

  *saidIn(rooms: readonly string[], after: number, last: number): Iterable<Said> {
    for (const room of rooms) {
      const said = this.byRoom.get(room) ?? [];
      for (let index = said.length - 1; index >= 0; index -= 1) {
        const each = said[index] as Said;
        if (each.entry.sequence <= after) break;
        if (each.entry.sequence <= last) yield each;
      }
    }
  }
}
