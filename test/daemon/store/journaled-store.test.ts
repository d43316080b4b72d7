// The journal in front of the tables: what was committed is there after a crash at any moment, and nothing else is.
import assert from 'node:assert/strict';
import { appendFile, cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { streamIdOf } from '../../../daemon/ring/entry.ts';
import { type JournaledStore, openJournaledStore } from '../../../daemon/store/journaled-store.ts';
import { openSqliteStore } from '../../../daemon/store/sqlite-store.ts';
import { type Store, StoreError } from '../../../daemon/store/store.ts';
import { entryOf, storedOther, storedPost } from '../../support/entries.ts';
import { FailingDisk } from '../../support/failing-journal-file.ts';

const STREAM = streamIdOf(entryOf({ sequence: 1 }));
const incarnationOf = () => '0123456789abcdef';

async function emptyDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'syncnet-journal-'));
  context.after(() => rm(directory, { recursive: true }));
  return directory;
}

async function opened(context: TestContext): Promise<{ directory: string; store: JournaledStore }> {
  const directory = await emptyDirectory(context);
  const store = openJournaledStore({ directory, incarnationOf });
  context.after(() => store.close());
  return { directory, store };
}

/** What is on the disk at this moment, opened as after a crash. `change` is done to it before. */
async function afterCrash(
  context: TestContext,
  directory: string,
  change: (copy: string) => Promise<void> = async () => {},
): Promise<JournaledStore> {
  const copy = await emptyDirectory(context);
  await cp(directory, copy, { recursive: true });
  await change(copy);
  const store = openJournaledStore({ directory: copy, incarnationOf });
  context.after(() => store.close());
  return store;
}

const storedOf = (sequence: number) => {
  const body = `{"body":"${sequence} ä 👩‍👩‍👧\\n"}`;
  const entry = entryOf({ sequence, body });
  return sequence % 3 === 0
    ? storedOther(entry, `s/${sequence}`)
    : storedPost(entry, 'general', `s/${sequence}`);
};

function save(store: Store, from: number, until: number): void {
  store.begin();
  for (let sequence = from; sequence <= until; sequence += 1) store.append(storedOf(sequence));
  store.commit();
}

const whole = (store: Store) => ({
  digest: store.digest(),
  counts: store.counts(),
  hash: store.historyHash(),
  time: store.highestTime(),
  number: store.highestNumber('s'),
  latest: store.latestOrder('general'),
  posts: store.readPosts({ room: 'general', before: null, limit: 99 }),
  others: [...store.readOthers()],
});

/** What a store without a journal has after the same. */
async function plain(context: TestContext, until: number) {
  const store = openSqliteStore({ directory: await emptyDirectory(context), incarnationOf });
  context.after(() => store.close());
  if (until > 0) save(store, 1, until);
  return whole(store);
}

test('what was committed is there after a crash, before it was in the tables', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  save(store, 5, 7);
  assert.equal(store.isSettled(), false);
  assert.deepEqual(whole(await afterCrash(context, directory)), await plain(context, 7));
});

test('what was not committed is not there after a crash', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  store.begin();
  store.append(storedOf(5));
  // Put into the tables by whoever reads it within the turn.
  assert.equal(store.counts().entries, 5);
  assert.deepEqual(whole(await afterCrash(context, directory)), await plain(context, 4));
});

test('a crash after some or all of it went into the tables keeps each entry once', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  store.tidy();
  assert.equal(store.isSettled(), true);
  assert.deepEqual(whole(await afterCrash(context, directory)), await plain(context, 4));
  save(store, 5, 6);
  assert.deepEqual(whole(await afterCrash(context, directory)), await plain(context, 6));
});

test('a crash soon after another one keeps what both left', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  const second = await afterCrash(context, directory);
  save(second, 5, 6);
  const { directory: place } = second as unknown as { directory: string };
  const third = await afterCrash(context, place);
  assert.deepEqual(whole(third), await plain(context, 6));
});

test('a record that was torn by the crash is left out, with nothing before it', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  const { length } = await readFile(join(directory, 'journal'));
  save(store, 5, 6);
  const torn = async (copy: string) => {
    const bytes = await readFile(join(copy, 'journal'));
    bytes[length + 40] = (bytes[length + 40] ?? 0) ^ 1;
    await writeFile(join(copy, 'journal'), bytes);
  };
  assert.deepEqual(whole(await afterCrash(context, directory, torn)), await plain(context, 4));
  const short = async (copy: string) => {
    const bytes = await readFile(join(copy, 'journal'));
    await writeFile(join(copy, 'journal'), bytes.subarray(0, -3));
  };
  assert.deepEqual(whole(await afterCrash(context, directory, short)), await plain(context, 4));
  const more = (copy: string) => appendFile(join(copy, 'journal'), Buffer.alloc(100));
  assert.deepEqual(whole(await afterCrash(context, directory, more)), await plain(context, 6));
});

