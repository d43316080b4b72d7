// Entries as they are read from the disk: each is checked against its checksum, and one that does not fit is
// noted and left out, whoever asked.
import type { SQLInputValue } from 'node:sqlite';
import { type Entry, orderOf, type StreamId, type StreamKey } from '../ring/entry.ts';
import { type Damage, isSound } from './damage.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { Indexed, SqliteIndex } from './sqlite-index.ts';
import type { PostsQuery } from './store.ts';
import type { StreamTable } from './stream-table.ts';
import type { Between } from './unfiled.ts';

/** A row of `entries`. Any column may be damaged. The room of a pruned post is ''. */
export type EntryRow = Readonly<{
  stream: number;
  sequence: number;
  place: string;
  room: string | null;
  request: string | null;
  hidden: number;
  wall_ms: number;
  body: string;
  /** As hexadecimal digits: objects for the bytes of each row would cost more than all else of it. */
  hash: string;
}>;

/** A row, and the place by which it was found. */
type FiledRow = EntryRow & Readonly<{ filed: string }>;

/** What says by what an entry is found. */
type UnfiledRow = Pick<EntryRow, 'stream' | 'sequence' | 'place' | 'room' | 'request' | 'hidden'>;

/** An entry that is sound, and its row. */
export type FoundEntry = Readonly<{ entry: Entry; row: EntryRow }>;

// Numbers as floating point: one that is damaged may exceed what JavaScript can hold, and would be thrown.
const COLUMNS = `CAST(entries.stream AS REAL) AS stream, CAST(entries.sequence AS REAL) AS sequence, entries.place,
  entries.room, entries.request, hidden, CAST(wall_ms AS REAL) AS wall_ms, body, lower(hex(hash)) AS hash`;

const POSTS = `SELECT ${COLUMNS}, filed.place AS filed FROM filed_posts AS filed
  CROSS JOIN entries ON entries.stream = filed.stream AND entries.sequence = filed.sequence
  WHERE filed.room = ? AND filed.place < ? AND filed.place > ?`;

// By the column itself: its name alone means the converted number, which no index has.
const SQL = {
  stream: `SELECT ${COLUMNS} FROM entries WHERE stream = ? AND sequence > ?
    ORDER BY entries.sequence LIMIT ?`,
  one: `SELECT ${COLUMNS} FROM entries WHERE stream = ? AND sequence = ?`,
  others: `SELECT ${COLUMNS} FROM entries WHERE room IS NULL`,
  behind: `SELECT ${COLUMNS} FROM entries WHERE stream = ? AND sequence > ? AND sequence <= ?
    ORDER BY entries.sequence`,
  unfiled: `SELECT CAST(stream AS REAL) AS stream, CAST(sequence AS REAL) AS sequence, place, room, request, hidden
    FROM entries WHERE stream = ? AND sequence > ? AND sequence <= ?`,
  posts: `${POSTS} ORDER BY filed.place DESC LIMIT ?`,
  copies: `SELECT ${COLUMNS} FROM filed_requests AS filed
    CROSS JOIN entries ON entries.stream = filed.stream AND entries.sequence = filed.sequence
    WHERE filed.request = ? AND entries.request = filed.request AND entries.place = filed.place`,
  oldestPosts: `${POSTS} ORDER BY filed.place LIMIT ?`,
} as const;

/** Where a place has its hybrid time, as `orderOf` writes it. */
const HLC_MS_DIGITS = 12;
const HLC_END = HLC_MS_DIGITS + 1 + 6;

/** Higher than every place: they are hexadecimal digits and dots. */
const AFTER_ALL = '~';

/** The entry that a row stands for, checked by nobody yet. */
function entryOf(row: EntryRow, { term, ringPosition, incarnation }: StreamKey): Entry {
  const place = String(row.place);
  return {
    term,
    ringPosition,
    incarnation,
    sequence: row.sequence,
    hlcMs: Number.parseInt(place.slice(0, HLC_MS_DIGITS), 16),
    hlcCounter: Number.parseInt(place.slice(HLC_MS_DIGITS + 1, HLC_END), 16),
    wallMs: row.wall_ms,
    body: String(row.body),
  };
}

function isRowSound(row: EntryRow, key: StreamKey): boolean {
  return isSound(entryOf(row, key), row);
}

