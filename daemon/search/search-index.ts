// Posts by their words, in a file of its own beside the history: derived from it, so it needs no sync, may lag, and is
// made anew when it is lost or does not fit. SQLite's FTS5, without the texts themselves.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync as Database, SQLInputValue, StatementSync } from 'node:sqlite';
import { DatabaseSync } from '../store/sqlite.ts';
import { anyTag, tagOf } from './tags.ts';
import { longWords, matchOf, spread } from './words.ts';

/** Raised when the tables change: a file of another version is made anew. */
const VERSION = '3';

/** Bits of a row's number below its hybrid time: rows come in the order of time, which is that of the answers. */
const TIME_SHIFT = 6n;

/** How much later than its time a post may be numbered, after a burst of more posts than there are numbers. */
const BURST_MS_MAX = 10_000n;

/** Rooms, or accounts, that are asked for as words; of more, every post that is found is looked at. */
const TAGS_MAX = 100;

/** Words that are asked for one by one in place of their common beginning. */
const EXPANDED_MAX = 64;

/** Words and tags known to be in the tables, so that nobody asks there: some megabytes. */
const KNOWN_MAX = 50_000;

const SCHEMA = `
  PRAGMA busy_timeout = 1000; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS indexed (stream TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS posts (
    number INTEGER PRIMARY KEY,      -- hybrid time, and a tie-break
    id TEXT NOT NULL UNIQUE,
    place TEXT NOT NULL,
    room TEXT NOT NULL,
    account TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS posts_by_account ON posts (account, room, number);
  CREATE TABLE IF NOT EXISTS edits (  -- the newest of each post, which may come before it
    post TEXT PRIMARY KEY,
    place TEXT NOT NULL,
    text TEXT                        -- null: deleted
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tags (   -- rooms and accounts
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  );
  CREATE TABLE IF NOT EXISTS vocabulary (word TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    text, tags, content = '', contentless_delete = 1, detail = full, prefix = '2 3',
    tokenize = 'unicode61 remove_diacritics 2'
  );`;

const SQL = {
  meta: 'SELECT value FROM meta WHERE key = ?',
  setMeta: 'INSERT OR REPLACE INTO meta VALUES (?, ?)',
  indexed: 'SELECT stream, sequence FROM indexed',
  setIndexed: 'INSERT OR REPLACE INTO indexed VALUES (?, ?)',
  post: 'SELECT number, room, account FROM posts WHERE id = ?',
  last: 'SELECT max(number) AS number FROM posts',
  taken: 'SELECT 1 FROM posts WHERE number = ?',
  addPost: 'INSERT INTO posts VALUES (?, ?, ?, ?, ?)',
  edit: 'SELECT place, text FROM edits WHERE post = ?',
  setEdit: 'INSERT OR REPLACE INTO edits VALUES (?, ?, ?)',
  addWords: 'INSERT INTO words (rowid, text, tags) VALUES (?, ?, ?)',
  dropWords: 'DELETE FROM words WHERE rowid = ?',
  byAccount: `SELECT number, id FROM posts WHERE account = :account AND room = :room
    AND number >= :from AND number < :until AND (:before IS NULL OR place < :before)
    ORDER BY number DESC LIMIT :limit`,
  below: 'SELECT number, id FROM posts WHERE number < ? LIMIT ?',
  dropPost: 'DELETE FROM posts WHERE number = ?',
  dropEdit: 'DELETE FROM edits WHERE post = ?',
  tag: 'SELECT number FROM tags WHERE name = ?',
  addTag: 'INSERT INTO tags (name) VALUES (?)',
  learn: 'INSERT OR IGNORE INTO vocabulary VALUES (?)',
  beginning: 'SELECT word FROM vocabulary WHERE word >= ? AND word < ? LIMIT ?',
} as const;

const roomTag = (room: string) => `room ${room}`;
const accountTag = (account: string) => `account ${account}`;

/** In place of a condition: nothing is held of any of these. */
const NOTHING = '';

export type IndexedPost = Readonly<{
  id: string;
  place: string;
  /** Hybrid time, milliseconds since 1970. */
  timeMs: number;
  room: string;
  account: string;
  text: string;
}>;

export type SearchQuery = Readonly<{
  /** As somebody typed it; all of its words must be there. */
  text: string;
  /** Ids: any of them. */
  rooms: readonly string[];
  /** Ids: any of them; null for everyone. */
  accounts: readonly string[] | null;
  /** Hybrid time, milliseconds since 1970: from the first on, and before the second. */
  fromMs: number;
  untilMs: number;
  /** Only posts below that place; null for all. */
  before: string | null;
  limit: number;
}>;

