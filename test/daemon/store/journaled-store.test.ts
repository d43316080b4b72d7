// The journal in front of the tables: what was committed is there after a crash at any moment, and nothing else is.
import assert from 'node:assert/strict';
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { streamIdOf } from '../../../daemon/ring/entry.ts';
import { type JournaledStore, openJournaledStore } from '../../../daemon/store/journaled-store.ts';
import { openSqliteStore } from '../../../daemon/store/sqlite-store.ts';
import { type Store, StoreError } from '../../../daemon/store/store.ts';
import { entryOf, storedOther, storedPost } from '../../support/entries.ts';

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

test('a commit that fails leaves what was committed before', async (context) => {
  const { directory, store } = await opened(context);
  save(store, 1, 4);
  const before = whole(store);
  save(store, 5, 5);
  store.begin();
  store.append(storedOf(6));
  const { journal } = store as unknown as { journal: { write: () => void } };
  const { write } = journal;
  journal.write = () => {
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  };
  const isFull = (error: unknown) => error instanceof StoreError && error.code === 'full';
  assert.throws(() => store.commit(), isFull);
  journal.write = write;
  assert.equal(store.counts().entries, before.counts.entries + 1);
  save(store, 6, 6);
  assert.deepEqual(whole(await afterCrash(context, directory)), await plain(context, 6));
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
