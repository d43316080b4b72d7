// The store on a real disk: SQLite through node:sqlite. This file writes, and keeps mirrors of what is on the
// disk so that reading them costs nothing; its parts read entries, and repair them.
import { type Digest, type Entry, entryHash, type StreamId, streamIdOf } from '../ring/entry.ts';
import { Damage, type DamagedEntry } from './damage.ts';
import { HashSum } from './hash-sum.ts';
import { SessionTable } from './session-table.ts';
import { storeErrorOf } from './sqlite-errors.ts';
import { openSqliteFile, type SqliteFile } from './sqlite-file.ts';
import { type FilingBounds, SqliteIndex } from './sqlite-index.ts';
import { SqlitePrune } from './sqlite-prune.ts';
import { SqliteReader } from './sqlite-reader.ts';
import { roomColumn, SqliteRepair } from './sqlite-repair.ts';
import {
  type IndexOf,
  type PostsQuery,
  type Store,
  type StoredEntry,
  StoreError,
} from './store.ts';
import { type StreamRow, StreamTable } from './stream-table.ts';

/** Cursors older than so many views are answered with a reset: their bases are forgotten. */
const BASES_MAX = 200;

/** Entries of one transaction that are a backlog: more than a busy room brings. */
const BACKLOG_ENTRIES_MIN = 2_000;

/**
 * What a commit writes of a post is its row alone. How far streams and sessions have come, and the sums over all entries,
 * follow every so many entries, and when the store is closed: what they lack is counted again from the rows at the next
 * start, in some milliseconds.
 */
const TAIL_MAX = 1_000;

const SQL = {
  meta: 'SELECT key, value FROM meta',
  streams: 'SELECT id, name, last, pruned, filed FROM streams',
  tails: `SELECT name FROM streams
    WHERE EXISTS (SELECT 1 FROM entries WHERE stream = streams.id AND sequence > streams.last)`,
  setMeta: 'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  addStream: 'INSERT INTO streams (name, last) VALUES (?, 0)',
  setLast: 'UPDATE streams SET last = ?, pruned = ?, filed = ? WHERE id = ?',
  // A damaged key may stand where this one belongs.
  addEntry: 'INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  hide: 'UPDATE entries SET hidden = ? WHERE stream = ? AND sequence = ?',
  addBase: 'INSERT OR REPLACE INTO bases VALUES (?, ?, ?)',
  dropBases: 'DELETE FROM bases WHERE made <= ?',
  base: 'SELECT stream, digest FROM bases WHERE stream = ?',
  newestBase: 'SELECT stream, digest FROM bases ORDER BY made DESC LIMIT 1',
  damaged: 'SELECT stream, sequence, kind FROM damaged',
  addDamaged: 'INSERT OR REPLACE INTO damaged VALUES (?, ?, ?)',
  dropDamaged: 'DELETE FROM damaged WHERE stream = ? AND sequence = ?',
} as const;

/**
 * Opens, or makes, the store of a data directory, and keeps everyone else out of it.
 * @param options.incarnationOf makes the 16 hex digits that a new directory is known by
 * @param options.filing those of the product where none are given
 * @throws StoreError `locked`, `newer`, `damaged`, `full` or `failed`, with the path and what to do
 */
export function openSqliteStore(options: {
  directory: string;
  incarnationOf: () => string;
  filing?: FilingBounds;
}): Store {
  const file = openSqliteFile(options.directory);
  try {
    return new SqliteStore(file, options);
  } catch (error) {
    file.database.close();
    throw storeErrorOf(error, file.path);
  }
}

class SqliteStore implements Store {
  private readonly file: SqliteFile;
  private readonly streams = new StreamTable();
  private readonly damage = new Damage();
  private readonly sessions: SessionTable;
  private readonly index: SqliteIndex;
  private readonly reader: SqliteReader;
  private readonly repairs: SqliteRepair;
  private readonly pruning: SqlitePrune;
  /** Mirrors of what is on the disk; `reload` fills them. */
  private meta = new Map<string, string>();
  private readonly hash = new HashSum();
  private entryCount = 0;
  private postCount = 0;
  private highestPlace = '';
  /** Of rooms that were asked for: the place of the newest post. Not asked while anything is damaged. */
  private readonly latestPlaces = new Map<string, string | null>();
  /** Entries that are not in streams, sessions and sums on the disk yet. */
  private tail = 0;
  /** What was changed besides cannot be found again from their rows. */
  private isChanged = false;
  private hasRepaired = false;
  /** Between `begin` and `commit`: what was changed here since may not be on the disk. */
  private isBegun = false;
  /** Entries appended in this transaction. */
  private appended = 0;
  /** What is filed when all is that is being filed now. */
  private filingTo: Digest | null = null;

