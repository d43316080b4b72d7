// Searching while something is wrong with the index: nothing of it reaches the daemon, and it is made anew.
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeBody } from '../../../daemon/chat/bodies.ts';
import type { Entry } from '../../../daemon/ring/entry.ts';
import { directWriter } from '../../../daemon/search/index-changes.ts';
import { FILLED_AFTER_MS, type Search, startSearch } from '../../../daemon/search/search.ts';
import {
  openSearchIndex,
  type SearchIndex,
  searchPathOf,
} from '../../../daemon/search/search-index.ts';

const STREAM = '1.3.ffffffffffffffff';
const ACCOUNT = 'aaaaaaaaaaaaaaaa';
const POSTS = 300;

function entryOf(sequence: number): Entry {
  const text = `hello number ${sequence}`;
  const post = { q: `${ACCOUNT}.bbbbbbbbbbbb/${sequence}`, u: ACCOUNT, r: 'general', x: text };
  const time = { hlcMs: sequence, hlcCounter: 0, wallMs: sequence };
  const key = { term: 1, ringPosition: 3, incarnation: 'ffffffffffffffff', sequence };
  return { ...key, ...time, body: encodeBody({ t: 'post', ...post }) };
}

const HELLO = {
  ...{ text: 'hello', rooms: ['general'], accounts: null, before: null, limit: 5 },
  ...{ fromMs: 0, untilMs: 2 ** 42 },
};

const isComplete = (search: Search) => search.covers(new Map([[STREAM, POSTS]])) === 'yes';

const directory = mkdtempSync(join(tmpdir(), 'syncnet-search-'));
after(() => rmSync(directory, { recursive: true }));

/** Searching in a directory, on a clock that the test moves. `openFails`: the disk takes no file. */
type Wrong = {
  openFails?: () => boolean;
  writerFails?: () => boolean;
  sees?: (index: SearchIndex) => SearchIndex;
};
function stage(wrong: Wrong = {}) {
  const { openFails = () => false, writerFails = () => false, sees = (index) => index } = wrong;
  const clock = { nowMs: -FILLED_AFTER_MS };
  const told: string[] = [];
  const failures: ((error: Error) => void)[] = [];
  let opened: SearchIndex | null = null;
  const search = startSearch({
    openIndex: (isAnew) => {
      if (openFails()) throw new Error('no space left');
      opened = openSearchIndex(directory, 'one', isAnew);
      return sees(opened);
    },
    startWriter: (onFailed) => {
      if (writerFails()) throw new Error('no thread');
      failures.push(onFailed);
      assert.ok(opened);
      return { ...directWriter(opened), close: async () => {} };
    },
    store: {
      digest: () => new Map([[STREAM, POSTS]]),
      readStream: ({ after: from, limit }) =>
        Array.from({ length: Math.min(limit, POSTS - from) }, (_, index) =>
          entryOf(from + index + 1),
        ),
    },
    prunedBelowMs: () => 0,
    nowMs: () => clock.nowMs,
    warn: (_error, text) => told.push(text),
  });
  clock.nowMs = 0;
  const fill = () => {
    for (let count = 0; count < 10 && !isComplete(search); count += 1) search.tick(true);
  };
  return { search, clock, told, failures, fill };
}

/** What was given up closes in promises. */
const closed = () => new Promise((resolve) => setImmediate(resolve));

/** The tables by which it is known are the first that were made, and stay. */
const SPARED_BYTES = 5 * 4_096;

const forgetIndex = () => rmSync(searchPathOf(directory));

function damageIndex(): void {
  const path = searchPathOf(directory);
  const file = openSync(path, 'r+');
  const bytes = Buffer.alloc(4096, 0x5a);
  for (let at = SPARED_BYTES; at < statSync(path).size; at += bytes.length)
    writeSync(file, bytes, 0, 4096, at);
  closeSync(file);
}

test('an index that is damaged on the disk ends nothing, and is made anew from the history', async () => {
  const before = stage();
  before.fill();
  assert.equal(before.search.find(HELLO)?.length, 5);
  await before.search.close();
  damageIndex();

  const { search, clock, told, fill } = stage();
  assert.equal(search.find(HELLO), null);
  assert.equal(isComplete(search), false);
  assert.match(told.join(), /made anew in 10 s/);
  await closed();
  search.tick(true);
  assert.equal(search.find(HELLO), null, 'not at once');
  clock.nowMs = 10_000;
  fill();
  assert.equal(isComplete(search), true);
  assert.equal(search.find(HELLO)?.length, 5);
  await search.close();
});

