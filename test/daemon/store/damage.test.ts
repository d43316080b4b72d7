// Entries that the disk gives back otherwise than it took them: found, given to nobody, counted as held, and
// repaired. The damage is done by other hands, to the file of a store that is closed.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { type Entry, streamIdOf } from '../../../daemon/ring/entry.ts';
import { MemoryStore } from '../../../daemon/store/memory-store.ts';
import type { FilingBounds } from '../../../daemon/store/sqlite-index.ts';
import { openSqliteStore } from '../../../daemon/store/sqlite-store.ts';
import type { EntryIndex, Store, StoredEntry } from '../../../daemon/store/store.ts';
import { entryOf, storedOther, storedPost } from '../../support/entries.ts';

const STREAM = streamIdOf(entryOf({ sequence: 1 }));
const COUNT = 6;
/** Every third entry is no post. */
const storedOf = (sequence: number): StoredEntry => {
  const entry = entryOf({ sequence, body: `body ${sequence}, told apart` });
  return sequence % 3 === 0
    ? storedOther(entry, `s/${sequence}`)
    : storedPost(entry, 'general', `s/${sequence}`);
};
const indexOf = ({ sequence }: Entry): EntryIndex => storedOf(sequence).index;

/** What is left of a post in these tests. */
const prunedBody = ({ sequence }: Entry) => `what is left of ${sequence}`;

const sequencesOf = (entries: Iterable<Entry>) => [...entries].map(({ sequence }) => sequence);

const pageOf = (store: Store, limit = 99) =>
  sequencesOf(store.readPosts({ room: 'general', before: null, limit }));

const streamOf = (store: Store, after = 0) =>
  sequencesOf(store.readStream({ stream: STREAM, after, limit: 99, bytesMax: 9_999 }));

const damagedOf = (store: Store) => store.damaged().map(({ sequence }) => sequence);

const whole = (store: Store) => ({
  digest: store.digest(),
  counts: store.counts(),
  hash: store.historyHash(),
  time: store.highestTime(),
  latest: store.latestOrder('general'),
  posts: store.readPosts({ room: 'general', before: null, limit: 99 }),
  others: [...store.readOthers()],
  stream: store.readStream({ stream: STREAM, after: 0, limit: 99, bytesMax: 9_999 }),
  requests: Array.from({ length: COUNT }, (_, index) => store.findRequest(`s/${index + 1}`)),
});

/** When entries are put where their rooms and requests are looked up. */
const FILINGS: Readonly<Record<string, FilingBounds | undefined>> = {
  'filed later': undefined,
  'filed at once': { unfiledMax: 1, filedMin: 1 },
};

/** A closed store of COUNT entries, and how it is opened: what was open before is closed. */
async function written(context: TestContext, filing?: FilingBounds) {
  const directory = await mkdtemp(join(tmpdir(), 'syncnet-damage-'));
  context.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'history.db');
  let opened: Store | null = null;
  const close = () => {
    opened?.close();
    opened = null;
  };
  const open = () => {
    close();
    const fields = { directory, incarnationOf: () => '00000000000000cc' };
    opened = openSqliteStore({ ...fields, ...(filing ? { filing } : {}) });
    return opened;
  };
  context.after(close);
  const store = open();
  store.begin();
  for (let sequence = 1; sequence <= COUNT; sequence += 1) store.append(storedOf(sequence));
  store.commit();
  const before = whole(store);
  close();
  return { before, path, open, close };
}

function execute(path: string, statement: string): void {
  const database = new DatabaseSync(path);
  database.exec(statement);
  database.close();
}

