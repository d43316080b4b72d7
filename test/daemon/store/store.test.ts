// Both stores by the same cases: the one on SQLite, and the one in memory that tests and simulations use.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  type Entry,
  entryHash,
  orderOf,
  placeFloor,
  streamIdOf,
} from '../../../daemon/ring/entry.ts';
import { openMemoryStore } from '../../../daemon/store/memory-store.ts';
import type { FilingBounds } from '../../../daemon/store/sqlite-index.ts';
import { openSqliteStore } from '../../../daemon/store/sqlite-store.ts';
import type { Store, StoredEntry } from '../../../daemon/store/store.ts';
import { seededRandom } from '../../../lib/random.ts';
import { entryOf, storedOther, storedPost } from '../../support/entries.ts';

const INCARNATION = '0123456789abcdef';

/** What posts and requests are found by follows at once. */
const AT_ONCE = { unfiledMax: 1, filedMin: 1 };

async function openOnDisk(context: TestContext, filing?: FilingBounds): Promise<Store> {
  const directory = await mkdtemp(join(tmpdir(), 'syncnet-store-'));
  const fields = { directory, incarnationOf: () => INCARNATION };
  const store = openSqliteStore({ ...fields, ...(filing ? { filing } : {}) });
  context.after(async () => {
    store.close();
    await rm(directory, { recursive: true });
  });
  return store;
}

const STORES: Readonly<Record<string, (context: TestContext) => Store | Promise<Store>>> = {
  'on SQLite': (context) => openOnDisk(context),
  'on SQLite, filed at once': (context) => openOnDisk(context, AT_ONCE),
  'in memory': () => openMemoryStore(INCARNATION),
};

function save(store: Store, ...all: StoredEntry[]): void {
  store.begin();
  for (const stored of all) store.append(stored);
  store.commit();
}

const sequencesOf = (entries: Iterable<Entry>) => [...entries].map(({ sequence }) => sequence);
const other = { term: 2, ringPosition: 2, incarnation: '00000000000000bb' };
const STREAM = streamIdOf(entryOf({ sequence: 1 }));
const OTHER_STREAM = streamIdOf({ ...entryOf({ sequence: 1 }), ...other });

