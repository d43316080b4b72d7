// The store of a daemon: a journal in front of the tables. What a turn adds is written to the journal and synced, and
// may be shown; into the tables it goes a little later, many turns at once, without a sync of its own. Whoever asks for
// what is still on the way has it put there first, so that only the tables are ever read.
//
//   append ──▶ waiting ──commit: journal, synced──▶ waiting ──settle, or a few each tick──▶ tables
//
// Whatever else is saved goes into the tables in a synced transaction: what the journal has is on the disk before it. When
// everything goes there, the journal begins anew. After a crash what is in the journal and not in the tables is put
// there first of all. A disk that failed once is not trusted again: nothing is written after that, until a new start.
//
// The file is long for the many questions of `Store`, each of which says what of the waiting it needs in the tables.
import { join } from 'node:path';
import { type Digest, type Entry, type StreamId, streamIdOf } from '../ring/entry.ts';
import type { DamagedEntry } from './damage.ts';
import { Journal } from './journal.ts';
import { type JournalFile, openJournalFile } from './journal-file.ts';
import { storeErrorOf } from './sqlite-errors.ts';
import { openSqliteStore, type SqliteStore } from './sqlite-store.ts';
import {
  type IndexOf,
  type PostsQuery,
  type Store,
  type StoredEntry,
  StoreError,
} from './store.ts';
import { sessionAndNumber, WaitingEntries } from './waiting-entries.ts';

/** Entries of one turn that go into the tables at once: a backlog, which the journal would only write twice. */
const JOURNALED_ENTRIES_MAX = 1_000;

/** The journal begins anew beyond this: some ten thousand posts, put back in a second after a crash. */
const JOURNAL_BYTES_MAX = 4 * 1024 * 1024;

/** Entries that may wait before turns take some of them along; and how many one does, in some milliseconds. */
const WAITING_MAX = 1_000;
const SETTLED_PER_TURN = 400;

/** What search reads behind the room: only what is in the tables. */
export type SettledEntries = Pick<Store, 'digest' | 'readStream'>;

export type JournaledStore = Store &
  Readonly<{
    settled: SettledEntries;
    /** Whether nothing is on its way there. */
    isSettled(): boolean;
    /** Puts some of what waits into the tables: to be called now and then. */
    tidy(): void;
  }>;

/**
 * @param openFile opens the journal's file, or makes it
 * @throws StoreError like `openSqliteStore`
 */
export function openJournaledStore(options: {
  directory: string;
  incarnationOf: () => string;
  openFile?: (path: string) => JournalFile;
}): JournaledStore {
  const { directory, openFile = openJournalFile } = options;
  const path = join(directory, 'journal');
  const tables = openSqliteStore(options);
  let file: JournalFile | null = null;
  try {
    file = openFile(path);
    return new JournaledTables(tables, file, directory);
  } catch (error) {
    file?.close();
    tables.close();
    throw storeErrorOf(error, path);
  }
}

class JournaledTables implements JournaledStore {
  private readonly tables: SqliteStore;
  private readonly journal: Journal;
  private readonly directory: string;
  private readonly waiting = new WaitingEntries();
  /** Of this turn: in no journal yet. */
  private fresh: StoredEntry[] = [];
  /** Between `begin` and `commit`. */
  private inTurn = false;
  private transaction: 'none' | 'unsynced' | 'synced' = 'none';
  /** Something was saved in this turn that no journal has. */
  private mustSync = false;
  /** In the journal, and in a transaction that is not over. */
  private settling: StoredEntry[] = [];
  /** The journal may have the text of a post that was pruned in this turn. */
  private mustErase = false;
  /** The disk did not take something. */
  private failure: StoreError | null = null;

  constructor(tables: SqliteStore, file: JournalFile, directory: string) {
    this.tables = tables;
    this.directory = directory;
    this.journal = new Journal(file, tables.journalRound());
    const kept = this.journal.read();
    if (kept.length > 0) this.putBack(kept);
  }

  private putBack(kept: readonly StoredEntry[]): void {
    this.begin();
    this.openTransaction();
    for (const stored of kept) this.putBackOne(stored);
    this.saveInTables();
    this.endTurn();
  }

  private putBackOne(stored: StoredEntry): void {
    const stream = streamIdOf(stored.entry);
    const { sequence } = stored.entry;
    let last = this.tables.lastOf(stream);
    if (sequence <= last) return;
    // Behind a record that the disk has damaged: what was in it is held by others, and repaired from them.
    while (++last < sequence) this.tables.leaveHole({ stream, sequence: last, kind: 'other' });
    this.tables.append(stored);
  }

