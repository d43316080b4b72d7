// What becomes of an index: changes in the order of the history, a batch at a time, each batch as a whole. The same
// whether they are written by a thread of their own or, in tests, at once.
import type { IndexedPost, SearchIndex } from './search-index.ts';

export type IndexChange =
  | Readonly<{ type: 'post'; post: IndexedPost }>
  /** `text`: null takes the post out. */
  | Readonly<{ type: 'edit'; post: string; place: string; text: string | null }>;

/** Entries of one stream up to `sequence`, as changes. */
export type IndexBatch = Readonly<{
  stream: string;
  sequence: number;
  changes: readonly IndexChange[];
  /** Posts of an earlier hybrid time are pruned, a few with each batch. */
  pruneBelowMs: number;
}>;

const PRUNED_PER_BATCH = 100;

/** Writes batches: `onWritten` when searches find what is in one. */
export type IndexWriter = Readonly<{
  write(batch: IndexBatch, onWritten: () => void): void;
}>;

/** To be called in a transaction. */
export function applyBatch(index: SearchIndex, batch: IndexBatch): void {
  for (const change of batch.changes) {
    if (change.type === 'post') index.add(change.post);
    else index.edit(change.post, change.place, change.text);
  }
  if (batch.stream !== '') index.setIndexed(batch.stream, batch.sequence);
  if (batch.pruneBelowMs > 0) index.prune(batch.pruneBelowMs, PRUNED_PER_BATCH);
}

/** Writes at once, on the calling thread. */
export function directWriter(index: SearchIndex): IndexWriter {
  return {
    write: (batch, onWritten) => {
      index.transact(() => applyBatch(index, batch));
      onWritten();
    },
  };
}