export class SqliteReader {
  private readonly file: SqliteFile;
  private readonly streams: StreamTable;
  private readonly damage: Damage;
  private readonly index: SqliteIndex;

  constructor(parts: {
    file: SqliteFile;
    streams: StreamTable;
    damage: Damage;
    index: SqliteIndex;
  }) {
    this.file = parts.file;
    this.streams = parts.streams;
    this.damage = parts.damage;
    this.index = parts.index;
  }

  /** @returns null for a row that is damaged, or stands where no entry of ours does */
  private check(row: EntryRow): Entry | null {
    const stream = this.streams.nameOf(row.stream);
    if (stream === undefined || !this.isHeld(stream, row.sequence)) return null;
    const key = this.streams.keyOf(stream);
    if (isRowSound(row, key)) {
      const entry = entryOf(row, key);
      if (this.damage.has(stream, row.sequence)) this.damage.clear(stream, row.sequence);
      return entry;
    }
    const kind = row.room === null ? 'other' : 'post';
    this.damage.note({ stream, sequence: row.sequence, kind });
    return null;
  }

  /** Rows behind the last entry of a stream that is known to be held, at most so many sequences, up to the last sound one. */
  behind(stream: StreamId, limit: number): { row: EntryRow; isSound: boolean }[] {
    const number = this.streams.numberOf(stream) ?? 0;
    const last = this.streams.lastOf(stream);
    const rows = this.file.all(SQL.behind, number, last, last + limit) as EntryRow[];
    const key = this.streams.keyOf(stream);
    const found = rows.map((row) => ({ row, isSound: isRowSound(row, key) }));
    return found.slice(0, found.findLastIndex(({ isSound }) => isSound) + 1);
  }

  /** Whether an entry of ours belongs there: a row that is damaged may stand anywhere. */
  isHeldRow({ stream, sequence }: Pick<EntryRow, 'stream' | 'sequence'>): boolean {
    const name = this.streams.nameOf(stream);
    return name !== undefined && this.isHeld(name, sequence);
  }

  private isHeld(stream: StreamId, sequence: number): boolean {
    return sequence >= 1 && sequence <= this.streams.lastOf(stream);
  }

  private *rows(sql: string, ...values: SQLInputValue[]): Iterable<EntryRow> {
    for (const row of this.file.iterate(sql, ...values)) yield row as EntryRow;
  }

  /** The row of an entry that is held; noted as damaged when there is none. */
  private row(stream: StreamId, sequence: number): EntryRow | null {
    const number = this.streams.numberOf(stream) ?? 0;
    const row = this.file.get(SQL.one, number, sequence) as EntryRow | undefined;
    if (row) return row;
    if (!this.isHeld(stream, sequence)) return null;
    this.damage.note({ stream, sequence, kind: 'other' });
    this.damage.noteLeftOut(stream, sequence);
    return null;
  }

  /** An entry that is held and sound; null for others. */
  one(stream: StreamId, sequence: number): FoundEntry | null {
    const row = this.row(stream, sequence);
    const entry = row && this.check(row);
    return entry && { entry, row };
  }

  /** Entries of a stream, ascending, up to the first that is damaged: never with a gap. */
  *stream(stream: StreamId, after: number, limit: number): Iterable<FoundEntry> {
    let sequence = after;
    const last = Math.min(this.streams.lastOf(stream), after + limit);
    const number = this.streams.numberOf(stream) ?? 0;
    for (const row of this.file.all(SQL.stream, number, after, limit) as EntryRow[]) {
      if (row.sequence !== sequence + 1) break;
      const entry = this.check(row);
      if (!entry) return;
      sequence += 1;
      yield { entry, row };
    }
    // A damaged key ends the run of rows: what follows is looked up one by one.
    while (sequence < last) {
      sequence += 1;
      const found = this.one(stream, sequence);
      if (!found) return;
      yield found;
    }
  }

  readStream(query: { stream: StreamId; after: number; limit: number; bytesMax: number }): Entry[] {
    const entries: Entry[] = [];
    let bytes = 0;
    for (const { entry } of this.stream(query.stream, query.after, query.limit)) {
      bytes += Buffer.byteLength(entry.body);
      if (entries.length > 0 && bytes > query.bytesMax) break;
      entries.push(entry);
    }
    return entries;
  }

