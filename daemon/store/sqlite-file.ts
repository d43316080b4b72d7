// The file itself: opened so that nobody else may, with today's tables, synced at every commit; and its
// statements, each prepared once, whose failures say where and what to do.
import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync as Database, SQLInputValue, StatementSync } from 'node:sqlite';
import { MIGRATIONS } from './migrations.ts';
import { DatabaseSync } from './sqlite.ts';
import { FULL_ADVICE, storeErrorOf } from './sqlite-errors.ts';
import { StoreError } from './store.ts';

/** Pages of the WAL after which SQLite checkpoints: 4 MB, some thousand posts. */
const WAL_PAGES_MAX = 1_000;

/**
 * The same while a backlog is written, 16 MB: a page that many entries change goes to its place once for all. With twice
 * as many others on the same disk wait for longer, and this server hears nobody meanwhile.
 */
const BACKLOG_WAL_PAGES_MAX = 4_000;

/** Pages in memory, in KiB: those that a thousand busy rooms change again and again. */
const CACHE_KIB = 16_000;

/** The same while a backlog is written: those that so many rooms change between two commits. */
const BACKLOG_CACHE_KIB = 48_000;

/** Free space to begin with: a WAL and what its checkpoint adds, in pages of 4 KiB. */
const FREE_BYTES_MIN = 2 * WAL_PAGES_MAX * 4_096;

export class SqliteFile {
  readonly database: Database;
  readonly path: string;
  private readonly statements = new Map<string, StatementSync>();
  private expectsBacklog = false;

  constructor(database: Database, path: string) {
    this.database = database;
    this.path = path;
  }

  /** Checkpoints seldom, while a backlog is written; or as usual. */
  expectBacklog(isExpected: boolean): void {
    if (isExpected === this.expectsBacklog) return;
    this.expectsBacklog = isExpected;
    this.database.exec(boundsFor(isExpected));
  }

  /** Runs a piece of work on the database; what it throws says where and what to do. */
  attempt<T>(work: () => T): T {
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

  run(sql: string, ...values: SQLInputValue[]) {
    return this.attempt(() => this.statement(sql).run(...values));
  }

  /** The first row; undefined when there is none. */
  get(sql: string, ...values: SQLInputValue[]): unknown {
    return this.attempt(() => this.statement(sql).get(...values));
  }

  all(sql: string, ...values: SQLInputValue[]): unknown[] {
    return this.attempt(() => this.statement(sql).all(...values));
  }

  /** Rows one by one, for results that are not to be in memory as a whole. */
  *iterate(sql: string, ...values: SQLInputValue[]): Iterable<unknown> {
    try {
      yield* this.statement(sql).iterate(...values);
    } catch (error) {
      throw storeErrorOf(error, this.path);
    }
  }
}

/** @throws StoreError `locked`, `newer`, `damaged`, `full` or `failed`, with the path and what to do */
export function openSqliteFile(directory: string): SqliteFile {
  const path = join(directory, 'history.db');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    checkSpace(directory, path);
    const database = new DatabaseSync(path);
    try {
      prepareDatabase(database, path);
      return new SqliteFile(database, path);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw storeErrorOf(error, path);
  }
}

/** What is kept in memory and in the WAL. */
function boundsFor(backlog: boolean): string {
  const pages = backlog ? BACKLOG_WAL_PAGES_MAX : WAL_PAGES_MAX;
  const kib = backlog ? BACKLOG_CACHE_KIB : CACHE_KIB;
  return `PRAGMA wal_autocheckpoint = ${pages}; PRAGMA cache_size = -${kib};`;
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
  database.exec(boundsFor(false));
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
