// What only a disk can do: outlive a process, be damaged, be full, be someone else's, be of another age.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { orderOf, streamIdOf } from '../../../daemon/ring/entry.ts';
import { openSqliteStore } from '../../../daemon/store/sqlite-store.ts';
import { type Store, StoreError } from '../../../daemon/store/store.ts';
import { entryOf, storedOther, storedPost } from '../../support/entries.ts';

async function emptyDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'syncnet-store-'));
  context.after(() => rm(directory, { recursive: true }));
  return directory;
}

let made = 0;
function open(directory: string): Store {
  const incarnationOf = () => {
    made += 1;
    return made.toString(16).padStart(16, '0');
  };
  return openSqliteStore({ directory, incarnationOf });
}

function fill(store: Store, count: number): void {
  store.begin();
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const entry = entryOf({ sequence });
    if (sequence % 3 === 0) store.append(storedOther(entry, `s/${sequence}`));
    else store.append(storedPost(entry, 'general', `s/${sequence}`));
  }
  store.saveRingRecord({ installedTerm: 1, promisedTerm: 2 });
  store.saveBase(STREAM, new Map([['0.1.aa', 4]]));
  store.commit();
}

const STREAM = streamIdOf(entryOf({ sequence: 1 }));

const everything = (store: Store) => ({
  record: store.ringRecord(),
  digest: store.digest(),
  counts: store.counts(),
  hash: store.historyHash(),
  time: store.highestTime(),
  base: store.base(STREAM),
  latest: store.latestOrder('general'),
  number: store.highestNumber('s'),
  posts: store.readPosts({ room: 'general', before: null, limit: 99 }),
  others: [...store.readOthers()],
});

function codeOf(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    return { code: error.code, message: error.message };
  }
  return assert.fail('nothing was thrown');
}

test('what was committed is there after a restart, counts and hash included', async (context) => {
  const directory = await emptyDirectory(context);
  const first = open(directory);
  fill(first, 20);
  const before = everything(first);
  first.close();
  const second = open(directory);
  context.after(() => second.close());
  assert.deepEqual(everything(second), before);
  assert.equal(before.counts.entries, 20);
});

/** What a process that is killed now leaves behind. */
function killed(directory: string): string {
  const copy = join(directory, 'killed');
  mkdirSync(copy);
  for (const file of readdirSync(directory))
    if (file.startsWith('history.db')) cpSync(join(directory, file), join(copy, file));
  return copy;
}

test('what was committed is there after a kill, counts, sessions and hash included', async (context) => {
  const directory = await emptyDirectory(context);
  const store = open(directory);
  context.after(() => store.close());
  fill(store, 1_500);
  // Each in a commit of its own. What comes last hides another copy, which cannot wait.
  for (let sequence = 1_501; sequence <= 1_520; sequence += 1) {
    store.begin();
    store.append(storedPost(entryOf({ sequence }), 'general', `t/${sequence}`));
    store.commit();
  }
  store.begin();
  store.append(storedPost(entryOf({ sequence: 1, term: 2, hlcMs: 900 }), 'general', 's/1'));
  store.commit();
  const again = open(killed(directory));
  context.after(() => again.close());
  assert.deepEqual(everything(again), everything(store));
  assert.equal(again.highestNumber('t'), 1_520);
  assert.equal(again.counts().entries, 1_521);
  assert.deepEqual(again.damaged(), []);
});

test('of what was committed last before a kill, a damaged entry is known, and one at the very end is left to peers', async (context) => {
  const directory = await emptyDirectory(context);
  const store = open(directory);
  context.after(() => store.close());
  fill(store, 6);
  const copy = killed(directory);
  const database = new DatabaseSync(join(copy, 'history.db'));
  database.exec("UPDATE entries SET body = 'forged' WHERE sequence IN (4, 6)");
  database.close();
  const again = open(copy);
  context.after(() => again.close());
  assert.deepEqual(
    again.damaged().map(({ sequence }) => sequence),
    [4],
  );
  assert.equal(again.digest().get(STREAM), 5);
  assert.equal(again.damaged()[0]?.kind, 'post');
  again.begin();
  again.repair(storedPost(entryOf({ sequence: 4 }), 'general', 's/4'), () => '');
  again.commit();
  again.begin();
  again.append(storedOther(entryOf({ sequence: 6 }), 's/6'));
  again.commit();
  assert.deepEqual(everything(again), everything(store));
});