  constructor(
    file: SqliteFile,
    { incarnationOf, filing }: { incarnationOf: () => string; filing?: FilingBounds },
  ) {
    this.file = file;
    const { streams, damage } = this;
    this.sessions = new SessionTable(file);
    this.index = new SqliteIndex(file, filing);
    const { index } = this;
    this.reader = new SqliteReader({ file, streams, damage, index });
    const { reader } = this;
    this.repairs = new SqliteRepair({ file, streams, damage, reader, index });
    this.pruning = new SqlitePrune({ file, streams, reader, index });
    this.reload();
    if (!this.meta.has('incarnation')) this.setMeta('incarnation', incarnationOf());
  }

  private reload(): void {
    const rows = this.file.all(SQL.meta) as { key: string; value: string }[];
    this.meta = new Map(rows.map(({ key, value }) => [key, value]));
    this.hash.value = BigInt(`0x${this.meta.get('historyHash') ?? '0'}`);
    this.entryCount = Number(this.meta.get('entryCount') ?? 0);
    this.postCount = Number(this.meta.get('postCount') ?? 0);
    this.highestPlace = this.meta.get('highestPlace') ?? '';
    this.streams.reset(this.file.all(SQL.streams) as StreamRow[]);
    this.damage.reset(this.file.all(SQL.damaged) as DamagedEntry[]);
    this.sessions.reset();
    this.latestPlaces.clear();
    this.isChanged = false;
    this.hasRepaired = false;
    this.tail = 0;
    for (const { name } of this.file.all(SQL.tails) as { name: StreamId }[]) this.addTail(name);
    this.index.reset(this.reader.unfiled());
    this.filingTo = null;
  }

  /**
   * Counts what was committed after streams, sessions and sums were saved last. Nobody can tell a damaged row behind it
   * from a stray one: a peer has that entry.
   */
  private addTail(stream: StreamId): void {
    for (const { row, isSound } of this.reader.behind(stream, TAIL_MAX)) {
      const { sequence, hash, place, request, room, hidden } = row;
      for (let missing = this.streams.lastOf(stream) + 1; missing < sequence; missing += 1)
        this.countHole({ stream, sequence: missing, kind: 'other' });
      if (!isSound) this.countHole({ stream, sequence, kind: room === null ? 'other' : 'post' });
      else {
        this.count(stream, sequence);
        if (request !== null) this.sessions.note(request);
        const bytes = Buffer.from(hash, 'hex');
        this.addUp({ hash: bytes, place, isShown: Boolean(room) && hidden === 0 });
      }
    }
  }

  private countHole(hole: DamagedEntry): void {
    this.count(hole.stream, hole.sequence);
    this.noteHole(hole);
  }

  private addUp(added: { hash: Uint8Array; place: string; isShown: boolean }): void {
    if (added.isShown) this.postCount += 1;
    this.hash.add(added.hash);
    if (added.place > this.highestPlace) this.highestPlace = added.place;
  }

  private setMeta(key: string, value: string): void {
    this.meta.set(key, value);
    this.file.run(SQL.setMeta, key, value);
  }

  ringRecord() {
    return {
      incarnation: this.meta.get('incarnation') ?? '',
      installedTerm: Number(this.meta.get('installedTerm') ?? 0),
      promisedTerm: Number(this.meta.get('promisedTerm') ?? 0),
    };
  }

  digest(): Map<StreamId, number> {
    return this.streams.digest();
  }

  counts() {
    return { entries: this.entryCount, posts: this.postCount };
  }

  historyHash(): string {
    return this.hash.value.toString(16).padStart(64, '0');
  }

  highestTime() {
    const [ms, counter] = this.highestPlace.split('.');
    return { ms: Number.parseInt(ms || '0', 16), counter: Number.parseInt(counter ?? '0', 16) };
  }

  begin(): void {
    this.isBegun = true;
    this.appended = 0;
    this.file.attempt(() => this.file.database.exec('BEGIN IMMEDIATE'));
  }

  commit(): void {
    try {
      // A full or failing disk may have ended the transaction: nothing may be written outside one.
      if (!this.file.database.isTransaction) {
        throw new StoreError('failed', `${this.file.path}: the disk gave the transaction up`);
      }
      this.saveDamage();
      this.fileKeys();
      this.saveMirrors();
      this.file.expectBacklog(this.appended >= BACKLOG_ENTRIES_MIN);
      this.file.database.exec('COMMIT');
      this.isBegun = false;
    } catch (error) {
      this.rollBack();
      throw storeErrorOf(error, this.file.path);
    }
  }