const CASES: Readonly<Record<string, (store: Store) => void>> = {
  'the oldest posts after a place are given oldest first, past damaged ones, and without that place':
    (store) => {
      const all = [1, 2, 3, 4, 5, 6].map((sequence) =>
        storedPost(entryOf({ sequence }), 'general', `s/${sequence}`),
      ) as [StoredEntry, StoredEntry, StoredEntry, ...StoredEntry[]];
      save(store, ...all.slice(0, 2));
      store.begin();
      store.leaveHole({ stream: STREAM, sequence: 3, kind: 'post' });
      store.commit();
      save(store, ...all.slice(3));
      const query = { room: 'general', before: null, oldest: true };
      const after = all[0].order;
      assert.deepEqual(sequencesOf(store.readPosts({ ...query, after, limit: 2 })), [2, 4]);
      assert.deepEqual(sequencesOf(store.readPosts({ ...query, after, limit: 9 })), [2, 4, 5, 6]);
    },
  'a hole counts as held, is damaged and given to nobody, and a copy of the entry makes all as if it had been there':
    (store) => {
      const [one, two, three] = [1, 2, 3].map((sequence) =>
        storedPost(entryOf({ sequence }), 'general', `s/${sequence}`),
      ) as [StoredEntry, StoredEntry, StoredEntry];
      const posts = () => sequencesOf(store.readPosts({ room: 'general', before: null, limit: 9 }));
      store.begin();
      store.append(one);
      store.leaveHole({ stream: STREAM, sequence: 2, kind: 'post' });
      store.append(three);
      store.commit();
      assert.deepEqual(store.digest(), new Map([[STREAM, 3]]));
      assert.deepEqual(store.damaged(), [{ stream: STREAM, sequence: 2, kind: 'post' }]);
      assert.equal(store.readEntry(STREAM, 2), null);
      assert.deepEqual(posts(), [1, 3]);
      assert.equal(store.counts().entries, 3);
      store.begin();
      assert.deepEqual(
        store.repair(two, () => ''),
        { leftOut: true },
      );
      store.commit();
      assert.deepEqual(store.damaged(), []);
      assert.deepEqual(posts(), [1, 2, 3]);
      assert.deepEqual(store.counts(), { entries: 3, posts: 3 });
      const whole = openMemoryStore(INCARNATION);
      save(whole, one, two, three);
      assert.equal(store.historyHash(), whole.historyHash());
    },
  'a hole that does not follow in its stream is refused': (store) => {
    store.begin();
    assert.throws(
      () => store.leaveHole({ stream: STREAM, sequence: 2, kind: 'post' }),
      /does not follow/,
    );
  },
  'an empty store knows its incarnation and nothing else': (store) => {
    const nothing = { incarnation: INCARNATION, installedTerm: 0, promisedTerm: 0 };
    assert.deepEqual(store.ringRecord(), nothing);
    assert.deepEqual(store.digest(), new Map());
    assert.deepEqual(store.counts(), { entries: 0, posts: 0 });
    assert.equal(store.historyHash(), '0'.repeat(64));
    assert.deepEqual(store.highestTime(), { ms: 0, counter: 0 });
    assert.equal(store.latestOrder('general'), null);
    assert.equal(store.findRequest('s/1'), null);
    assert.equal(store.highestNumber('s'), 0);
    assert.equal(store.base(STREAM), null);
    assert.deepEqual(store.readStream({ stream: STREAM, after: 0, limit: 9, bytesMax: 99 }), []);
    assert.deepEqual([...store.readOthers()], []);
  },
  'terms are kept apart from the entries': (store) => {
    store.begin();
    store.saveRingRecord({ installedTerm: 4, promisedTerm: 6 });
    store.commit();
    const saved = { incarnation: INCARNATION, installedTerm: 4, promisedTerm: 6 };
    assert.deepEqual(store.ringRecord(), saved);
  },
  'an entry comes back as it was, whatever is in it': (store) => {
    const entry = entryOf({
      sequence: 1,
      hlcMs: 2 ** 47,
      hlcCounter: 77,
      wallMs: 0,
      body: '{"x":"zwölf 🎉\\u0000\n"}',
    });
    save(store, storedPost(entry, 'general', 's/1'));
    assert.deepEqual(store.readStream({ stream: STREAM, after: 0, limit: 1, bytesMax: 1 }), [
      entry,
    ]);
    assert.deepEqual(store.readPosts({ room: 'general', before: null, limit: 1 }), [entry]);
    assert.deepEqual(store.findRequest('s/1'), entry);
  },
  'the digest is the highest sequence of each stream': (store) => {
    save(store, storedOther(entryOf({ sequence: 1 })), storedOther(entryOf({ sequence: 2 })));
    save(store, storedOther(entryOf({ ...other, sequence: 1 })));
    assert.deepEqual(
      store.digest(),
      new Map([
        [STREAM, 2],
        [OTHER_STREAM, 1],
      ]),
    );
  },
  'a sequence that leaves a gap is not taken': (store) => {
    save(store, storedOther(entryOf({ sequence: 1 })));
    store.begin();
    assert.throws(() => store.append(storedOther(entryOf({ sequence: 3 }))), /does not follow/);
    assert.throws(() => store.append(storedOther(entryOf({ sequence: 1 }))), /does not follow/);
    store.commit();
    assert.deepEqual(store.digest(), new Map([[STREAM, 1]]));
  },
  'the history hash is the sum of the hashes of the entries, in any order': (store) => {
    const entries = [
      entryOf({ sequence: 1 }),
      entryOf({ sequence: 2 }),
      entryOf({ ...other, sequence: 1 }),
    ];
    for (const entry of entries) save(store, storedOther(entry));
    let sum = 0n;
    for (const entry of entries.reverse())
      sum += BigInt(`0x${Buffer.from(entryHash(entry)).toString('hex')}`);
    assert.equal(store.historyHash(), (sum % 2n ** 256n).toString(16).padStart(64, '0'));
  },
  'the highest hybrid time is that of the highest entry, not of the last': (store) => {
    save(store, storedOther(entryOf({ sequence: 1, hlcMs: 500, hlcCounter: 9 })));
    save(store, storedOther(entryOf({ ...other, sequence: 1, hlcMs: 400, hlcCounter: 10 })));
    assert.deepEqual(store.highestTime(), { ms: 500, counter: 9 });
    save(store, storedOther(entryOf({ sequence: 2, hlcMs: 500, hlcCounter: 10 })));
    assert.deepEqual(store.highestTime(), { ms: 500, counter: 10 });
  },
  'a stream is read after a sequence, up to a number and up to a size': (store) => {
    for (let sequence = 1; sequence <= 5; sequence += 1)
      save(store, storedOther(entryOf({ sequence, body: 'x'.repeat(10) })));
    const read = (after: number, limit: number, bytesMax: number) =>
      sequencesOf(store.readStream({ stream: STREAM, after, limit, bytesMax }));
    assert.deepEqual(read(0, 9, 1_000), [1, 2, 3, 4, 5]);
    assert.deepEqual(read(3, 9, 1_000), [4, 5]);
    assert.deepEqual(read(1, 2, 1_000), [2, 3]);
    assert.deepEqual(read(0, 9, 25), [1, 2]);
    assert.deepEqual(read(0, 9, 1), [1], 'one at least, so that a long entry is no dead end');
    assert.deepEqual(read(5, 9, 1_000), []);
  },
  'pages go by the order, from before any place': (store) => {
    const times = [500, 100, 400, 200, 300];
    times.forEach((hlcMs, index) => {
      const entry = entryOf({ sequence: index + 1, hlcMs });
      save(store, storedPost(entry, index === 2 ? 'elsewhere' : 'general', `s/${index + 1}`));
    });
    const page = (before: string | null, limit: number) =>
      store.readPosts({ room: 'general', before, limit }).map(({ hlcMs }) => hlcMs);
    assert.deepEqual(page(null, 9), [100, 200, 300, 500]);
    assert.deepEqual(page(null, 2), [300, 500]);
    assert.deepEqual(page(orderOf(entryOf({ sequence: 5, hlcMs: 300 })), 2), [100, 200]);
    assert.deepEqual(page(orderOf(entryOf({ sequence: 2, hlcMs: 100 })), 2), []);
    const after = orderOf(entryOf({ sequence: 4, hlcMs: 200 }));
    const above = store.readPosts({ room: 'general', before: null, after, limit: 9 });
    assert.deepEqual(sequencesOf(above), [5, 1]);
    assert.equal(store.latestOrder('general'), orderOf(entryOf({ sequence: 1, hlcMs: 500 })));
    assert.equal(store.counts().posts, 5);
  },
  'entries that are no posts are what the fold is restored from': (store) => {
    save(
      store,
      storedOther(entryOf({ sequence: 1 })),
      storedPost(entryOf({ sequence: 2 }), 'general', 's/1'),
      storedOther(entryOf({ sequence: 3 }), 's/2'),
    );
    assert.deepEqual(sequencesOf(store.readOthers()).sort(), [1, 3]);
    assert.deepEqual(store.counts(), { entries: 3, posts: 1 });
  },
  'the highest number of a session counts, of posts and others alike': (store) => {
    save(store, storedPost(entryOf({ sequence: 1 }), 'general', 'ada.x/9'));
    save(store, storedOther(entryOf({ sequence: 2 }), 'ada.x/10'));
    save(store, storedPost(entryOf({ sequence: 3 }), 'general', 'ada.x/2'));
    assert.equal(store.highestNumber('ada.x'), 10);
    assert.equal(store.highestNumber('ada'), 0);
  },
  'posts below a place are pruned: their text goes, their requests stay': (store) => {
    const stays = storedPost(entryOf({ sequence: 4, hlcMs: 5_000 }), 'general', 's/4');
    save(
      store,
      storedPost(entryOf({ sequence: 1 }), 'general', 's/1'),
      storedOther(entryOf({ sequence: 2 }), 's/2'),
      storedPost(entryOf({ sequence: 3 }), 'general', 's/3'),
      stays,
    );
    const below = placeFloor(2_000);
    const replace = ({ sequence }: Entry) => `was ${sequence}`;
    assert.equal(store.hasPrunable(below), true);
    const looked: number[] = [];
    do {
      store.begin();
      looked.push(store.prune({ below, limit: 2, replace }));
      store.commit();
    } while (looked.at(-1) !== 0);
    assert.deepEqual(looked, [2, 1, 0]);
    assert.equal(store.hasPrunable(below), false);
    const all = store.readStream({ stream: STREAM, after: 0, limit: 9, bytesMax: 999 });
    assert.deepEqual(
      all.map(({ body }) => body),
      ['was 1', 'body 2', 'was 3', 'body 4'],
    );
    const posts = store.readPosts({ room: 'general', before: null, limit: 9 });
    assert.deepEqual(sequencesOf(posts), [4]);
    assert.deepEqual(sequencesOf(store.readOthers()), [2]);
    assert.deepEqual(store.counts(), { entries: 4, posts: 1 });
    assert.equal(store.findRequest('s/3')?.body, 'was 3');
    assert.equal(store.highestNumber('s'), 4);
    const sum = all.reduce(
      (total, entry) => total + BigInt(`0x${Buffer.from(entryHash(entry)).toString('hex')}`),
      0n,
    );
    assert.equal(store.historyHash(), (sum % 2n ** 256n).toString(16).padStart(64, '0'));
  },
  'a pruned post is taken from another server as it is': (store) => {
    const entry = entryOf({ sequence: 1 });
    const index = { kind: 'pruned' as const, room: null, requestId: 's/1' };
    save(store, { entry, order: orderOf(entry), index });
    assert.deepEqual(store.counts(), { entries: 1, posts: 0 });
    assert.deepEqual([...store.readOthers()], []);
    assert.equal(store.hasPrunable(placeFloor(9_000)), false);
    assert.equal(store.findRequest('s/1')?.sequence, 1);
  },
  'of two posts of one request, the pruned one still hides the other': (store) => {
    save(store, storedPost(entryOf({ sequence: 1 }), 'general', 's/1'));
    store.begin();
    store.prune({ below: placeFloor(2_000), limit: 9, replace: () => 'gone' });
    store.append(
      storedPost({ ...entryOf({ sequence: 1, hlcMs: 3_000 }), ...other }, 'general', 's/1'),
    );
    store.commit();
    assert.deepEqual(store.readPosts({ room: 'general', before: null, limit: 9 }), []);
    assert.deepEqual(store.counts(), { entries: 2, posts: 0 });
  },
  'the newest post of a room is known as posts come, hide each other, and go': (store) => {
    const latest = () => store.latestOrder('general');
    assert.equal(latest(), null);
    const post = (fields: Parameters<typeof entryOf>[0], request: string) => {
      const entry = entryOf(fields);
      save(store, storedPost(entry, 'general', request));
      return orderOf(entry);
    };
    const first = post({ sequence: 1, hlcMs: 100 }, 's/1');
    assert.equal(latest(), first);
    post({ sequence: 2, hlcMs: 50 }, 's/2');
    assert.equal(latest(), first, 'what is older comes later');
    post({ ...other, sequence: 1, hlcMs: 500 }, 's/1');
    assert.equal(latest(), first, 'the higher of two copies is hidden');
    assert.equal(post({ sequence: 3, hlcMs: 300 }, 's/3'), latest());
    assert.equal(
      post({ ...other, sequence: 2, hlcMs: 200 }, 's/3'),
      latest(),
      'and so is this one',
    );
    store.begin();
    store.prune({ below: placeFloor(1_000), limit: 9, replace: () => 'gone' });
    store.commit();
    assert.equal(latest(), null);
  },
  'who was in sync when is kept': (store) => {
    assert.deepEqual(store.seen(), new Map());
    store.begin();
    store.saveSeen(new Map([['server1', 12]]));
    store.commit();
    assert.deepEqual(store.seen(), new Map([['server1', 12]]));
  },
  'the base of a stream is what was saved last': (store) => {
    assert.equal(store.newestBase(), null);
    store.begin();
    store.saveBase(STREAM, new Map([[OTHER_STREAM, 3]]));
    store.saveBase(STREAM, new Map([[OTHER_STREAM, 4]]));
    store.saveBase(OTHER_STREAM, new Map());
    store.commit();
    assert.deepEqual(store.base(STREAM), new Map([[OTHER_STREAM, 4]]));
    assert.deepEqual(store.base(OTHER_STREAM), new Map());
    assert.deepEqual(store.newestBase(), { stream: OTHER_STREAM, digest: new Map() });
  },
};