test('whatever else is saved takes along what waits, and the journal begins anew', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  store.begin();
  store.append(storedOf(5));
  store.saveRingRecord({ installedTerm: 3, promisedTerm: 4 });
  store.commit();
  assert.equal(store.isSettled(), true);
  save(store, 6, 6);
  const again = await afterCrash(context, directory);
  assert.equal(again.ringRecord().promisedTerm, 4);
  assert.deepEqual(whole(again), await plain(context, 6));
  // A shorter round leaves the records of a longer one behind it: they count no longer.
  assert.equal(again.digest().get(STREAM), 6);
});

test('a turn that read what it had appended is synced with what else it saves', async (context) => {
  const { directory, store } = await opened(context);
  store.begin();
  store.append(storedOf(1));
  assert.equal(store.readEntry(STREAM, 1)?.sequence, 1);
  store.saveRingRecord({ installedTerm: 1, promisedTerm: 1 });
  store.append(storedOf(2));
  store.commit();
  assert.deepEqual(whole(await afterCrash(context, directory)), await plain(context, 2));
});

test('a backlog goes into the tables at once', async (context) => {
  const { store } = await opened(context);
  save(store, 1, 2_000);
  assert.equal(store.isSettled(), true);
  assert.equal(store.counts().entries, 2_000);
});

test('turns take along what waits when it is much', async (context) => {
  const { directory, store } = await opened(context);
  for (let from = 1; from < 6_000; from += 500) save(store, from, from + 499);
  assert.equal(store.isSettled(), false);
  const { length } = store.settled.readStream({
    stream: STREAM,
    after: 0,
    limit: 9_999,
    bytesMax: 1e9,
  });
  assert.ok(length >= 3_000, `${length} are in the tables`);
  assert.equal((await afterCrash(context, directory)).counts().entries, 6_000);
});

test('the journal begins anew when it is long', async (context) => {
  const { directory, store } = await opened(context);
  const body = 'x'.repeat(100_000);
  for (let sequence = 1; sequence <= 100; sequence += 1) {
    store.begin();
    store.append(storedPost(entryOf({ sequence, body }), 'general', `s/${sequence}`));
    store.commit();
  }
  const { length } = await readFile(join(directory, 'journal'));
  assert.ok(length < 5_000_000, `${length} bytes`);
  assert.equal((await afterCrash(context, directory)).counts().entries, 100);
});

test('of two entries of one request the lower is shown, though the other waited', async (context) => {
  const { store } = await opened(context);
  save(store, 1, 2);
  const lower = { ...entryOf({ sequence: 1, term: 9 }), hlcMs: 1 };
  store.begin();
  store.append(storedPost(lower, 'general', 's/2'));
  store.commit();
  assert.deepEqual(store.findRequest('s/2'), lower);
  assert.equal(store.counts().posts, 2);
});

const codeOf = (work: () => void): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
  return 'none';
};

async function onFailingDisk(context: TestContext) {
  const directory = await emptyDirectory(context);
  const disk = new FailingDisk();
  const store = openJournaledStore({ directory, incarnationOf, openFile: disk.openFile });
  return { directory, disk, store };
}

/** The tables cannot grow any more. */
function fillUp(store: JournaledStore): void {
  type Inside = { tables: { file: { database: DatabaseSync } } };
  const { database } = (store as unknown as Inside).tables.file;
  const { page_count: pages } = database.prepare('PRAGMA page_count').get() as {
    page_count: number;
  };
  database.exec(`PRAGMA max_page_count = ${pages}`);
}

const FAILURES = [
  { what: 'is full', code: 'full', apply: (disk: FailingDisk) => (disk.freeBytes = 0) },
  { what: 'takes a part', code: 'full', apply: (disk: FailingDisk) => (disk.freeBytes = 60) },
  { what: 'does not sync', code: 'failed', apply: (disk: FailingDisk) => (disk.syncFails = true) },
];

for (const { what, code, apply } of FAILURES) {
  test(`a journal whose disk ${what} keeps what was committed, and is not written again`, async (context) => {
    const { directory, disk, store } = await onFailingDisk(context);
    save(store, 1, 4);
    apply(disk);
    assert.equal(
      codeOf(() => save(store, 5, 5)),
      code,
    );
    Object.assign(disk, { freeBytes: Number.POSITIVE_INFINITY, syncFails: false });
    const { writes, syncs } = disk;
    assert.equal(
      codeOf(() => save(store, 5, 5)),
      code,
    );
    assert.equal(
      codeOf(() => store.tidy()),
      code,
    );
    store.close();
    assert.deepEqual([disk.writes, disk.syncs], [writes, syncs]);
    const { digest } = whole(await afterCrash(context, directory));
    // What was written and not synced may be there: nobody was told that it is not.
    assert.ok([4, code === 'failed' ? 5 : 4].includes(digest.get(STREAM) ?? 0));
  });
}

