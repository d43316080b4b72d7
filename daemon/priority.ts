// A server that has handed over leaves the processor to those who serve, on a machine where several servers run.
import { constants, setPriority } from 'node:os';

/**
 * For the thread that calls it, and for good: only the superuser may take it back. On Linux; elsewhere it does nothing.
 *
 * Not for a thread of a server that still serves: others have the processor while it holds a lock, that of SQLite's
 * allocator or of V8, and its server waits. With the thread of the search index so, on cores that were all busy, servers
 * called each other dead 739 times in ten minutes; without, not once.
 */
export function yieldToRoom(): void {
  // Elsewhere it would be the priority of the whole server.
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    // A sandbox may forbid it: it is done all the same.
  }
}