for (const [kind, open] of Object.entries(STORES)) {
  for (const [rule, check] of Object.entries(CASES)) {
    test(`${kind}: ${rule}`, async (context) => check(await open(context)));
  }

  for (const first of ['lower', 'higher'] as const) {
    test(`${kind}: of two posts of one request only the lower is shown when the ${first} comes first`, async (context) => {
      const store = await open(context);
      const lower = entryOf({ sequence: 1, hlcMs: 100 });
      const higher = entryOf({ ...other, sequence: 1, hlcMs: 200 });
      const pair = first === 'lower' ? [lower, higher] : [higher, lower];
      for (const entry of pair) save(store, storedPost(entry, 'general', 's/1'));
      assert.deepEqual(store.findRequest('s/1'), lower);
      assert.deepEqual(store.readPosts({ room: 'general', before: null, limit: 9 }), [lower]);
      assert.equal(store.latestOrder('general'), orderOf(lower));
      assert.deepEqual(store.counts(), { entries: 2, posts: 1 });
    });
  }

  test(`${kind}: any arrival order of many copies ends in the same history`, async (context) => {
    const random = seededRandom(11);
    const streams = [1, 2, 3].map((term) =>
      Array.from({ length: 20 }, (_, index) => {
        const hlcMs = Math.floor(random() * 1_000);
        const entry = entryOf({ term, sequence: index + 1, hlcMs });
        return storedPost(entry, 'general', `s/${1 + Math.floor(random() * 15)}`);
      }),
    );
    const seen = new Set<string>();
    for (let round = 0; round < 5; round += 1) {
      const store = await open(context);
      const left = streams.map((stream) => [...stream]);
      while (left.some((stream) => stream.length > 0)) {
        const stream = left[Math.floor(random() * left.length)]?.shift();
        if (stream) save(store, stream);
      }
      const posts = store.readPosts({ room: 'general', before: null, limit: 99 }).map(orderOf);
      assert.equal(posts.length, store.counts().posts);
      seen.add(JSON.stringify([posts, store.historyHash(), store.counts(), store.highestTime()]));
    }
    assert.equal(seen.size, 1);
  });
}