  get settled(): SettledEntries {
    return this.tables;
  }

  isSettled(): boolean {
    return this.waiting.list.length === 0;
  }

  // --- writing ---

  begin(): void {
    this.assertSound();
    this.inTurn = true;
  }

  commit(): void {
    const arrived = this.fresh.length;
    this.attempt(() => this.save());
    this.endTurn();
    // As many as came, so that no more wait in the end than may.
    if (this.waiting.list.length > WAITING_MAX)
      this.settleSome(Math.max(SETTLED_PER_TURN, arrived));
  }

  private endTurn(): void {
    this.inTurn = false;
    this.fresh = [];
    this.settling = [];
  }

  private assertSound(): void {
    if (this.failure) throw this.failure;
  }

  /** Runs what writes. What it throws is the end of all writing: what a disk has is known only to a new start. */
  private attempt(work: () => void): void {
    this.assertSound();
    try {
      work();
    } catch (error) {
      this.failure = storeErrorOf(error, this.directory);
      this.rollBackQuietly();
      throw this.failure;
    }
  }

  private save(): void {
    const { fresh, journal } = this;
    const isLong = fresh.length > JOURNALED_ENTRIES_MAX || journal.bytes > JOURNAL_BYTES_MAX;
    if (isLong || this.mustErase) return this.saveInTables();
    // What is synced by itself leaves out what waits. A commit of nothing would sync nothing of what went before it.
    const isAlone = fresh.length === 0 && this.transaction === 'synced';
    if (this.mustSync && !isAlone) return this.saveInTables();
    if (fresh.length > 0) this.write(fresh);
    this.commitTables();
    this.mustSync = false;
  }

  private write(fresh: readonly StoredEntry[]): void {
    try {
      this.journal.write(fresh);
    } catch (error) {
      throw storeErrorOf(error, this.journal.path);
    }
  }

  /** Everything there is, synced: the journal is not needed any longer. */
  private saveInTables(): void {
    // A transaction that began without a sync is followed by one that has it, which covers both.
    if (this.transaction === 'unsynced') {
      this.settle();
      this.commitTables();
    }
    this.openTransaction();
    this.settle();
    this.tables.saveJournalRound(this.journal.nextRound);
    this.commitTables();
    this.mustSync = false;
    if (this.mustErase) this.journal.erase();
    else this.journal.restart();
    this.mustErase = false;
  }

  private commitTables(): void {
    if (this.transaction === 'none') return;
    this.tables.commit();
    this.transaction = 'none';
  }

  /** What could not be committed never was; what is in the journal waits again. */
  private rollBack(): void {
    this.transaction = 'none';
    const fresh = new Set(this.fresh);
    const kept = [...this.settling, ...this.waiting.list].filter((each) => !fresh.has(each));
    this.waiting.reset(kept);
    this.endTurn();
    this.mustSync = false;
    this.mustErase = false;
    this.tables.rollBack();
  }

  private rollBackQuietly(): void {
    try {
      this.rollBack();
    } catch {
      // A disk that cannot be read either: the failure that came first is the one to be told of.
    }
  }

  /** For what no journal has: it is synced with this turn. */
  private openTransaction(): void {
    this.assertSound();
    this.mustSync = true;
    if (this.transaction !== 'none') return;
    this.tables.begin();
    this.transaction = 'synced';
  }

  /** Puts everything that waits into the tables, so that it is read from there. */
  private settle(): void {
    const { length } = this.waiting.list;
    if (length > 0) this.settleSome(length);
  }

  private settleSome(count: number): void {
    this.attempt(() => {
      const isAlone = this.transaction === 'none';
      if (isAlone) {
        this.tables.beginUnsynced();
        this.transaction = 'unsynced';
      }
      const due = this.waiting.take(count);
      this.settling.push(...due);
      for (const stored of due) this.tables.append(stored);
      if (!isAlone || this.inTurn) return;
      this.commitTables();
      this.settling = [];
    });
  }

  tidy(): void {
    const count = Math.min(SETTLED_PER_TURN, this.waiting.list.length - this.fresh.length);
    // While a turn has a transaction of its own they go with that one, or with the next.
    if (count > 0 && this.transaction === 'none') this.settleSome(count);
  }

  append(stored: StoredEntry): void {
    this.assertSound();
    const { entry, index } = stored;
    const stream = streamIdOf(entry);
    if (entry.sequence !== this.lastOf(stream) + 1) {
      const text = `entry ${entry.sequence} does not follow in stream ${stream}`;
      throw new StoreError('failed', `${this.directory}: ${text}`);
    }
    // Which of two entries of one request is shown is for the tables to say.
    const isRepeat = index.requestId !== null && this.hasRequest(index.requestId);
    this.fresh.push(stored);
    this.waiting.add(stored);
    if (isRepeat) this.settle();
  }