test('tables on a full disk lose nothing of what the journal has, whoever put it there', async (context) => {
  const WAYS: Record<string, (store: JournaledStore) => void> = {
    tidy: (store) => store.tidy(),
    reading: (store) => store.counts(),
    promise: (store) => {
      store.begin();
      store.append(
        storedPost(entryOf({ sequence: 401, body: 'x'.repeat(50_000) }), 'general', 's/401'),
      );
      store.saveRingRecord({ installedTerm: 1, promisedTerm: 1 });
      store.commit();
    },
  };
  for (const [way, run] of Object.entries(WAYS)) {
    const directory = await emptyDirectory(context);
    const store = openJournaledStore({ directory, incarnationOf });
    fillUp(store);
    save(store, 1, 400);
    assert.equal(
      codeOf(() => run(store)),
      'full',
      way,
    );
    assert.equal(
      codeOf(() => store.begin()),
      'full',
      way,
    );
    store.close();
    const again = openJournaledStore({ directory, incarnationOf });
    context.after(() => again.close());
    assert.deepEqual(whole(again), await plain(context, 400), way);
  }
});

test('a loss of power that takes any part of what was not synced in the tables takes no entry', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  store.begin();
  store.append(storedOf(5));
  store.saveRingRecord({ installedTerm: 1, promisedTerm: 1 });
  store.commit();
  const log = 'history.db-wal';
  const { length: synced } = await readFile(join(directory, log));
  for (let sequence = 6; sequence <= 40; sequence += 1) {
    save(store, sequence, sequence);
    if (sequence % 4 === 0) store.tidy();
  }
  const expected = await plain(context, 40);
  const { length } = await readFile(join(directory, log));
  assert.ok(length > synced);
  for (let part = 0; part <= 8; part += 1) {
    const left = synced + Math.floor(((length - synced) * part) / 8);
    const cut = (copy: string) => truncate(join(copy, log), left);
    assert.deepEqual(whole(await afterCrash(context, directory, cut)), expected, `${left} bytes`);
  }
});

test('what is put back by a start that crashed is put back once more, and is there once', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  const journal = await readFile(join(directory, 'journal'));
  const second = await afterCrash(context, directory);
  const { directory: place } = second as unknown as { directory: string };
  const third = await afterCrash(context, place, (copy) =>
    writeFile(join(copy, 'journal'), journal),
  );
  assert.deepEqual(whole(third), await plain(context, 4));
});

test('what a damaged record had counts as held and damaged, and what follows it is there', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 2);
  const { length } = await readFile(join(directory, 'journal'));
  save(store, 3, 4);
  save(store, 5, 6);
  const again = await afterCrash(context, directory, async (copy) => {
    const bytes = await readFile(join(copy, 'journal'));
    bytes[length + 40] = (bytes[length + 40] ?? 0) ^ 1;
    await writeFile(join(copy, 'journal'), bytes);
  });
  assert.equal(again.digest().get(STREAM), 6);
  const damaged = again.damaged().map(({ sequence }) => sequence);
  assert.deepEqual(damaged, [3, 4]);
  assert.deepEqual(again.readEntry(STREAM, 6), storedOf(6).entry);
});

test('a promise by itself is saved without what waits, and after it', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  store.begin();
  store.saveRingRecord({ installedTerm: 3, promisedTerm: 4 });
  store.commit();
  assert.equal(store.isSettled(), false);
  const again = await afterCrash(context, directory);
  assert.equal(again.ringRecord().promisedTerm, 4);
  assert.deepEqual(whole(again), await plain(context, 4));
});

test('a clean stop leaves everything in the tables, also in the middle of a turn', async (context) => {
  const directory = await emptyDirectory(context);
  const store = openJournaledStore({ directory, incarnationOf });
  save(store, 1, 4);
  store.begin();
  store.append(storedOf(5));
  store.close();
  await rm(join(directory, 'journal'));
  const tables = openSqliteStore({ directory, incarnationOf });
  context.after(() => tables.close());
  assert.deepEqual(whole(tables), await plain(context, 4));
});

test('a directory without a journal gets one, and keeps what it had', async (context) => {
  const directory = await emptyDirectory(context);
  const tables = openSqliteStore({ directory, incarnationOf });
  save(tables, 1, 4);
  tables.close();
  const store = openJournaledStore({ directory, incarnationOf });
  context.after(() => store.close());
  save(store, 5, 6);
  assert.deepEqual(whole(store), await plain(context, 6));
});

test('the text of a post that was pruned is in the journal no longer', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  store.begin();
  store.prune({ below: '~', limit: 9, replace: () => '' });
  store.commit();
  assert.ok((await readFile(join(directory, 'journal'))).every((byte) => byte === 0));
  assert.equal((await afterCrash(context, directory)).counts().posts, 0);
});

test('no more wait than the most, however many come in each turn', async (context) => {
  const { store } = await opened(context);
  for (let from = 1; from < 12_000; from += 900) {
    save(store, from, from + 899);
    const { waiting } = store as unknown as { waiting: { list: unknown[] } };
    assert.ok(waiting.list.length <= 1_900, `${waiting.list.length} wait`);
  }
});

test('a journal of another history is not taken for its own', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  const another = await emptyDirectory(context);
  await cp(join(directory, 'journal'), join(another, 'journal'));
  const fresh = openJournaledStore({ directory: another, incarnationOf: () => 'fedcba9876543210' });
  context.after(() => fresh.close());
  assert.equal(fresh.counts().entries, 0);
});
