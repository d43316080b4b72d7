// The store on a real disk: SQLite through node:sqlite, in WAL mode, synced at every commit. Every entry
// carries its SHA-256 and is checked when it is read. Above 300 lines because its statements and the mirrors
// they keep belong together.
import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync as Database, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  type Digest,
  type Entry,
  entryHash,
  orderOf,
  parseStreamId,
  type StreamId,
  streamIdOf,
} from '../ring/entry.ts';
import { MIGRATIONS } from './migrations.ts';
import { DatabaseSync } from './sqlite.ts';
import { DAMAGE_ADVICE, FULL_ADVICE, storeErrorOf } from './sqlite-errors.ts';
import { type Store, type StoredEntry, StoreError } from './store.ts';

/** Pages of the WAL after which SQLite checkpoints: 4 MB, some thousand posts. */
const WAL_PAGES_MAX = 1_000;

/** Free space to begin with: a WAL and what its checkpoint adds, in pages of 4 KiB. */
const FREE_BYTES_MIN = 2 * WAL_PAGES_MAX * 4_096;

/** Cursors older than so many views are answered with a reset: their bases are forgotten. */
const BASES_MAX = 200;

const HASH_MODULUS = 2n ** 256n;

type Row = {
  stream: number;
  sequence: number;
  place: string;
  request: string | null;
  wall_ms: number;
  body: string;
  hash: Uint8Array;
};

const SQL = {
  meta: 'SELECT key, value FROM meta',
  streams: 'SELECT id, name, last, pruned FROM streams',
  setMeta: 'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  addStream: 'INSERT INTO streams (name, last) VALUES (?, 0)',
  setPruned: 'UPDATE streams SET pruned = ? WHERE id = ?',
  pruneEntry: "UPDATE entries SET room = '', body = ?, hash = ? WHERE stream = ? AND sequence = ?",
  readRaw: 'SELECT * FROM entries WHERE stream = ? AND sequence > ? ORDER BY sequence LIMIT ?',
  prunable:
    "SELECT 1 FROM entries WHERE stream = ? AND sequence > ? AND place < ? AND room <> '' LIMIT 1",
  setLast: 'UPDATE streams SET last = ? WHERE id = ?',
  addEntry: 'INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  sameRequest: 'SELECT stream, sequence, place, hidden, room FROM entries WHERE request = ?',
  hide: 'UPDATE entries SET hidden = ? WHERE stream = ? AND sequence = ?',
  setHighest:
    'INSERT INTO sessions VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET highest = max(highest, excluded.highest)',
  highest: 'SELECT highest FROM sessions WHERE id = ?',
  addBase: 'INSERT OR REPLACE INTO bases VALUES (?, ?, ?)',
  dropBases: 'DELETE FROM bases WHERE made <= ?',
  base: 'SELECT stream, digest FROM bases WHERE stream = ?',
  newestBase: 'SELECT stream, digest FROM bases ORDER BY made DESC LIMIT 1',
  readStream: 'SELECT * FROM entries WHERE stream = ? AND sequence > ? ORDER BY sequence LIMIT ?',
  readOthers: 'SELECT * FROM entries WHERE room IS NULL',
  readPosts:
    'SELECT * FROM entries WHERE room = ? AND hidden = 0 AND place < ? ORDER BY place DESC LIMIT ?',
  latest: 'SELECT place FROM entries WHERE room = ? AND hidden = 0 ORDER BY place DESC LIMIT 1',
  findRequest: 'SELECT * FROM entries WHERE request = ? ORDER BY place LIMIT 1',
} as const;

/** Higher than every place: they are hexadecimal digits and dots. */
const AFTER_ALL = '~';

/**
 * Opens, or makes, the store of a data directory, and keeps everyone else out of it.
 * @param incarnationOf makes the 16 hex digits that a new directory is known by
 * @throws StoreError `locked`, `newer`, `damaged`, `full` or `failed`, with the path and what to do
 */