  private saveDamage(): void {
    const { found, gone } = this.damage.takeChanges();
    for (const { stream, sequence, kind } of found)
      this.file.run(SQL.addDamaged, stream, sequence, kind);
    for (const { stream, sequence } of gone) this.file.run(SQL.dropDamaged, stream, sequence);
    // What is known to be damaged is known to be held.
    if (found.length > 0) this.isChanged = true;
    if (!this.hasRepaired) return;
    this.hasRepaired = false;
    this.postCount = this.repairs.countPosts();
    this.isChanged = true;
    // Not while another hash may be the damaged part of its row.
    if (this.meta.get('sumIsUnknown') !== 'true' || this.damage.size > 0) return;
    this.hash.value = this.repairs.addUp();
    this.setMeta('sumIsUnknown', 'false');
  }

  /** Entries are looked up by what follows them here, a few thousand at a time. */
  private fileKeys(): void {
    if (this.index.isFull) {
      this.index.begin();
      this.filingTo = this.streams.digest();
    }
    if (!this.index.fileSome(this.appended) || !this.filingTo) return;
    for (const [stream, last] of this.filingTo) this.streams.setFiled(stream, last);
    this.filingTo = null;
    this.isChanged = true;
  }

  private saveMirrors(): void {
    if (!this.isChanged && this.tail < TAIL_MAX) return;
    this.isChanged = false;
    this.tail = 0;
    this.sessions.save();
    for (const { number, last, pruned, filed } of this.streams.takeTouched())
      this.file.run(SQL.setLast, last, pruned, filed, number);
    this.setMeta('historyHash', this.hash.value.toString(16));
    this.setMeta('entryCount', String(this.entryCount));
    this.setMeta('postCount', String(this.postCount));
    this.setMeta('highestPlace', this.highestPlace);
  }

  /** What could not be committed never was, here as on the disk. */
  private rollBack(): void {
    if (this.file.database.isTransaction) this.file.database.exec('ROLLBACK');
    this.isBegun = false;
    this.reload();
  }

  saveRingRecord(record: { installedTerm: number; promisedTerm: number }): void {
    this.setMeta('installedTerm', String(record.installedTerm));
    this.setMeta('promisedTerm', String(record.promisedTerm));
  }

  append({ entry, order, index }: StoredEntry): void {
    const stream = streamIdOf(entry);
    const { sequence, wallMs, body } = entry;
    const { requestId } = index;
    const column = roomColumn(index);
    // Before it counts as held: a damaged row in its place is no copy of it.
    const isHidden = requestId === null ? false : this.settleRequest(requestId, order);
    const number = this.grow(stream, sequence);
    const hash = entryHash(entry);
    const hidden = isHidden ? 1 : 0;
    const columns = [order, column, requestId, hidden, wallMs, body, hash];
    this.file.run(SQL.addEntry, number, sequence, ...columns);
    const room = column && !isHidden ? column : null;
    this.index.add({ stream: number, sequence, place: order, room, request: requestId });
    this.addUp({ hash, place: order, isShown: room !== null });
    if (room !== null) this.noteLatest(room, order);
  }

  private noteLatest(room: string, place: string): void {
    const known = this.latestPlaces.get(room);
    if (known !== undefined && (known ?? '') < place) this.latestPlaces.set(room, place);
  }

  /** Counts one more of a stream as held. @returns the number that stands for the stream */
  private grow(stream: StreamId, sequence: number): number {
    if (sequence !== this.streams.lastOf(stream) + 1) {
      const text = `entry ${sequence} does not follow in stream ${stream}`;
      throw new StoreError('failed', `${this.file.path}: ${text}`);
    }
    const number = this.streamNumber(stream);
    this.count(stream, sequence);
    this.appended += 1;
    return number;
  }

  private count(stream: StreamId, sequence: number): void {
    this.streams.setLast(stream, sequence);
    this.tail += 1;
    this.entryCount += 1;
  }

  leaveHole(hole: DamagedEntry): void {
    this.grow(hole.stream, hole.sequence);
    this.noteHole(hole);
  }

  private noteHole(hole: DamagedEntry): void {
    this.damage.note(hole);
    this.isChanged = true;
    // Its hash is known when a copy comes.
    if (this.meta.get('sumIsUnknown') !== 'true') this.setMeta('sumIsUnknown', 'true');
  }

  private streamNumber(stream: StreamId): number {
    const known = this.streams.numberOf(stream);
    if (known !== undefined) return known;
    const { lastInsertRowid } = this.file.run(SQL.addStream, stream);
    const number = Number(lastInsertRowid);
    this.streams.add(stream, number);
    return number;
  }

