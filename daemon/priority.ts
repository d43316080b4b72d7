// What nobody waits for leaves the processor to those who serve, on a machine where several servers run.
import { constants, setPriority } from 'node:os';

/** For the thread that calls it, and for good: only the superuser may take it back. On Linux; elsewhere it does nothing. */
export function yieldToRoom(): void {
  // Elsewhere it would be the priority of the whole server.
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    // A sandbox may forbid it: it is done all the same.
  }
}
