// The search index of a data directory that was filled without a daemon: written at once, as the daemon's thread would
// in many rests.
import { applyBatch, type IndexWriter } from '../../daemon/search/index-changes.ts';
import { createIndexing } from '../../daemon/search/indexing.ts';
import { openSearchIndex } from '../../daemon/search/search-index.ts';
import type { Store } from '../../daemon/store/store.ts';

/** Batches in one transaction of the index: some 20,000 posts. */
const TRANSACTION_BATCHES = 200;

/** Blocks until all that the store holds is found. */
export function fillIndex(directory: string, store: Store): void {
  const index = openSearchIndex(directory, store.ringRecord().incarnation);
  let batches = 0;
  const commit = () => {
    if (batches > 0) index.commit();
    batches = 0;
  };
  const writer: IndexWriter = {
    write: (batch, onWritten) => {
      if (batches === 0) index.begin();
      applyBatch(index, batch);
      batches += 1;
      if (batches === TRANSACTION_BATCHES) commit();
      onWritten();
    },
  };
  let clockMs = 0;
  // A clock on which nothing waits for more to come.
  const nowMs = () => {
    clockMs += 1_000;
    return clockMs;
  };
  const parts = { store, writer, indexed: index.indexed(), prunedBelowMs: () => 0, nowMs };
  const indexing = createIndexing(parts);
  while (indexing.covers(indexing.reach()) !== 'yes') indexing.tick();
  commit();
  index.close();
}