  *readOthers(): Iterable<Entry> {
    for (const row of this.rows(SQL.others)) {
      const entry = this.check(row);
      if (entry) yield entry;
    }
  }

  readPosts({ room, before, after = '', limit, oldest = false }: PostsQuery): Entry[] {
    const posts: Entry[] = [];
    let below = before ?? AFTER_ALL;
    let above = after;
    // Once, but where some are damaged: then what lies beyond them fills the page.
    while (posts.length < limit) {
      const between = { above, below, limit: limit - posts.length, oldest };
      const { rows, isEnd } = this.postRows(room, between);
      for (const row of rows) {
        const entry = this.check(row);
        const stream = this.streams.nameOf(row.stream);
        if (entry && isShownIn(room, row)) posts.push(entry);
        else if (!entry && stream !== undefined) this.damage.noteLeftOut(stream, row.sequence);
      }
      const last = rows.at(-1)?.filed;
      if (isEnd || last === undefined) break;
      if (oldest) above = last;
      else below = last;
    }
    return oldest ? posts : posts.reverse();
  }

  /** What is filed and what is not yet, by the places by which it was found: the highest first, or the lowest. */
  private postRows(room: string, between: Between): { rows: FiledRow[]; isEnd: boolean } {
    const { above, below, limit, oldest } = between;
    const sql = oldest ? SQL.oldestPosts : SQL.posts;
    const filed = this.file.all(sql, room, below, above, limit) as FiledRow[];
    const keys = this.index.unfiledPosts(room, between);
    const isAll = filed.length < limit && keys.length < limit;
    if (keys.length === 0) return { rows: filed, isEnd: isAll };
    const rows = new Map(filed.map((row) => [row.filed, row]));
    for (const { stream: number, sequence, place } of keys) {
      const stream = this.streams.nameOf(number);
      const row = stream === undefined ? null : this.row(stream, sequence);
      if (row) rows.set(place, { ...row, filed: place });
    }
    const order = oldest ? 1 : -1;
    const all = [...rows.values()].sort((one, other) => (one.filed < other.filed ? -order : order));
    return { rows: all.slice(0, limit), isEnd: isAll && all.length <= limit };
  }

  latestOrder(room: string): string | null {
    const [newest] = this.readPosts({ room, before: null, limit: 1 });
    return newest ? orderOf(newest) : null;
  }

  findRequest(requestId: string): Entry | null {
    const [first] = this.copies(requestId);
    return first ? this.check(first) : null;
  }

  firstPlace(requestId: string): string | null {
    return this.copies(requestId)[0]?.place ?? null;
  }

  /** Every entry of a request whose row says so, ascending by place. */
  copies(requestId: string): EntryRow[] {
    const rows = new Map<string, EntryRow>();
    for (const row of this.file.all(SQL.copies, requestId) as EntryRow[]) rows.set(row.place, row);
    // What was read from the entries at the start may be filed already.
    for (const { stream, sequence, place } of this.index.unfiledCopies(requestId)) {
      const row = this.file.get(SQL.one, stream, sequence) as EntryRow | undefined;
      // What it was found by may be of a time when the row was damaged.
      if (row?.place === place && row.request === requestId) rows.set(place, row);
    }
    const held = [...rows.values()].filter((row) => this.isHeldRow(row));
    return held.length < 2 ? held : held.sort((one, other) => (one.place < other.place ? -1 : 1));
  }

  /** Every entry that the tables for looking up may lack. */
  *unfiled(): Iterable<Indexed> {
    for (const [stream, last] of this.streams.digest()) {
      const number = this.streams.numberOf(stream) ?? 0;
      const filed = this.streams.filedOf(stream);
      if (filed >= last) continue;
      for (const row of this.file.iterate(SQL.unfiled, number, filed, last))
        yield indexedOf(row as UnfiledRow);
    }
  }
}

/** Whether a row is that of a post which is shown in a room, where it was found: none of this is under its checksum. */
function isShownIn(room: string, row: FiledRow): boolean {
  return row.room === room && row.hidden === 0 && row.place === row.filed;
}

/** How an entry is to be found, by its row. */
function indexedOf({ stream, sequence, place, request, room, hidden }: UnfiledRow): Indexed {
  const key = { stream, sequence, place: String(place) };
  return { ...key, request, room: room && hidden === 0 ? room : null };
}