export class SearchIndex {
  private readonly database: Database;
  private readonly statements = new Map<string, StatementSync>();
  private readonly tags = new Map<string, number>();
  private readonly learnt = new Set<string>();
  private lastNumber: bigint | null = null;

  /** @throws SqliteError when the file is none of ours */
  constructor(path: string) {
    this.database = new DatabaseSync(path);
    try {
      this.database.exec(SCHEMA);
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  private statement(sql: string): StatementSync {
    const known = this.statements.get(sql);
    if (known) return known;
    const statement = this.database.prepare(sql);
    statement.setReadBigInts(true);
    this.statements.set(sql, statement);
    return statement;
  }

  private get(sql: string, ...values: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.statement(sql).get(...values) as Record<string, unknown> | undefined;
  }

  private all(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
    return this.statement(sql).all(...values) as Record<string, unknown>[];
  }

  private run(sql: string, ...values: SQLInputValue[]): void {
    this.statement(sql).run(...values);
  }

  /** Which history it was made from; null when it is new. */
  get source(): string | null {
    const value = this.get(SQL.meta, 'source')?.value;
    return value === undefined ? null : String(value);
  }

  set source(source: string) {
    this.run(SQL.setMeta, 'source', source);
  }

  /** How far each stream is in. */
  indexed(): Map<string, number> {
    const rows = this.all(SQL.indexed);
    return new Map(rows.map(({ stream, sequence }) => [String(stream), Number(sequence)]));
  }

  setIndexed(stream: string, sequence: number): void {
    this.run(SQL.setIndexed, stream, sequence);
  }

  begin(): void {
    this.database.exec('BEGIN');
  }

  commit(): void {
    this.database.exec('COMMIT');
  }

  /** All of a piece of work, or none of it. */
  transact<T>(work: () => T): T {
    this.begin();
    try {
      const result = work();
      this.commit();
      return result;
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Of two copies of one post the first that comes is enough: they say the same. */
  add(post: IndexedPost): void {
    if (this.get(SQL.post, post.id)) return;
    const edit = this.get(SQL.edit, post.id);
    const text = edit ? (edit.text as string | null) : post.text;
    const number = this.freeNumber(post.timeMs);
    this.run(SQL.addPost, number, post.id, post.place, post.room, post.account);
    if (text !== null) this.addWords(number, text, post);
  }

  private addWords(number: bigint, text: string, of: { room: string; account: string }): void {
    const tags = [roomTag(of.room), accountTag(of.account)].map((name) => tagOf(this.tag(name)));
    this.run(SQL.addWords, number, spread(text), tags.join(' '));
    for (const word of longWords(text)) this.learn(word);
  }

  private learn(word: string): void {
    if (this.learnt.has(word)) return;
    if (this.learnt.size >= KNOWN_MAX) this.learnt.clear();
    this.learnt.add(word);
    this.run(SQL.learn, word);
  }

  /** The number of a room or an account, which it has from here on. */
  private tag(name: string): number {
    const known = this.knownTag(name);
    if (known !== null) return known;
    this.run(SQL.addTag, name);
    return this.knownTag(name) ?? 0;
  }

  /** null for what nothing is held of. */
  private knownTag(name: string): number | null {
    const known = this.tags.get(name);
    if (known !== undefined) return known;
    const row = this.get(SQL.tag, name);
    if (!row) return null;
    if (this.tags.size >= KNOWN_MAX) this.tags.clear();
    this.tags.set(name, Number(row.number));
    return Number(row.number);
  }

  /** By its time; in a burst the one after the last, so that nobody looks through all that are taken. */
  private freeNumber(timeMs: number): bigint {
    const last = this.lastNumber ?? (this.get(SQL.last)?.number as bigint | null) ?? 0n;
    let number = BigInt(timeMs) << TIME_SHIFT;
    const isBurst = number <= last && last - number < BURST_MS_MAX << TIME_SHIFT;
    if (isBurst && this.get(SQL.taken, number)) number = last + 1n;
    while (this.get(SQL.taken, number)) number += 1n;
    this.lastNumber = number > last ? number : last;
    return number;
  }

  /** @param text null takes the post out */
  edit(post: string, place: string, text: string | null): void {
    const before = this.get(SQL.edit, post);
    if (before && (before.text === null || (text !== null && String(before.place) > place))) return;
    this.run(SQL.setEdit, post, place, text);
    const row = this.get(SQL.post, post);
    if (!row) return;
    const number = row.number as bigint;
    this.run(SQL.dropWords, number);
    const [room, account] = [String(row.room), String(row.account)];
    if (text !== null) this.addWords(number, text, { room, account });
  }

  /** Takes out posts of an earlier hybrid time. @returns how many, at most `limit` */
  prune(belowMs: number, limit: number): number {
    const rows = this.all(SQL.below, BigInt(belowMs) << TIME_SHIFT, limit);
    for (const row of rows) {
      const number = row.number as bigint;
      this.run(SQL.dropWords, number);
      this.run(SQL.dropPost, number);
      this.run(SQL.dropEdit, String(row.id));
    }
    return rows.length;
  }

  /** @returns ids of posts, newest first; none where neither a word nor an account is asked for */
  find(query: SearchQuery): string[] {
    const words = matchOf(query.text, (beginning) => this.beginningSo(beginning));
    const { rooms, accounts, before, limit } = query;
    if (words === null) {
      return accounts === null || query.text.trim() !== ''
        ? []
        : this.findByAccount(query, accounts);
    }
    const tags = [this.anyOf(rooms.map(roomTag)), this.anyOf(accounts?.map(accountTag) ?? null)];
    if (tags.includes(NOTHING)) return [];
    const match = [`text : (${words})`, ...tags.filter((tag) => tag !== null)].join(' AND ');
    const conditions = [
      'words MATCH :match',
      'words.rowid >= :from AND words.rowid < :until',
      'posts.room IN (SELECT value FROM json_each(:rooms))',
      ...(accounts === null ? [] : ['posts.account IN (SELECT value FROM json_each(:accounts))']),
      ...(before === null ? [] : ['posts.place < :before']),
    ];
    const sql = `SELECT posts.id FROM words JOIN posts ON posts.number = words.rowid
      WHERE ${conditions.join(' AND ')} ORDER BY words.rowid DESC LIMIT :limit`;
    const rows = this.statement(sql).all({
      match,
      ...numbersOf(query),
      rooms: JSON.stringify(rooms),
      ...(accounts === null ? {} : { accounts: JSON.stringify(accounts) }),
      ...(before === null ? {} : { before }),
      limit,
    });
    return rows.map((row) => String((row as { id: unknown }).id));
  }

  /** Room by room: whoever has said a million things elsewhere is not gone through for what was never said here. */
  private findByAccount(query: SearchQuery, accounts: readonly string[]): string[] {
    const { rooms, before, limit } = query;
    const statement = this.statement(SQL.byAccount);
    const found = accounts.flatMap((account) =>
      rooms.flatMap(
        (room) =>
          statement.all({ account, room, before, limit, ...numbersOf(query) }) as {
            number: bigint;
            id: string;
          }[],
      ),
    );
    found.sort((one, other) => (one.number > other.number ? -1 : 1));
    return found.slice(0, limit).map(({ id }) => id);
  }

  /** All that begins so; null for too many. */
  private beginningSo(beginning: string): string[] | null {
    const end = `${beginning}\u{10ffff}`;
    const rows = this.all(SQL.beginning, beginning, end, EXPANDED_MAX + 1);
    return rows.length > EXPANDED_MAX ? null : rows.map(({ word }) => String(word));
  }

  /** @returns a condition on the tags; null for none, where all or too many are meant */
  private anyOf(names: readonly string[] | null): string | null {
    if (names === null || names.length > TAGS_MAX) return null;
    const known = names.map((name) => this.knownTag(name)).filter((tag) => tag !== null);
    return known.length === 0 ? NOTHING : anyTag(known);
  }

  close(): void {
    this.database.close();
  }
}

/** Between which numbers posts are looked for. One that was numbered later than its time may be below a place. */
function numbersOf({ fromMs, untilMs, before }: SearchQuery): { from: bigint; until: bigint } {
  const burstMs = before === null ? 0n : BURST_MS_MAX;
  return {
    from: BigInt(Math.max(0, fromMs)) << TIME_SHIFT,
    until: (BigInt(Math.max(0, untilMs)) + burstMs) << TIME_SHIFT,
  };
}

export function searchPathOf(directory: string): string {
  return join(directory, 'search.db');
}

/**
 * The index of a data directory; made anew when it is of another history, of another version, or damaged.
 * @param source names the history: its incarnation
 * @param isAnew whatever there is, it is made anew
 * @throws SqliteError when the disk takes no file
 */
export function openSearchIndex(directory: string, source: string, isAnew = false): SearchIndex {
  const path = searchPathOf(directory);
  const known = `${VERSION} ${source}`;
  const found = isAnew ? null : knownIndex(path, known);
  if (found) return found;
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  const index = new SearchIndex(path);
  index.source = known;
  return index;
}

/** The index that lies there; null when it is none of this history, or damaged: all that is in it is in the history. */
function knownIndex(path: string, known: string): SearchIndex | null {
  let index: SearchIndex | null = null;
  try {
    index = new SearchIndex(path);
    if (index.source === known) return index;
  } catch {
    // Said above.
  }
  index?.close();
  return null;
}