  private hasRequest(requestId: string): boolean {
    const { session, number } = sessionAndNumber(requestId);
    return !(number > this.highestNumber(session));
  }

  saveRingRecord(record: { installedTerm: number; promisedTerm: number }): void {
    this.openTransaction();
    this.tables.saveRingRecord(record);
  }

  leaveHole(hole: DamagedEntry): void {
    this.openTransaction();
    this.settle();
    this.tables.leaveHole(hole);
  }

  saveBase(stream: StreamId, base: Digest): void {
    this.openTransaction();
    this.tables.saveBase(stream, base);
  }

  saveSeen(seen: ReadonlyMap<string, number>): void {
    this.openTransaction();
    this.tables.saveSeen(seen);
  }

  prune(query: Parameters<Store['prune']>[0]): number {
    this.openTransaction();
    this.settle();
    const looked = this.tables.prune(query);
    if (looked > 0) this.mustErase = true;
    return looked;
  }

  repair(stored: StoredEntry, pruned: (entry: Entry) => string) {
    this.openTransaction();
    this.settle();
    return this.tables.repair(stored, pruned);
  }

  noteLost(stream: StreamId, sequence: number): void {
    this.tables.noteLost(stream, sequence);
  }

  // --- reading ---

  private lastOf(stream: StreamId): number {
    return Math.max(this.waiting.lastOf(stream), this.tables.lastOf(stream));
  }

  /** Puts what waits into the tables when an answer might lack it. */
  private settleIf(mayLack: boolean): SqliteStore {
    if (mayLack) this.settle();
    return this.tables;
  }

  private withRequest(requestId: string): SqliteStore {
    const { session } = sessionAndNumber(requestId);
    return this.settleIf(this.waiting.highestNumber(session) > 0);
  }

  ringRecord() {
    return this.tables.ringRecord();
  }

  digest(): Map<StreamId, number> {
    const digest = this.tables.digest();
    for (const [stream] of this.waiting.streams()) digest.set(stream, this.lastOf(stream));
    return digest;
  }

  counts() {
    return this.settleIf(true).counts();
  }

  historyHash(): string {
    return this.settleIf(true).historyHash();
  }

  highestTime() {
    return this.settleIf(true).highestTime();
  }

  hasPrunable(below: string): boolean {
    return this.settleIf(true).hasPrunable(below);
  }

  seen() {
    return this.tables.seen();
  }

  newestBase() {
    return this.tables.newestBase();
  }

  base(stream: StreamId): Digest | null {
    return this.tables.base(stream);
  }

  damaged() {
    return this.tables.damaged();
  }

  scrub(limit: number, indexOf: IndexOf) {
    return this.tables.scrub(limit, indexOf);
  }

  readEntry(stream: StreamId, sequence: number): Entry | null {
    return this.settleIf(this.waiting.lastOf(stream) > 0).readEntry(stream, sequence);
  }

  readStream(query: Parameters<Store['readStream']>[0]): Entry[] {
    return this.settleIf(this.waiting.lastOf(query.stream) > 0).readStream(query);
  }

  readOthers(): Iterable<Entry> {
    return this.settleIf(true).readOthers();
  }

  readPosts(query: PostsQuery): Entry[] {
    return this.settleIf(this.waiting.latestOrder(query.room) !== null).readPosts(query);
  }

  latestOrder(room: string): string | null {
    const waiting = this.waiting.latestOrder(room);
    const settled = this.tables.latestOrder(room);
    return waiting !== null && waiting > (settled ?? '') ? waiting : settled;
  }

  findRequest(requestId: string): Entry | null {
    return this.withRequest(requestId).findRequest(requestId);
  }

  firstPlace(requestId: string): string | null {
    return this.withRequest(requestId).firstPlace(requestId);
  }

  highestNumber(sessionId: string): number {
    const waiting = this.waiting.highestNumber(sessionId);
    return Math.max(waiting, this.tables.highestNumber(sessionId));
  }

  close(): void {
    try {
      this.drain();
    } catch {
      // The journal has it: it is put back at the next start.
    }
    this.tables.close();
    this.journal.close();
  }

  /** Leaves nothing in the journal that counts. */
  private drain(): void {
    if (this.failure) return;
    if (this.inTurn) this.rollBack();
    if (this.journal.bytes > 0) this.attempt(() => this.saveInTables());
  }
}
