// The thread that writes the index: batches in, and how many of them are found by now out. What comes close together
// shares a transaction, since FTS5 writes a segment for each, and has to merge them later.
import { parentPort, workerData } from 'node:worker_threads';
import { applyBatch, type IndexBatch } from './index-changes.ts';
import { SearchIndex } from './search-index.ts';

/** Posts that share a transaction at most: some megabytes of words in memory. */
const SHARED_POSTS_MAX = 5_000;
/** Nothing waits longer to be found. */
const SHARED_MS_MAX = 250;

const index = new SearchIndex(workerData as string);
let batches = 0;
let posts = 0;
let sinceMs = 0;

function commit(): void {
  if (batches === 0) return;
  index.commit();
  parentPort?.postMessage(batches);
  batches = 0;
  posts = 0;
}

function take(batch: IndexBatch): void {
  if (batches === 0) {
    index.begin();
    sinceMs = performance.now();
  }
  applyBatch(index, batch);
  batches += 1;
  posts += batch.changes.length;
  if (posts >= SHARED_POSTS_MAX || performance.now() - sinceMs >= SHARED_MS_MAX) commit();
  // When nothing else has come by then, it is not waited for.
  else setImmediate(commitIfLast, batches);
}

function commitIfLast(seen: number): void {
  if (seen === batches) commit();
}

parentPort?.on('message', take);
