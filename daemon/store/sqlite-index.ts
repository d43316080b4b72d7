// Where posts are found by their rooms, and entries by their requests. A commit would write a page of such a table for each
// room and each session in it; so it writes the entries alone, and the keys follow in larger pieces, in their order: what
// the tables lack is in memory until then, and is read from the entries again at the next start.
import type { SQLInputValue } from 'node:sqlite';
import type { SqliteFile } from './sqlite-file.ts';
import { type Between, type Key, UnfiledKeys } from './unfiled.ts';

/** Keys of each table that are filed for each entry that comes: more than come, so that it has an end. */
const FILED_PER_ENTRY = 2;

export type FilingBounds = Readonly<{
  /** Keys in memory from which on they are filed: some megabytes, and some ten milliseconds of the next start. */
  unfiledMax: number;
  /** Keys of each table that are filed at once at least: fewer are not worth the pages that they change. */
  filedMin: number;
}>;

const FILING_BOUNDS: FilingBounds = { unfiledMax: 20_000, filedMin: 128 };

const COLUMNS = 4;

/** Rows of one statement: half of the cost of a row is that of a call. */
const ROWS_AT_ONCE = 32;

const rowsOf = (count: number) => Array.from({ length: count }, () => '(?, ?, ?, ?)').join();

const SQL = {
  addPost: `INSERT OR REPLACE INTO filed_posts VALUES ${rowsOf(1)}`,
  addPosts: `INSERT OR REPLACE INTO filed_posts VALUES ${rowsOf(ROWS_AT_ONCE)}`,
  dropPost: 'DELETE FROM filed_posts WHERE room = ? AND place = ?',
  post: 'SELECT 1 FROM filed_posts WHERE room = ? AND place = ? AND stream = ? AND sequence = ?',
  addRequest: `INSERT OR REPLACE INTO filed_requests VALUES ${rowsOf(1)}`,
  addRequests: `INSERT OR REPLACE INTO filed_requests VALUES ${rowsOf(ROWS_AT_ONCE)}`,
} as const;

/** An entry as it is to be found. `room`: of a post that is shown; null for all else. */
export type Indexed = Key & Readonly<{ room: string | null; request: string | null }>;

export class SqliteIndex {
  private readonly file: SqliteFile;
  private readonly bounds: FilingBounds;
  private readonly posts = new UnfiledKeys();
  private readonly requests = new UnfiledKeys();
  /** Rooms and requests whose keys are being filed, the next one last; null between two times. */
  private filing: { rooms: string[]; requests: string[] } | null = null;

  /** Keys that are due to be filed. */
  private due = 0;

  constructor(file: SqliteFile, bounds: FilingBounds = FILING_BOUNDS) {
    this.file = file;
    this.bounds = bounds;
  }

  /** @param unfiled every entry that the tables may lack; some they may have */
  reset(unfiled: Iterable<Indexed>): void {
    this.posts.clear();
    this.requests.clear();
    this.filing = null;
    this.due = 0;
    for (const indexed of unfiled) this.add(indexed);
  }

  /** A new entry. */
  add({ room, request, stream, sequence, place }: Indexed): void {
    const key = { stream, sequence, place };
    if (room !== null) this.posts.add(room, key);
    if (request !== null) this.requests.add(request, key);
  }

  /** Whether a post is found in its room. */
  hasPost(room: string, { stream, sequence, place }: Key): boolean {
    if (this.posts.has(room, place)) return true;
    return this.file.get(SQL.post, room, place, stream, sequence) !== undefined;
  }

  /** Keys of a room's posts that are in no table. */
  unfiledPosts(room: string, between: Between): readonly Key[] {
    return this.posts.between(room, between);
  }

  /** A post is not to be found any longer. */
  dropPost(room: string, place: string): void {
    this.posts.delete(room, place);
    this.file.run(SQL.dropPost, room, place);
  }

  /** An entry that is held already is to be found, perhaps again. */
  restore({ room, request, stream, sequence, place }: Indexed): void {
    if (room !== null && !this.posts.has(room, place))
      this.file.run(SQL.addPost, room, place, stream, sequence);
    if (request !== null && !this.requests.has(request, place))
      this.file.run(SQL.addRequest, request, place, stream, sequence);
  }

  /** Keys of a request's entries that are in no table. */
  unfiledCopies(request: string): readonly Key[] {
    return this.requests.of(request);
  }

  /** Whether there are as many keys in memory as there should be at most. */
  get isFull(): boolean {
    return this.filing === null && this.requests.size + this.posts.size >= this.bounds.unfiledMax;
  }

  /** From the next commit on all that is in memory now is filed. */
  begin(): void {
    this.filing = {
      rooms: this.posts.words().reverse(),
      requests: this.requests.words().reverse(),
    };
  }

  /**
   * Files what is due for a transaction with so many new entries.
   * @returns whether all is filed that was in memory at `begin`
   */
  fileSome(entries: number): boolean {
    if (!this.filing) return false;
    this.due += entries * FILED_PER_ENTRY;
    if (this.due < this.bounds.filedMin) return false;
    const count = this.due;
    this.due = 0;
    const { rooms, requests } = this.filing;
    this.fileKeys(this.posts, rooms, { count, one: SQL.addPost, many: SQL.addPosts });
    this.fileKeys(this.requests, requests, { count, one: SQL.addRequest, many: SQL.addRequests });
    if (rooms.length > 0 || requests.length > 0) return false;
    this.filing = null;
    return true;
  }

  private fileKeys(
    keys: UnfiledKeys,
    words: string[],
    { count, one, many }: { count: number; one: string; many: string },
  ): void {
    let left = count;
    let values: SQLInputValue[] = [];
    const write = (sql: string, rows: number) => {
      this.file.run(sql, ...values.slice(0, rows * COLUMNS));
      values = values.slice(rows * COLUMNS);
    };
    for (let word = words.at(-1); left > 0 && word !== undefined; word = words.at(-1)) {
      const taken = keys.take(word, left);
      left -= Math.max(1, taken.length);
      if (keys.of(word).length === 0) words.pop();
      for (const { place, stream, sequence } of taken) {
        values.push(word, place, stream, sequence);
        if (values.length === ROWS_AT_ONCE * COLUMNS) write(many, ROWS_AT_ONCE);
      }
    }
    while (values.length > 0) write(one, 1);
  }
}
