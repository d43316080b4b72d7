// Damage on the disk is looked for, a few entries at a time, and repaired with intact copies. What can be
// told from the entry itself (its room, its request, whether another copy hides it) needs no peer.
import { type Entry, entryHash, type StreamId, streamIdOf } from '../ring/entry.ts';
import type { Damage } from './damage.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { Indexed, SqliteIndex } from './sqlite-index.ts';
import type { EntryRow, SqliteReader } from './sqlite-reader.ts';
import { type EntryIndex, type IndexOf, type StoredEntry, StoreError } from './store.ts';
import type { StreamTable } from './stream-table.ts';

const SQL = {
  drop: 'DELETE FROM entries WHERE stream = ? AND sequence = ?',
  add: 'INSERT INTO entries VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)',
  hide: 'UPDATE entries SET hidden = ? WHERE stream = ? AND sequence = ?',
  posts: `SELECT count(*) AS posts FROM entries
    WHERE stream = ? AND sequence <= ? AND room <> '' AND hidden = 0`,
  hashes: 'SELECT hash FROM entries WHERE stream = ? AND sequence <= ?',
} as const;

/** Null for what is no post; '' for what was one. */
export function roomColumn({ kind, room }: EntryIndex): string | null {
  return kind === 'pruned' ? '' : room;
}

function prunedOf({ entry, order, index }: StoredEntry, bodyOf: (entry: Entry) => string) {
  if (index.kind !== 'post') return { entry, order, index };
  const kind = 'pruned' as const;
  const left = { ...entry, body: bodyOf(entry) };
  return { entry: left, order, index: { ...index, kind, room: null } };
}

export class SqliteRepair {
  private readonly file: SqliteFile;
  private readonly streams: StreamTable;
  private readonly damage: Damage;
  private readonly reader: SqliteReader;
  private readonly index: SqliteIndex;
  /** The next entry to be looked at. */
  private place: { stream: StreamId; sequence: number } | null = null;

  constructor(parts: {
    file: SqliteFile;
    streams: StreamTable;
    damage: Damage;
    reader: SqliteReader;
    index: SqliteIndex;
  }) {
    this.file = parts.file;
    this.streams = parts.streams;
    this.damage = parts.damage;
    this.reader = parts.reader;
    this.index = parts.index;
  }

  /** @returns whether a page was given without it, and whether the sum of hashes is right as it is */
  repair(
    given: StoredEntry,
    pruned: (entry: Entry) => string,
  ): { leftOut: boolean; isSumKnown: boolean } {
    const stream = streamIdOf(given.entry);
    const wasPruned = given.entry.sequence <= this.streams.prunedOf(stream);
    const stored = wasPruned ? prunedOf(given, pruned) : given;
    const { entry, index } = stored;
    let hadRow = true;
    try {
      hadRow = this.replace(stored);
    } catch (error) {
      // An index that still has the damaged columns does not let their row go.
      if (!(error instanceof StoreError) || error.code !== 'damaged') throw error;
      this.file.attempt(() => this.file.database.exec('REINDEX entries'));
      this.replace(stored);
    }
    this.index.restore(this.indexedOf(stored));
    if (index.requestId !== null) this.settle(index.requestId);
    // No page could find what had no row.
    const leftOut = this.damage.clear(stream, entry.sequence) || !hadRow;
    // The text that was counted here is gone: with the peer's copy goes another hash.
    return { leftOut, isSumKnown: wasPruned || index.kind !== 'pruned' };
  }

  /** @returns whether anything stood there */
  private replace({ entry, order, index }: StoredEntry): boolean {
    const number = this.streams.numberOf(streamIdOf(entry)) ?? 0;
    const { sequence, wallMs, body } = entry;
    const { changes } = this.file.run(SQL.drop, number, sequence);
    const columns = [order, roomColumn(index), index.requestId, wallMs, body, entryHash(entry)];
    this.file.run(SQL.add, number, sequence, ...columns);
    return Number(changes) > 0;
  }

  private indexedOf({ entry, order, index }: StoredEntry): Indexed {
    const stream = this.streams.numberOf(streamIdOf(entry)) ?? 0;
    const key = { stream, sequence: entry.sequence, place: order };
    return { ...key, room: roomColumn(index) || null, request: index.requestId };
  }

  /** Of all copies of a request only the lowest in the order is shown. */
  private settle(requestId: string): void {
    for (const [index, copy] of this.reader.copies(requestId).entries()) {
      const { stream, sequence, place, hidden, room } = copy;
      const wanted = index === 0 ? 0 : 1;
      if (hidden !== wanted) this.file.run(SQL.hide, wanted, stream, sequence);
      if (!room) continue;
      if (wanted === 0) this.index.restore({ stream, sequence, place, room, request: null });
      else this.index.dropPost(room, place);
    }
  }

  /** Posts that are shown, counted anew: what a damaged row counted for is not known. */
  countPosts(): number {
    const counts = this.held().map(
      ([number, last]) => this.file.get(SQL.posts, number, last) as { posts: number },
    );
    return counts.reduce((sum, { posts }) => sum + posts, 0);
  }

  /** The sum over all hashes, added up anew: takes a while for a long history, and is needed hardly ever. */
  addUp(): bigint {
    let sum = 0n;
    for (const [number, last] of this.held())
      for (const row of this.file.iterate(SQL.hashes, number, last)) {
        const { hash } = row as { hash: Uint8Array };
        sum += BigInt(`0x${Buffer.from(hash).toString('hex')}`);
      }
    return sum;
  }

  /** Each stream by its number, and how far it is held: a row elsewhere is what is left of a damaged one. */
  private held(): (readonly [number: number, last: number])[] {
    const { streams } = this;
    return [...streams.digest()].map(
      ([name, last]) => [streams.numberOf(name) ?? 0, last] as const,
    );
  }

  scrub(limit: number, indexOf: IndexOf): { ended: boolean; misfiled: StoredEntry[] } {
    const misfiled: StoredEntry[] = [];
    for (let count = 0; count < limit; count += 1) {
      this.place = this.follow(this.place);
      if (!this.place) return { ended: true, misfiled };
      const found = this.reader.one(this.place.stream, this.place.sequence);
      if (!found) continue;
      const { entry, row } = found;
      const index = indexOf(entry);
      if (!this.isFiled(row, index)) misfiled.push({ entry, order: row.place, index });
    }
    return { ended: false, misfiled };
  }

  /** The place after one, stream by stream; null at the end. */
  private follow(place: { stream: StreamId; sequence: number } | null): typeof place {
    if (place && place.sequence < this.streams.lastOf(place.stream))
      return { stream: place.stream, sequence: place.sequence + 1 };
    const digest = [...this.streams.digest()];
    const index = place ? digest.findIndex(([stream]) => stream === place.stream) + 1 : 0;
    const next = digest[index];
    return next ? { stream: next[0], sequence: 1 } : null;
  }

  /** Whether a sound entry is found where it belongs. */
  private isFiled(row: EntryRow, index: EntryIndex): boolean {
    const { requestId } = index;
    if (row.room !== roomColumn(index) || row.request !== requestId) return false;
    if (requestId === null) return row.hidden === 0;
    const first = this.reader.firstPlace(requestId);
    if (row.hidden !== (first === row.place ? 0 : 1)) return false;
    return !row.room || row.hidden === 1 || this.index.hasPost(row.room, row);
  }
}
