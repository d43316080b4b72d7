// A screen that has lost its terminal: what started it ended without ending it (npm does not hand a signal on), and the
// terminal is the shell's again. Nobody sees the screen any more, nor reaches it by a key.

/** How often it is looked, in milliseconds. */
const LOOK_MS = 1_000;

/** @returns ends it */
export function watchParent(onGone: () => void, parent = () => process.ppid): () => void {
  const first = parent();
  const timer = setInterval(() => {
    if (parent() !== first) onGone();
  }, LOOK_MS).unref();
  return () => clearInterval(timer);
}

/** What the system answers to whoever reads from, or sets, a terminal that is not theirs any longer. */
export function isTerminalLost(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'EIO' && (syscall === 'setRawMode' || syscall === 'read');
}
