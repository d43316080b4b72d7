// Whatever is filed and whatever is not yet: a store on the disk answers as one in memory does, through random entries,
// copies, prunings, failed transactions, restarts, and deaths without a goodbye.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { type Entry, placeFloor } from '../../../daemon/ring/entry.ts';
import { openMemoryStore } from '../../../daemon/store/memory-store.ts';
import { openSqliteStore } from '../../../daemon/store/sqlite-store.ts';
import type { EntryIndex, Store, StoredEntry } from '../../../daemon/store/store.ts';
import { type Random, seededRandom } from '../../../lib/random.ts';
import { entryOf, storedOther, storedPost } from '../../support/entries.ts';

const SEEDS = 15;
const STEPS = 60;
const ROOMS = ['general', 'ops', 'dev'];
const INCARNATION = '0123456789abcdef';

/** Entries of three streams, times more or less ascending, now and then the copy of one that was before. */
class Story {
  private readonly random: Random;
  private readonly lasts = [0, 0, 0];
  private readonly posts: { room: string; request: string }[] = [];
  private timeMs = 1_000;
  private requests = 0;
  private readonly indexes = new Map<string, EntryIndex>();

  constructor(random: Random) {
    this.random = random;
  }

  draw(below: number): number {
    return Math.floor(this.random() * below);
  }

  next(): StoredEntry {
    const stream = this.draw(3);
    const sequence = (this.lasts[stream] ?? 0) + 1;
    this.lasts[stream] = sequence;
    this.timeMs += this.draw(5);
    const hlcMs = Math.max(1, this.timeMs - this.draw(40));
    const incarnation = `00000000000000${stream}a`;
    const entry = entryOf({ term: stream + 1, incarnation, sequence, hlcMs });
    const copied = this.posts[this.draw(this.posts.length * 4 + 1)];
    this.requests += 1;
    const request = `s${this.draw(4)}/${this.requests}`;
    if (this.draw(5) === 0) return this.told(storedOther(entry, request));
    const post = copied ?? { room: ROOMS[this.draw(ROOMS.length)] ?? '', request };
    this.posts.push(post);
    const body = `said ${post.request}`;
    return this.told(storedPost({ ...entry, body }, post.room, post.request));
  }

  private told(stored: StoredEntry): StoredEntry {
    this.indexes.set(keyOf(stored.entry), stored.index);
    return stored;
  }

  indexOf(entry: Entry): EntryIndex {
    const index = this.indexes.get(keyOf(entry));
    assert.ok(index, keyOf(entry));
    const isPruned = entry.body.startsWith('gone: ');
    return isPruned ? { ...index, kind: 'pruned', room: null } : index;
  }

  /** What was not stored is told again. */
  takeBack(stored: readonly StoredEntry[]): void {
    for (const { entry } of stored) {
      const index = entry.term - 1;
      this.lasts[index] = Math.min(this.lasts[index] ?? 0, entry.sequence - 1);
    }
  }

  request(): string {
    return this.posts[this.draw(this.posts.length)]?.request ?? 's0/1';
  }
}

const keyOf = ({ term, sequence }: Entry) => `${term}/${sequence}`;

const append = (store: Store, all: readonly StoredEntry[]) => {
  store.begin();
  for (const stored of all) store.append(stored);
};

const gone = ({ body }: Entry) => `gone: ${body}`;

function prune(store: Store, below: string): void {
  for (;;) {
    store.begin();
    const looked = store.prune({ below, limit: 3, replace: gone });
    store.commit();
    if (looked === 0) return;
  }
}

const answers = (store: Store, requests: readonly string[], seed: number) => {
  const random = seededRandom(seed);
  const draw = (below: number) => Math.floor(random() * below);
  const pages = ROOMS.flatMap((room) => {
    const all = store.readPosts({ room, before: null, limit: 999 });
    const place = placeFloor(1_000 + draw(200));
    const limit = 1 + draw(9);
    return [
      all,
      store.readPosts({ room, before: place, limit }),
      store.readPosts({ room, before: null, after: place, limit, oldest: true }),
      store.readPosts({ room, before: placeFloor(1_100), after: placeFloor(1_020), limit }),
    ];
  });
  return {
    pages,
    latest: ROOMS.map((room) => store.latestOrder(room)),
    found: requests.map((request) => store.findRequest(request)),
    places: requests.map((request) => store.firstPlace(request)),
    counts: store.counts(),
    hash: store.historyHash(),
    digest: store.digest(),
    others: [...store.readOthers()].map(({ sequence }) => sequence).sort(),
  };
};

for (const bounds of [
  { unfiledMax: 1, filedMin: 1 },
  { unfiledMax: 12, filedMin: 1 },
  { unfiledMax: 40, filedMin: 16 },
]) {
  test(`${SEEDS} random histories, filed from ${bounds.unfiledMax} keys on`, async (context) => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const directory = await mkdtemp(join(tmpdir(), 'syncnet-filing-'));
      context.after(() => rm(directory, { recursive: true }));
      let at = join(directory, '0');
      const open = () => {
        return openSqliteStore({
          directory: at,
          incarnationOf: () => INCARNATION,
          filing: bounds,
        });
      };
      let disk = open();
      const memory = openMemoryStore(INCARNATION);
      const story = new Story(seededRandom(seed));
      for (let step = 1; step <= STEPS; step += 1) {
        const all = Array.from({ length: 1 + story.draw(6) }, () => story.next());
        append(disk, all);
        const what = story.draw(12);
        if (what === 0) {
          // The disk takes the transaction back by itself, as it does when it fails.
          const { database } = (disk as unknown as { file: { database: DatabaseSync } }).file;
          database.exec('ROLLBACK');
          assert.throws(() => disk.commit());
          story.takeBack(all);
        } else {
          disk.commit();
          append(memory, all);
          memory.commit();
        }
        if (what === 1) {
          disk.close();
          disk = open();
        }
        if (what === 2) {
          // As it lies there when the process is killed.
          const next = join(directory, String(step));
          cpSync(at, next, { recursive: true });
          disk.close();
          at = next;
          disk = open();
        }
        if (what === 3) {
          const below = placeFloor(1_000 + story.draw(120));
          prune(disk, below);
          prune(memory, below);
        }
        const drawn = seed * 1_000 + step;
        const requests = Array.from({ length: 8 }, () => story.request());
        const told = answers(disk, requests, drawn);
        assert.deepEqual(told, answers(memory, requests, drawn), `seed ${seed}, ${step}`);
      }
      disk.begin();
      const { ended, misfiled } = disk.scrub(9_999, (entry) => story.indexOf(entry));
      disk.commit();
      assert.deepEqual([ended, misfiled, disk.damaged()], [true, [], []], `seed ${seed}`);
      disk.close();
    }
  });
}