export function openSqliteStore(options: {
  directory: string;
  incarnationOf: () => string;
}): Store {
  const path = join(options.directory, 'history.db');
  try {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    checkSpace(options.directory, path);
    const database = new DatabaseSync(path);
    try {
      prepareDatabase(database, path);
      return new SqliteStore(database, path, options.incarnationOf);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw storeErrorOf(error, path);
  }
}

/** A server that began on a full disk would be admitted, and hold everyone up when its first write fails. */
function checkSpace(directory: string, path: string): void {
  const { bavail, bsize, blocks } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  // Some file systems do not tell.
  if (blocks === 0 || freeBytes >= FREE_BYTES_MIN) return;
  const wanted = `expected ${FREE_BYTES_MIN} bytes to begin with, got ${freeBytes}`;
  throw new StoreError('full', `${path}: ${FULL_ADVICE} (${wanted})`);
}

function prepareDatabase(database: Database, path: string): void {
  database.exec(
    'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;',
  );
  // What is pruned is overwritten, not merely let go.
  database.exec('PRAGMA secure_delete = ON;');
  database.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES_MAX}; PRAGMA cache_size = -16000;`);
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
  const version = row.user_version;
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      'newer',
      `${path} was written by a newer version of syncnet-daemon: install that one`,
    );
  }
  for (let step = version; step < MIGRATIONS.length; step += 1) {
    database.exec(
      `BEGIN IMMEDIATE; ${MIGRATIONS[step]}; PRAGMA user_version = ${step + 1}; COMMIT;`,
    );
  }
}

class SqliteStore implements Store {
  private readonly database: Database;
  private readonly path: string;
  private readonly statements = new Map<string, StatementSync>();
  private readonly streamNumbers = new Map<StreamId, number>();
  private readonly streamNames = new Map<number, StreamId>();
  private readonly last = new Map<StreamId, number>();
  private readonly pruned = new Map<StreamId, number>();
  /** Mirrors of what is on the disk, so that reading them costs nothing; `reload` fills them. */
  private meta = new Map<string, string>();
  private hash = 0n;
  private entryCount = 0;
  private postCount = 0;
  private highestPlace = '';
  private readonly touched = new Set<StreamId>();

  constructor(database: Database, path: string, incarnationOf: () => string) {
    this.database = database;
    this.path = path;
    this.reload();
    if (!this.meta.has('incarnation')) this.setMeta('incarnation', incarnationOf());
  }

  private reload(): void {
    const rows = this.statement(SQL.meta).all() as { key: string; value: string }[];
    this.meta = new Map(rows.map(({ key, value }) => [key, value]));
    this.hash = BigInt(`0x${this.meta.get('historyHash') ?? '0'}`);
    this.entryCount = Number(this.meta.get('entryCount') ?? 0);
    this.postCount = Number(this.meta.get('postCount') ?? 0);
    this.highestPlace = this.meta.get('highestPlace') ?? '';
    for (const kept of [this.streamNumbers, this.streamNames, this.last, this.pruned, this.touched])
      kept.clear();
    const streams = this.statement(SQL.streams).all() as {
      id: number;
      name: string;
      last: number;
      pruned: number;
    }[];
    for (const { id, name, last, pruned } of streams) {
      this.pruned.set(name, pruned);
      this.streamNumbers.set(name, id);
      this.streamNames.set(id, name);
      this.last.set(name, last);
    }
  }

  /** Runs a piece of work on the database; what it throws says where and what to do. */
  private attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeErrorOf(error, this.path);
    }
  }

  private statement(sql: string): StatementSync {
    const known = this.statements.get(sql);
    if (known) return known;
    const statement = this.database.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }

  private run(sql: string, ...values: SQLInputValue[]) {
    return this.attempt(() => this.statement(sql).run(...values));
  }

  private setMeta(key: string, value: string): void {
    this.meta.set(key, value);
    this.run(SQL.setMeta, key, value);
  }

  ringRecord() {
    return {
      incarnation: this.meta.get('incarnation') ?? '',
      installedTerm: Number(this.meta.get('installedTerm') ?? 0),
      promisedTerm: Number(this.meta.get('promisedTerm') ?? 0),
    };
  }

  digest(): Map<StreamId, number> {
    return new Map([...this.last].filter(([, last]) => last > 0));
  }

  counts() {
    return { entries: this.entryCount, posts: this.postCount };
  }

  historyHash(): string {
    return this.hash.toString(16).padStart(64, '0');
  }

  highestTime() {
    const [ms, counter] = this.highestPlace.split('.');
    return { ms: Number.parseInt(ms || '0', 16), counter: Number.parseInt(counter ?? '0', 16) };
  }

  begin(): void {
    this.attempt(() => this.database.exec('BEGIN IMMEDIATE'));
  }

  commit(): void {
    try {
      // A full or failing disk may have ended the transaction: nothing may be written outside one.
      if (!this.database.isTransaction) {
        throw new StoreError('failed', `${this.path}: the disk gave the transaction up`);
      }
      this.saveMirrors();
      this.database.exec('COMMIT');
    } catch (error) {
      this.rollBack();
      throw storeErrorOf(error, this.path);
    }
  }

  private saveMirrors(): void {
    if (this.touched.size === 0) return;
    for (const stream of this.touched) {
      this.run(SQL.setLast, this.last.get(stream) ?? 0, this.streamNumbers.get(stream) ?? 0);
    }
    this.touched.clear();
    this.setMeta('historyHash', this.hash.toString(16));
    this.setMeta('entryCount', String(this.entryCount));
    this.setMeta('postCount', String(this.postCount));
    this.setMeta('highestPlace', this.highestPlace);
  }

  /** What could not be committed never was, here as on the disk. */
  private rollBack(): void {
    if (this.database.isTransaction) this.database.exec('ROLLBACK');
    this.reload();
  }

  saveRingRecord(record: { installedTerm: number; promisedTerm: number }): void {
    this.setMeta('installedTerm', String(record.installedTerm));
    this.setMeta('promisedTerm', String(record.promisedTerm));
  }

  append({ entry, order, index }: StoredEntry): void {
    const stream = streamIdOf(entry);
    const number = this.streamNumber(stream);
    if (entry.sequence !== (this.last.get(stream) ?? 0) + 1) {
      throw new StoreError(
        'failed',
        `${this.path}: entry ${entry.sequence} does not follow in stream ${stream}`,
      );
    }
    const room = index.kind === 'post' ? index.room : index.kind === 'pruned' ? '' : null;
    const hidden = index.requestId === null ? false : this.settleRequest(index.requestId, order);
    const hash = entryHash(entry);
    const { sequence, wallMs, body } = entry;
    this.run(
      SQL.addEntry,
      number,
      sequence,
      order,
      room,
      index.requestId,
      hidden ? 1 : 0,
      wallMs,
      body,
      hash,
    );
    if (room && !hidden) this.postCount += 1;
    if (index.requestId !== null) this.noteNumber(index.requestId);
    this.last.set(stream, sequence);
    this.touched.add(stream);
    this.entryCount += 1;
    this.addToHash(hash);
    if (order > this.highestPlace) this.highestPlace = order;
  }

  private addToHash(hash: Uint8Array, sign: 1n | -1n = 1n): void {
    const value = BigInt(`0x${Buffer.from(hash).toString('hex')}`);
    this.hash = (this.hash + sign * value + HASH_MODULUS) % HASH_MODULUS;
  }

  prune(query: { below: string; limit: number; replace: (entry: Entry) => string }): number {
    let looked = 0;
    for (const [stream, last] of this.last) {
      const after = this.pruned.get(stream) ?? 0;
      if (after >= last) continue;
      const number = this.streamNumber(stream);
      const rows = this.attempt(() =>
        this.statement(SQL.readRaw).all(number, after, query.limit - looked),
      ) as unknown as (Row & { room: string | null; hidden: number })[];
      let reached = after;
      for (const row of rows) {
        if (row.place >= query.below) break;
        if (row.room) this.pruneRow(row, query.replace);
        reached = row.sequence;
        looked += 1;
      }
      if (reached === after) continue;
      this.pruned.set(stream, reached);
      this.run(SQL.setPruned, reached, number);
      this.touched.add(stream);
      if (looked >= query.limit) break;
    }
    return looked;
  }

  private pruneRow(
    row: Row & { room: string | null; hidden: number },
    replace: (entry: Entry) => string,
  ): void {
    const entry = this.entryOf(row);
    const body = replace(entry);
    const hash = entryHash({ ...entry, body });
    this.run(SQL.pruneEntry, body, hash, row.stream, row.sequence);
    this.addToHash(row.hash, -1n);
    this.addToHash(hash);
    if (row.hidden === 0) this.postCount -= 1;
  }

  hasPrunable(below: string): boolean {
    for (const [stream, last] of this.last) {
      const after = this.pruned.get(stream) ?? 0;
      if (after >= last) continue;
      const number = this.streamNumber(stream);
      if (this.attempt(() => this.statement(SQL.prunable).get(number, after, below))) return true;
    }
    return false;
  }

  seen(): ReadonlyMap<string, number> {
    const text = this.meta.get('seen') ?? '{}';
    return new Map(Object.entries(JSON.parse(text) as Record<string, number>));
  }

  saveSeen(seen: ReadonlyMap<string, number>): void {
    this.setMeta('seen', JSON.stringify(Object.fromEntries(seen)));
  }

  private streamNumber(stream: StreamId): number {
    const known = this.streamNumbers.get(stream);
    if (known !== undefined) return known;
    const { lastInsertRowid } = this.run(SQL.addStream, stream);
    const number = Number(lastInsertRowid);
    this.streamNumbers.set(stream, number);
    this.streamNames.set(number, stream);
    return number;
  }

  /** Hides whichever of two entries of one request is higher. @returns whether the new one is */
  private settleRequest(requestId: string, place: string): boolean {
    const rows = this.attempt(() =>
      this.statement(SQL.sameRequest).all(requestId),
    ) as unknown as (Row & {
      hidden: number;
      room: string | null;
    })[];
    const shown = rows.find((row) => row.hidden === 0);
    if (!shown) return false;
    if (shown.place < place) return true;
    this.run(SQL.hide, 1, shown.stream, shown.sequence);
    if (shown.room) this.postCount -= 1;
    return false;
  }

  private noteNumber(requestId: string): void {
    const slash = requestId.lastIndexOf('/');
    this.run(SQL.setHighest, requestId.slice(0, slash), Number(requestId.slice(slash + 1)));
  }

  saveBase(stream: StreamId, base: Digest): void {
    const made = Number(this.meta.get('basesMade') ?? 0) + 1;
    this.setMeta('basesMade', String(made));
    this.run(SQL.addBase, stream, JSON.stringify(Object.fromEntries(base)), made);
    this.run(SQL.dropBases, made - BASES_MAX);
  }

  newestBase(): { stream: StreamId; digest: Digest } | null {
    return this.attempt(() => baseOf(this.statement(SQL.newestBase).get()));
  }

  base(stream: StreamId): Digest | null {
    return this.attempt(() => baseOf(this.statement(SQL.base).get(stream)))?.digest ?? null;
  }

  private entryOf(columns: unknown): Entry {
    const row = columns as Row;
    const [hlcMs, hlcCounter] = row.place.split('.');
    const stream = parseStreamId(this.streamNames.get(row.stream) ?? '');
    const entry: Entry = {
      ...stream,
      sequence: row.sequence,
      hlcMs: Number.parseInt(hlcMs ?? '', 16),
      hlcCounter: Number.parseInt(hlcCounter ?? '', 16),
      wallMs: row.wall_ms,
      body: row.body,
    };
    const sound = orderOf(entry) === row.place && Buffer.compare(entryHash(entry), row.hash) === 0;
    if (!sound) {
      const name = `${streamIdOf(entry)}/${row.sequence}`;
      throw new StoreError('damaged', `${this.path}: entry ${name} is damaged; ${DAMAGE_ADVICE}`);
    }
    return entry;
  }

  private rows(sql: string, ...values: SQLInputValue[]): Entry[] {
    const rows = this.attempt(() => this.statement(sql).all(...values));
    return rows.map((row) => this.entryOf(row));
  }

  readStream(query: { stream: StreamId; after: number; limit: number; bytesMax: number }): Entry[] {
    const number = this.streamNumbers.get(query.stream);
    if (number === undefined) return [];
    const rows = this.iterate(SQL.readStream, number, query.after, query.limit);
    const entries: Entry[] = [];
    let bytes = 0;
    for (const entry of rows) {
      bytes += Buffer.byteLength(entry.body);
      if (entries.length > 0 && bytes > query.bytesMax) break;
      entries.push(entry);
    }
    return entries;
  }

  readOthers(): Iterable<Entry> {
    return this.iterate(SQL.readOthers);
  }

  /** Entries one by one, for results that are not to be in memory as a whole. */
  private *iterate(sql: string, ...values: SQLInputValue[]): Iterable<Entry> {
    try {
      for (const row of this.statement(sql).iterate(...values)) yield this.entryOf(row);
    } catch (error) {
      throw storeErrorOf(error, this.path);
    }
  }

  readPosts(query: { room: string; before: string | null; limit: number }): Entry[] {
    return this.rows(SQL.readPosts, query.room, query.before ?? AFTER_ALL, query.limit).reverse();
  }

  latestOrder(room: string): string | null {
    const row = this.attempt(() => this.statement(SQL.latest).get(room)) as
      | { place: string }
      | undefined;
    return row?.place ?? null;
  }

  findRequest(requestId: string): Entry | null {
    return this.rows(SQL.findRequest, requestId)[0] ?? null;
  }

  highestNumber(sessionId: string): number {
    const row = this.attempt(() => this.statement(SQL.highest).get(sessionId)) as
      | { highest: number }
      | undefined;
    return row?.highest ?? 0;
  }

  close(): void {
    // Closing rolls back what was not committed.
    this.database.close();
  }
}

function baseOf(columns: unknown): { stream: StreamId; digest: Digest } | null {
  const row = columns as { stream: string; digest: string } | undefined;
  if (!row) return null;
  const digest = new Map(Object.entries(JSON.parse(row.digest) as Record<string, number>));
  return { stream: row.stream, digest };
}