/** Turns one bit over at the first place where the file has `text`. */
async function flip(path: string, text: string, offset = 0): Promise<void> {
  const bytes = await readFile(path);
  const place = bytes.indexOf(text);
  assert.ok(place > 0, `the file has ${text}`);
  bytes[place + offset] = (bytes[place + offset] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

/** Looks at everything, and repairs what only was in the wrong place. */
function scrub(store: Store): void {
  for (;;) {
    const { ended, misfiled } = store.scrub(2, indexOf);
    if (misfiled.length > 0) repair(store, ...misfiled);
    if (ended) return;
  }
}

function repair(store: Store, ...all: StoredEntry[]): void {
  store.begin();
  for (const stored of all) store.repair(stored, prunedBody);
  store.commit();
}

const SECOND = 'stream = 1 AND sequence = 2';
const DAMAGE: Readonly<Record<string, string>> = {
  'a changed body': `UPDATE entries SET body = 'forged' WHERE ${SECOND}`,
  'a body that is no text': `UPDATE entries SET body = x'00ff' WHERE ${SECOND}`,
  'a changed wall clock': `UPDATE entries SET wall_ms = wall_ms + 1 WHERE ${SECOND}`,
  'a wall clock beyond all numbers': `UPDATE entries SET wall_ms = 9223372036854775807 WHERE ${SECOND}`,
  'a changed place': `UPDATE entries SET place = replace(place, '.', '_') WHERE ${SECOND}`,
  'a place that is no text': `UPDATE entries SET place = 7 WHERE ${SECOND}`,
  'a changed hash': `UPDATE entries SET hash = zeroblob(32) WHERE ${SECOND}`,
  'a hash that is no bytes': `UPDATE entries SET hash = 'none' WHERE ${SECOND}`,
  'a changed sequence': `UPDATE entries SET sequence = 2002 WHERE ${SECOND}`,
  'a changed stream': `UPDATE entries SET stream = 99 WHERE ${SECOND}`,
  'a lost row': `DELETE FROM entries WHERE ${SECOND}`,
};

for (const [when, filing] of Object.entries(FILINGS)) {
  for (const [what, statement] of Object.entries(DAMAGE)) {
    test(`${what}, ${when}, is found, given to nobody, and repaired with an intact copy`, async (context) => {
      const { path, open, before } = await written(context, filing);
      execute(path, statement);
      const store = open();
      assert.deepEqual(pageOf(store), [1, 4, 5]);
      assert.deepEqual(streamOf(store), [1], 'never with a gap');
      assert.equal(store.findRequest('s/2'), null);
      assert.equal(store.readEntry(STREAM, 2), null);
      assert.deepEqual(damagedOf(store), [2]);
      assert.deepEqual(store.digest(), before.digest, 'it counts as held');
      assert.equal(store.historyHash(), before.hash);
      repair(store, storedOf(2));
      assert.deepEqual(whole(store), before);
      assert.deepEqual(store.damaged(), []);
      const again = open();
      scrub(again);
      assert.deepEqual(whole(again), before);
      assert.deepEqual(again.damaged(), []);
    });

    test(`${what}, ${when}, is found by the scrub`, async (context) => {
      const { path, open } = await written(context, filing);
      execute(path, statement);
      const store = open();
      scrub(store);
      assert.deepEqual(damagedOf(store), [2]);
    });
  }
}

const MISFILED: Readonly<Record<string, string>> = {
  'another room': `UPDATE entries SET room = 'elsewhere' WHERE ${SECOND}`,
  'no room': `UPDATE entries SET room = NULL WHERE ${SECOND}`,
  'another request': `UPDATE entries SET request = 's/77' WHERE ${SECOND}`,
  'a mark that hides it': `UPDATE entries SET hidden = 1 WHERE ${SECOND}`,
  'a room that it is not found by': `DELETE FROM filed_posts WHERE sequence = 2`,
  'a request that it is not found by': `DELETE FROM filed_requests WHERE sequence = 2`,
  'the room of another': `UPDATE filed_posts SET sequence = 1 WHERE sequence = 2`,
  'the place of another': `UPDATE filed_posts SET place = '0' WHERE sequence = 2`,
  'a request that is another one': `UPDATE filed_requests SET sequence = 1 WHERE sequence = 2`,
  'the request of another': `UPDATE filed_requests SET request = 's/1' WHERE sequence = 2`,
  'no room at all': 'DELETE FROM filed_posts; DELETE FROM filed_requests',
};

for (const [when, filing] of Object.entries(FILINGS)) {
  for (const [what, statement] of Object.entries(MISFILED)) {
    test(`an entry that is filed under ${what}, ${when}, is put right without a peer`, async (context) => {
      const { path, open, before } = await written(context, filing);
      execute(path, statement);
      const store = open();
      scrub(store);
      assert.deepEqual(store.damaged(), []);
      assert.deepEqual(whole(store), before);
    });
  }
}

for (const [when, filing] of Object.entries(FILINGS)) {
  for (const [what, text] of Object.entries({
    'a body': 'body 2, told apart',
    // In the file the row of the table comes last, its entries in the indexes before it or after it.
    'a request': 's/2',
    'a room': 'general',
    'a place': `.${'0'.repeat(9)}2`,
  })) {
    for (const offset of [0, text.length - 1]) {
      test(`a bit flipped in ${what}, ${when}, at ${offset}, is found and repaired wherever it is`, async (context) => {
        const { path, open, before } = await written(context, filing);
        await flip(path, text, offset);
        const store = open();
        for (let round = 0; round < 3; round += 1) {
          scrub(store);
          whole(store);
          repair(store, ...damagedOf(store).map(storedOf));
        }
        assert.deepEqual(whole(store), before);
      });
    }
  }
}

test('damage is known again after a restart, before anything is read', async (context) => {
  const { path, open } = await written(context);
  execute(path, DAMAGE['a changed body'] ?? '');
  const store = open();
  assert.deepEqual(pageOf(store), [1, 4, 5]);
  // It is written down with whatever is committed next.
  store.begin();
  store.commit();
  const damaged = [{ stream: STREAM, sequence: 2, kind: 'post' as const }];
  assert.deepEqual(open().damaged(), damaged);
});

test('a page has as many posts as were asked for, past those that are damaged', async (context) => {
  const { path, open } = await written(context);
  execute(path, `UPDATE entries SET body = 'forged' WHERE sequence = 4`);
  assert.deepEqual(pageOf(open(), 2), [2, 5]);
});

test('a page has as many posts as were asked for, some filed and some not, past one that is damaged', async (context) => {
  const bounds = { unfiledMax: 20, filedMin: 1 };
  const { path, open, close } = await written(context, bounds);
  const first = open();
  for (let sequence = COUNT + 1; sequence <= 60; sequence += 1) {
    first.begin();
    first.append(storedOf(sequence));
    first.commit();
  }
  close();
  execute(path, `UPDATE entries SET body = 'forged' WHERE sequence = 55`);
  const store = open();
  const readable = Array.from({ length: 60 }, (_, index) => index + 1).filter(
    (sequence) => sequence % 3 !== 0 && sequence !== 55,
  );
  for (let limit = 1; limit <= readable.length; limit += 1)
    assert.deepEqual(pageOf(store, limit), readable.slice(-limit), `${limit}`);
});

test('a repair tells whether a page was given without the post', async (context) => {
  const { path, open } = await written(context);
  execute(path, `UPDATE entries SET body = 'forged' WHERE sequence IN (1, 4)`);
  const store = open();
  assert.deepEqual(pageOf(store, 2), [2, 5]);
  scrub(store);
  assert.deepEqual(damagedOf(store).sort(), [1, 4]);
  store.begin();
  assert.deepEqual(store.repair(storedOf(1), prunedBody), { leftOut: false });
  assert.deepEqual(store.repair(storedOf(4), prunedBody), { leftOut: true });
  store.commit();
});

test('a post whose row is lost may be missing on any page', async (context) => {
  const { path, open } = await written(context);
  execute(path, DAMAGE['a lost row'] ?? '');
  const store = open();
  scrub(store);
  store.begin();
  assert.deepEqual(store.repair(storedOf(2), prunedBody), { leftOut: true });
  store.commit();
});

test('of two copies of a request the other one does not stand in for a damaged one', async (context) => {
  const { path, open, close } = await written(context);
  const first = open();
  const copy = storedPost(entryOf({ term: 2, sequence: 1, hlcMs: 9_000 }), 'general', 's/2');
  first.begin();
  first.append(copy);
  first.commit();
  const before = whole(first);
  close();
  execute(path, DAMAGE['a changed body'] ?? '');
  const store = open();
  assert.equal(store.findRequest('s/2'), null);
  assert.deepEqual(pageOf(store), [1, 4, 5]);
  assert.equal(store.firstPlace('s/2'), storedOf(2).order);
  repair(store, storedOf(2));
  assert.deepEqual(whole(store), before);
});

test('an entry that was read wrongly once, and is read well again, is no longer damaged', async (context) => {
  const { path, open, close } = await written(context);
  execute(path, `UPDATE entries SET wall_ms = wall_ms + 1 WHERE ${SECOND}`);
  const store = open();
  scrub(store);
  store.begin();
  store.commit();
  close();
  execute(path, `UPDATE entries SET wall_ms = wall_ms - 1 WHERE ${SECOND}`);
  const again = open();
  assert.deepEqual(damagedOf(again), [2]);
  scrub(again);
  assert.deepEqual(again.damaged(), []);
  again.begin();
  again.commit();
  assert.deepEqual(open().damaged(), []);
});

test('a stray row does not stand in the way of the next entry', async (context) => {
  const { path, open } = await written(context);
  execute(path, `UPDATE entries SET sequence = ${COUNT + 1} WHERE ${SECOND}`);
  const store = open();
  const next = storedOf(COUNT + 1);
  store.begin();
  store.append(next);
  store.commit();
  assert.deepEqual(store.readEntry(STREAM, COUNT + 1), next.entry);
});

test('the store in memory rots and is repaired like the one on a disk', () => {
  const store = new MemoryStore('00000000000000cc');
  store.begin();
  for (let sequence = 1; sequence <= COUNT; sequence += 1) store.append(storedOf(sequence));
  store.commit();
  const before = whole(store);
  store.corrupt(STREAM, 2, (entry) => ({ ...entry, body: 'forged' }));
  assert.deepEqual(pageOf(store), [1, 4, 5]);
  assert.deepEqual(streamOf(store), [1]);
  assert.equal(store.findRequest('s/2'), null);
  store.corrupt(STREAM, 3, (entry) => ({ ...entry, wallMs: 1 }));
  scrub(store);
  assert.deepEqual(damagedOf(store), [2, 3]);
  store.begin();
  assert.deepEqual(store.repair(storedOf(2), prunedBody), { leftOut: true });
  assert.deepEqual(store.repair(storedOf(3), prunedBody), { leftOut: false });
  store.commit();
  assert.deepEqual(whole(store), before);
});

/** Prunes all that is below a sequence. */
function pruneBelow(store: Store, sequence: number): void {
  const below = storedOf(sequence).order;
  store.begin();
  store.prune({ below, limit: 99, replace: prunedBody });
  store.commit();
}

const prunedEntry = (sequence: number): StoredEntry => {
  const { entry, order, index } = storedOf(sequence);
  const left = { ...entry, body: prunedBody(entry) };
  return { entry: left, order, index: { ...index, kind: 'pruned', room: null } };
};

test('a stream is pruned up to a damaged entry, and on when that is repaired', async (context) => {
  const { path, open } = await written(context);
  execute(path, `UPDATE entries SET body = 'forged' WHERE sequence = 4`);
  const store = open();
  pruneBelow(store, 6);
  assert.deepEqual(pageOf(store), [5]);
  repair(store, storedOf(4));
  pruneBelow(store, 6);
  assert.deepEqual(pageOf(store), []);
  assert.deepEqual(store.counts(), { entries: COUNT, posts: 0 });
});

for (const [what, copy] of Object.entries({ whole: storedOf, pruned: prunedEntry })) {
  test(`a pruned entry is repaired with a ${what} copy and stays pruned`, async (context) => {
    const { path, open, close } = await written(context);
    const first = open();
    pruneBelow(first, 5);
    const before = whole(first);
    close();
    execute(path, DAMAGE['a changed body'] ?? '');
    const store = open();
    scrub(store);
    assert.deepEqual(damagedOf(store), [2]);
    repair(store, copy(2));
    assert.deepEqual(whole(store), before);
    assert.equal(store.readEntry(STREAM, 2)?.body, prunedBody(storedOf(2).entry));
  });
}

test('a post that its peer has pruned meanwhile is repaired as what is left of it', async (context) => {
  const { open } = await written(context);
  const first = open();
  pruneBelow(first, 5);
  const after = whole(first);
  const { path, open: openOther } = await written(context);
  execute(path, `UPDATE entries SET body = 'forged' WHERE sequence IN (2, 4)`);
  const store = openOther();
  scrub(store);
  repair(store, prunedEntry(2));
  repair(store, prunedEntry(4));
  pruneBelow(store, 5);
  assert.deepEqual(whole(store), after, 'the history hash included');
});