  /** Hides whichever of two entries of one request is higher. @returns whether the new one is */
  private settleRequest(requestId: string, place: string): boolean {
    if (this.sessions.note(requestId)) return false;
    const shown = this.reader.copies(requestId).find((row) => row.hidden === 0);
    if (!shown) return false;
    if (shown.place < place) return true;
    this.file.run(SQL.hide, 1, shown.stream, shown.sequence);
    if (shown.room) {
      this.index.dropPost(shown.room, shown.place);
      this.postCount -= 1;
      this.latestPlaces.delete(shown.room);
    }
    this.isChanged = true;
    return false;
  }

  prune(query: Parameters<Store['prune']>[0]): number {
    const looked = this.pruning.prune(query, ({ was, is, wasShown }) => {
      this.hash.add(was, -1);
      this.hash.add(is);
      if (wasShown) this.postCount -= 1;
    });
    if (looked > 0) {
      this.isChanged = true;
      this.latestPlaces.clear();
    }
    return looked;
  }

  hasPrunable(below: string): boolean {
    return this.pruning.hasPrunable(below);
  }

  seen(): ReadonlyMap<string, number> {
    const text = this.meta.get('seen') ?? '{}';
    return new Map(Object.entries(JSON.parse(text) as Record<string, number>));
  }

  saveSeen(seen: ReadonlyMap<string, number>): void {
    this.setMeta('seen', JSON.stringify(Object.fromEntries(seen)));
  }

  saveBase(stream: StreamId, base: Digest): void {
    const made = Number(this.meta.get('basesMade') ?? 0) + 1;
    this.setMeta('basesMade', String(made));
    this.file.run(SQL.addBase, stream, JSON.stringify(Object.fromEntries(base)), made);
    this.file.run(SQL.dropBases, made - BASES_MAX);
  }

  newestBase(): { stream: StreamId; digest: Digest } | null {
    return baseOf(this.file.get(SQL.newestBase));
  }

  base(stream: StreamId): Digest | null {
    return baseOf(this.file.get(SQL.base, stream))?.digest ?? null;
  }

  damaged() {
    return this.damage.list();
  }

  noteLost(stream: StreamId, sequence: number): void {
    this.damage.noteLost(stream, sequence);
  }

  repair(stored: StoredEntry, pruned: (entry: Entry) => string) {
    this.hasRepaired = true;
    this.latestPlaces.clear();
    const { leftOut, isSumKnown } = this.repairs.repair(stored, pruned);
    if (!isSumKnown) this.setMeta('sumIsUnknown', 'true');
    return { leftOut };
  }

  scrub(limit: number, indexOf: IndexOf) {
    return this.repairs.scrub(limit, indexOf);
  }

  readEntry(stream: StreamId, sequence: number) {
    return this.reader.one(stream, sequence)?.entry ?? null;
  }

  readStream(query: { stream: StreamId; after: number; limit: number; bytesMax: number }) {
    return this.reader.readStream(query);
  }

  readOthers() {
    return this.reader.readOthers();
  }

  readPosts(query: PostsQuery) {
    return this.reader.readPosts(query);
  }

  latestOrder(room: string) {
    if (this.damage.size > 0) return this.reader.latestOrder(room);
    const known = this.latestPlaces.get(room);
    if (known !== undefined) return known;
    const latest = this.reader.latestOrder(room);
    // Where that came upon damage there may be a newer one.
    if (this.damage.size === 0) this.latestPlaces.set(room, latest);
    return latest;
  }

  findRequest(requestId: string) {
    return this.reader.findRequest(requestId);
  }

  firstPlace(requestId: string) {
    return this.reader.firstPlace(requestId);
  }

  highestNumber(sessionId: string): number {
    return this.sessions.highest(sessionId);
  }

  close(): void {
    this.saveTail();
    this.file.database.close();
  }

  /** So that the next start need not. */
  private saveTail(): void {
    try {
      // What was not committed never was.
      if (this.isBegun) this.rollBack();
      if (this.tail === 0) return;
      this.begin();
      this.isChanged = true;
      this.commit();
    } catch {
      // A full disk, perhaps: the next start counts it again.
    }
  }
}

function baseOf(columns: unknown): { stream: StreamId; digest: Digest } | null {
  const row = columns as { stream: string; digest: string } | undefined;
  if (!row) return null;
  const digest = new Map(Object.entries(JSON.parse(row.digest) as Record<string, number>));
  return { stream: row.stream, digest };
}
