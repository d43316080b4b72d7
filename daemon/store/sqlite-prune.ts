// Old posts lose their text: what is left of one is its key and its request, under the room ''.
import { type Entry, entryHash, type StreamId } from '../ring/entry.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { SqliteIndex } from './sqlite-index.ts';
import type { FoundEntry, SqliteReader } from './sqlite-reader.ts';
import type { StreamTable } from './stream-table.ts';

const SQL = {
  prune: "UPDATE entries SET room = '', body = ?, hash = ? WHERE stream = ? AND sequence = ?",
  prunable:
    "SELECT 1 FROM entries WHERE stream = ? AND sequence > ? AND place < ? AND room <> '' LIMIT 1",
} as const;

/** What a pruned entry changes in the sums over all entries. */
export type Pruned = Readonly<{ was: Uint8Array; is: Uint8Array; wasShown: boolean }>;

type Query = { below: string; limit: number; replace: (entry: Entry) => string };

export class SqlitePrune {
  private readonly file: SqliteFile;
  private readonly streams: StreamTable;
  private readonly reader: SqliteReader;
  private readonly index: SqliteIndex;

  constructor(parts: {
    file: SqliteFile;
    streams: StreamTable;
    reader: SqliteReader;
    index: SqliteIndex;
  }) {
    this.file = parts.file;
    this.streams = parts.streams;
    this.reader = parts.reader;
    this.index = parts.index;
  }

  /** @returns how many entries were looked at; `onPruned` is called for each that was changed */
  prune(query: Query, onPruned: (pruned: Pruned) => void): number {
    let looked = 0;
    for (const [stream, last] of this.streams.digest()) {
      const after = this.streams.prunedOf(stream);
      if (after >= last) continue;
      const found = this.below(stream, query.below, query.limit - looked);
      for (const { entry, row } of found) {
        if (!row.room) continue;
        const body = query.replace(entry);
        const is = entryHash({ ...entry, body });
        this.file.run(SQL.prune, body, is, row.stream, row.sequence);
        this.index.dropPost(row.room, row.place);
        onPruned({ was: Buffer.from(row.hash, 'hex'), is, wasShown: row.hidden === 0 });
      }
      looked += found.length;
      if (found.length > 0) this.streams.setPruned(stream, after + found.length);
      if (looked >= query.limit) break;
    }
    return looked;
  }

  /** The next of a stream, up to one that is damaged: it is pruned on when that is repaired. */
  private below(stream: StreamId, place: string, limit: number): FoundEntry[] {
    const found: FoundEntry[] = [];
    for (const each of this.reader.stream(stream, this.streams.prunedOf(stream), limit)) {
      if (each.row.place >= place) break;
      found.push(each);
    }
    return found;
  }

  hasPrunable(below: string): boolean {
    for (const [stream, last] of this.streams.digest()) {
      const after = this.streams.prunedOf(stream);
      if (after >= last) continue;
      const number = this.streams.numberOf(stream) ?? 0;
      if (this.file.get(SQL.prunable, number, after, below)) return true;
    }
    return false;
  }
}
