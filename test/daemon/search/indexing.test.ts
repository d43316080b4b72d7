// How the history gets into the index: in batches, bounded, behind whoever writes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBody } from '../../../daemon/chat/bodies.ts';
import type { Entry } from '../../../daemon/ring/entry.ts';
import type { IndexBatch } from '../../../daemon/search/index-changes.ts';
import { createIndexing, type Indexing } from '../../../daemon/search/indexing.ts';

const STREAM = '1.3.ffffffffffffffff';
const ACCOUNT = 'aaaaaaaaaaaaaaaa';

function entryOf(sequence: number): Entry {
  const post = { q: `${ACCOUNT}.bbbbbbbbbbbb/${sequence}`, u: ACCOUNT, r: 'general', x: 'hello' };
  const time = { hlcMs: sequence, hlcCounter: 0, wallMs: sequence };
  const key = { term: 1, ringPosition: 3, incarnation: 'ffffffffffffffff', sequence };
  return { ...key, ...time, body: encodeBody({ t: 'post', ...post }) };
}

/** A history of so many posts, an index that has some of them, and a writer that is as slow as one likes. */
function stage({ held, indexed = 0 }: { held: number; indexed?: number }) {
  const state = { held, nowMs: 0, prunedBelowMs: 0 };
  const batches: IndexBatch[] = [];
  const written: (() => void)[] = [];
  const indexing = createIndexing({
    store: {
      digest: () => new Map([[STREAM, state.held]]),
      readStream: ({ after, limit }) =>
        Array.from({ length: Math.min(limit, state.held - after) }, (_, index) =>
          entryOf(after + index + 1),
        ),
    },
    indexed: new Map([[STREAM, indexed]]),
    writer: {
      write: (batch, onWritten) => {
        batches.push(batch);
        written.push(onWritten);
      },
    },
    prunedBelowMs: () => state.prunedBelowMs,
    nowMs: () => state.nowMs,
  });
  const write = () => {
    for (const onWritten of written.splice(0)) onWritten();
  };
  return { state, batches, indexing, write };
}

test('a long history is read no further than the writer has come', () => {
  const { batches, indexing, write } = stage({ held: 10_000 });
  indexing.tick();
  indexing.tick();
  const underway = batches.length;
  assert.ok(underway >= 1 && underway <= 8, `${underway} batches`);
  write();
  indexing.tick();
  assert.ok(batches.length > underway);
  assert.equal(batches[1]?.changes[0]?.type, 'post');
  assert.deepEqual(
    batches.map(({ sequence }) => sequence),
    batches.map((_, index) => (index + 1) * 100),
  );
});

test('what the index has is not given to it again', () => {
  const { batches, indexing } = stage({ held: 150, indexed: 100 });
  indexing.tick();
  assert.deepEqual(
    batches.map(({ sequence, changes }) => [sequence, changes.length]),
    [[150, 50]],
  );
});

const coversAll = (indexing: Indexing) => indexing.covers(indexing.reach());

test('in a busy room what was said before somebody asked is waited for, and what is said later is not', () => {
  const { state, indexing, write } = stage({ held: 50 });
  indexing.tick();
  write();
  state.held += 40;
  const asked = indexing.reach();
  assert.equal(indexing.covers(asked), 'soon');
  state.nowMs += 100;
  indexing.tick();
  state.held += 40;
  assert.equal(indexing.covers(asked), 'soon', 'given is not written');
  write();
  assert.equal(indexing.covers(asked), 'yes');
  assert.equal(coversAll(indexing), 'soon');
});

test('whoever waits has what is little put in at once, and no long history', () => {
  const { state, batches, indexing, write } = stage({ held: 1 });
  indexing.tick();
  write();
  state.held = 3;
  indexing.tick();
  assert.equal(batches.length, 1, 'it gathers');
  indexing.hurry();
  assert.equal(batches.length, 2);
  const long = stage({ held: 5_000 });
  assert.equal(coversAll(long.indexing), 'later');
  long.indexing.hurry();
  assert.equal(long.batches.length, 0);
});

test('a few posts wait a moment for more, so that they share a batch', () => {
  const { state, batches, indexing, write } = stage({ held: 1 });
  indexing.tick();
  write();
  state.held = 2;
  indexing.tick();
  assert.equal(batches.length, 1);
  state.held = 5;
  state.nowMs = 100;
  indexing.tick();
  assert.deepEqual(
    batches.map(({ changes }) => changes.length),
    [1, 4],
  );
});

test('what is pruned goes from the index also when nothing is said', () => {
  const { state, batches, indexing, write } = stage({ held: 1 });
  indexing.tick();
  write();
  state.prunedBelowMs = 7;
  state.nowMs = 1_000;
  indexing.tick();
  assert.deepEqual(
    batches.map(({ pruneBelowMs }) => pruneBelowMs),
    [0, 7],
  );
  write();
  assert.equal(coversAll(indexing), 'yes');
});