test('a server that has just started fills its index a little later, and starts no thread before', async () => {
  forgetIndex();
  const { search, clock, failures, fill } = stage();
  clock.nowMs = -1;
  fill();
  assert.deepEqual(failures, []);
  clock.nowMs = 0;
  fill();
  assert.equal(failures.length, 1);
  assert.equal(isComplete(search), true);
  await search.close();
});

test('while servers come and go nothing is written into the index', async () => {
  forgetIndex();
  const { search, failures, fill } = stage();
  for (let count = 0; count < 10; count += 1) search.tick(false);
  assert.deepEqual(failures, [], 'there is no thread yet that would write');
  assert.equal(isComplete(search), false);
  fill();
  assert.equal(isComplete(search), true);
  await search.close();
});

test('a server that has just started fills its index as soon as somebody searches', async () => {
  forgetIndex();
  const { search, clock, fill } = stage();
  clock.nowMs = -1;
  search.reach();
  assert.deepEqual(search.find(HELLO), []);
  assert.equal(isComplete(search), false);
  fill();
  assert.equal(search.find(HELLO)?.length, 5);
  assert.equal(isComplete(search), true);
  await search.close();
});

test('without a thread to write it nothing is found, until there is one', async () => {
  forgetIndex();
  let tries = 0;
  let isWrong = true;
  const writerFails = () => {
    tries += 1;
    return isWrong;
  };
  const { search, clock, told, fill } = stage({ writerFails });
  fill();
  assert.equal(tries, 1, 'it is given up before the next batch');
  assert.equal(search.find(HELLO), null);
  assert.match(told.join(), /made anew in 10 s/);
  isWrong = false;
  await closed();
  clock.nowMs = 10_000;
  fill();
  assert.equal(search.find(HELLO)?.length, 5);
  await search.close();
});

test('an index that cannot be written is made anew, later after each failure', async () => {
  forgetIndex();
  const { search, clock, told, failures, fill } = stage();
  fill();
  failures[0]?.(new Error('the disk is full'));
  failures[0]?.(new Error('and again'));
  assert.equal(search.find(HELLO), null);
  await closed();
  clock.nowMs = 10_000;
  fill();
  assert.equal(search.find(HELLO)?.length, 5);
  failures[1]?.(new Error('the disk is full'));
  assert.deepEqual(
    told.map((text) => /in \d+ s/.exec(text)?.[0]),
    ['in 10 s', 'in 20 s'],
  );
  await closed();
  clock.nowMs = 29_999;
  search.tick(true);
  assert.equal(search.find(HELLO), null);
  clock.nowMs = 30_000;
  fill();
  assert.equal(isComplete(search), true);
  await search.close();
});

test('a server whose disk takes no index starts without, and has one when it does', async () => {
  let isFull = true;
  const { search, clock, told, fill } = stage({ openFails: () => isFull });
  assert.equal(search.find(HELLO), null);
  assert.equal(told.length, 1);
  isFull = false;
  clock.nowMs = 10_000;
  fill();
  assert.equal(search.find(HELLO)?.length, 5);
  await search.close();
});

test('a search that the index does not understand costs the others nothing', async () => {
  const wrong = Object.assign(new Error('fts5: syntax error'), { errcode: 1 });
  const sees = (index: SearchIndex) =>
    new Proxy(index, {
      get: (target, name) => {
        if (name === 'find') {
          return (query: typeof HELLO) => {
            if (query.text === 'wrong') throw wrong;
            return target.find(query);
          };
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const { search, fill } = stage({ sees });
  fill();
  assert.equal(search.find({ ...HELLO, text: 'wrong' }), null);
  assert.equal(search.find(HELLO)?.length, 5);
  await search.close();
});

test('nothing is opened, found or told once it is closed', async () => {
  const { search, clock, told, failures } = stage();
  await search.close();
  failures[0]?.(new Error('terminated'));
  clock.nowMs = 100_000;
  search.tick(true);
  assert.equal(search.find(HELLO), null);
  assert.deepEqual(told, []);
});

test('somebody who searched a moment ago may search again', async () => {
  const { search, clock } = stage();
  assert.equal(search.isWanted(), false);
  search.reach();
  assert.equal(search.isWanted(), true);
  clock.nowMs += 10_000;
  assert.equal(search.isWanted(), false);
  await search.close();
});
