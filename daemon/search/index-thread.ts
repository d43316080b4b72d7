// The index is written by a thread of its own: cutting texts into words and merging what was written before takes
// milliseconds at a time, which the room does not wait for.
import { Worker } from 'node:worker_threads';
import type { IndexBatch, IndexWriter } from './index-changes.ts';

export type IndexThread = IndexWriter & Readonly<{ close(): Promise<void> }>;

/** Runs as it lies: beside this file, in whatever language that is in. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const WORKER = new URL(`./index-worker.${extension}`, import.meta.url);

/**
 * Starts the thread on an index that exists.
 * @param onFailed the index cannot be written: it is left as it is, and the chat goes on without
 */
export function startIndexThread(path: string, onFailed: (error: Error) => void): IndexThread {
  const worker = new Worker(WORKER, { workerData: path });
  const awaited: (() => void)[] = [];
  let isOver = false;
  const fail = (error: Error) => {
    if (isOver) return;
    isOver = true;
    onFailed(error);
  };
  worker.on('message', (count: number) => {
    for (const onWritten of awaited.splice(0, count)) onWritten();
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`the thread that writes the index ended: ${code}`)));
  worker.unref();
  return {
    // After a failure nothing is written, and nobody is told that it was: the index stays incomplete.
    write: (batch: IndexBatch, onWritten) => {
      if (isOver) return;
      awaited.push(onWritten);
      worker.postMessage(batch);
    },
    close: async () => {
      isOver = true;
      await worker.terminate();
    },
  };
}