test('what was not committed is not there after a restart', async (context) => {
  const directory = await emptyDirectory(context);
  const first = open(directory);
  fill(first, 3);
  const before = everything(first);
  first.begin();
  first.append(storedPost(entryOf({ sequence: 4 }), 'general', 's/4'));
  first.append(storedPost(entryOf({ sequence: 1, term: 9 }), 'general', 's/5'));
  first.saveRingRecord({ installedTerm: 7, promisedTerm: 7 });
  first.close();
  const second = open(directory);
  context.after(() => second.close());
  assert.deepEqual(everything(second), before);
  second.begin();
  second.append(storedPost(entryOf({ sequence: 4 }), 'general', 's/4'));
  second.commit();
  assert.equal(second.digest().get(STREAM), 4);
});

test('a directory that is made is for its owner only', async (context) => {
  const directory = join(await emptyDirectory(context), 'deep', 'data');
  open(directory).close();
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
});

test('a second daemon on the same directory is told so', async (context) => {
  const directory = await emptyDirectory(context);
  const first = open(directory);
  context.after(() => first.close());
  const store = new URL('../../../daemon/store/sqlite-store.ts', import.meta.url).pathname;
  const program = `import { openSqliteStore } from ${JSON.stringify(store)};
    try { openSqliteStore({ directory: ${JSON.stringify(directory)}, incarnationOf: () => '' }); }
    catch (error) { console.log(error.code, error.message); }`;
  const args = ['--input-type=module-typescript', '--eval', program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  assert.match(stdout, /^locked .*history\.db: another syncnet-daemon uses this directory/);
  assert.equal(stderr, '', 'no warning is printed');
  assert.equal(codeOf(() => open(directory)).code, 'locked');
});

test('the directory is free again once its daemon has closed it', async (context) => {
  const directory = await emptyDirectory(context);
  open(directory).close();
  const again = open(directory);
  assert.deepEqual(again.counts(), { entries: 0, posts: 0 });
  again.close();
});

test('a file that is no database is refused with what to do', async (context) => {
  const directory = await emptyDirectory(context);
  await writeFile(join(directory, 'history.db'), 'not a database, but long enough '.repeat(100));
  const { code, message } = codeOf(() => open(directory));
  assert.equal(code, 'damaged');
  assert.match(message, /history\.db: it is no SyncNet history: give --data another directory/);
});

test('a file in place of the directory is refused with its path', async (context) => {
  const path = join(await emptyDirectory(context), 'file');
  await writeFile(path, '');
  const { code, message } = codeOf(() => open(path));
  assert.equal(code, 'failed');
  assert.match(message, /file.*there is a file in place of the directory/);
});

test('a history that cannot be opened is refused with what to do', async (context) => {
  const directory = await emptyDirectory(context);
  await mkdir(join(directory, 'history.db'));
  const { code, message } = codeOf(() => open(directory));
  assert.equal(code, 'failed');
  assert.match(message, /history\.db: it cannot be opened: check its owner and mode/);
});

test('a history of a newer version is left alone', async (context) => {
  const directory = await emptyDirectory(context);
  open(directory).close();
  const database = new DatabaseSync(join(directory, 'history.db'));
  database.exec('PRAGMA user_version = 99');
  database.close();
  const { code, message } = codeOf(() => open(directory));
  assert.equal(code, 'newer');
  assert.match(message, /written by a newer version of syncnet-daemon/);
});

/** A disk that is full, as SQLite sees it: no more pages than there are now. */
function fillUp(store: Store): void {
  const { database } = (store as unknown as { file: { database: DatabaseSync } }).file;
  const { page_count: pages } = database.prepare('PRAGMA page_count').get() as {
    page_count: number;
  };
  database.exec(`PRAGMA max_page_count = ${pages}`);
}

test('a full disk loses nothing that was committed, and says so', async (context) => {
  const directory = await emptyDirectory(context);
  const store = open(directory);
  fill(store, 6);
  const before = everything(store);
  fillUp(store);
  const { code, message } = codeOf(() => {
    store.begin();
    for (let sequence = 7; sequence < 2_000; sequence += 1) {
      const body = 'x'.repeat(1_000);
      store.append(storedPost(entryOf({ sequence, body }), 'general', `s/${sequence}`));
    }
    store.commit();
  });
  assert.equal(code, 'full');
  assert.match(message, /history\.db: the disk is full: free some space and start again/);
  store.close();
  const again = open(directory);
  context.after(() => again.close());
  assert.deepEqual(everything(again), before);
});

test('a commit that fails leaves the store as it was before its transaction', async (context) => {
  const directory = await emptyDirectory(context);
  const store = open(directory);
  context.after(() => store.close());
  fill(store, 6);
  const before = everything(store);
  const { database } = (store as unknown as { file: { database: DatabaseSync } }).file;
  store.begin();
  store.append(storedPost(entryOf({ sequence: 7 }), 'general', 's/7'));
  // The disk takes the transaction back by itself, as it does when it fails.
  database.exec('ROLLBACK');
  assert.equal(codeOf(() => store.commit()).code, 'failed');
  assert.deepEqual(everything(store), before);
  store.begin();
  store.append(storedPost(entryOf({ sequence: 7 }), 'general', 's/7'));
  store.commit();
  assert.equal(store.counts().entries, 7);
});

/** The first schema that was ever released, frozen: a history made then opens today. */
const FIRST_SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, last INTEGER NOT NULL);
  CREATE TABLE entries (
    stream INTEGER NOT NULL, sequence INTEGER NOT NULL, place TEXT NOT NULL, room TEXT, request TEXT,
    hidden INTEGER NOT NULL, wall_ms INTEGER NOT NULL, body TEXT NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (stream, sequence)
  ) WITHOUT ROWID;
  CREATE INDEX entries_by_room ON entries (room, place) WHERE room IS NOT NULL AND hidden = 0;
  CREATE INDEX entries_by_request ON entries (request) WHERE request IS NOT NULL;
  CREATE INDEX entries_other ON entries (stream, sequence) WHERE room IS NULL;
  CREATE TABLE sessions (id TEXT PRIMARY KEY, highest INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE bases (stream TEXT PRIMARY KEY, digest TEXT NOT NULL, made INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO meta VALUES ('incarnation', '00000000000000ff'), ('installedTerm', '1'),
    ('promisedTerm', '1'), ('entryCount', '1'), ('postCount', '1'),
    ('historyHash', '1f49938090adbbd365da16afa5fd7b216aa7be8ca6758a9d457c31281f58bd57'),
    ('highestPlace', '0000000003e9.000000.0000000001.000003.00000000000000aa.0000000001');
  INSERT INTO streams VALUES (1, '1.3.00000000000000aa', 1);
  INSERT INTO entries VALUES (1, 1, '0000000003e9.000000.0000000001.000003.00000000000000aa.0000000001',
    'general', 's/1', 0, 1001, 'body 1', X'FIRST_HASH');
  INSERT INTO sessions VALUES ('s', 1);
  PRAGMA user_version = 1;
`;
const FIRST_HASH = '1f49938090adbbd365da16afa5fd7b216aa7be8ca6758a9d457c31281f58bd57';

test('a history of the first schema opens, and is read and added to', async (context) => {
  const directory = await emptyDirectory(context);
  const database = new DatabaseSync(join(directory, 'history.db'));
  database.exec(FIRST_SCHEMA.replace('FIRST_HASH', FIRST_HASH));
  database.close();
  const store = open(directory);
  context.after(() => store.close());
  assert.equal(store.ringRecord().incarnation, '00000000000000ff');
  const first = entryOf({ sequence: 1 });
  assert.deepEqual(store.readPosts({ room: 'general', before: null, limit: 9 }), [first]);
  store.begin();
  store.append(storedPost(entryOf({ sequence: 2 }), 'general', 's/2'));
  store.commit();
  assert.equal(store.latestOrder('general'), orderOf(entryOf({ sequence: 2 })));
  assert.deepEqual(store.counts(), { entries: 2, posts: 2 });
});
