// A screen that has lost its terminal: what started it ended without ending it (npm does not hand a signal on), and the
// terminal is the shell's again. Nobody sees the screen any more, nor reaches it by a key.

/** How often it is looked, in milliseconds. */
const LOOK_MS = 1_000;

/** What the system answers to whoever reads from, or sets, a terminal that is not theirs any longer. */
export function isTerminalLost(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'EIO' && (syscall === 'setRawMode' || syscall === 'read');
}

/**
 * @param input in raw mode
 * @param isLent whether somebody else has the terminal for a while: its modes are theirs
 * @returns ends it
 */
export function watchForLoss(
  input: NodeJS.ReadStream,
  isLent: () => boolean,
  onLost: () => void,
): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    // Whoever started it may also have left it to the terminal.
    if (process.ppid === parent || isLent()) return;
    try {
      // Off and on, or nothing would be set.
      for (const raw of [false, true]) input.setRawMode(raw);
    } catch (error) {
      if (isTerminalLost(error)) onLost();
    }
  }, LOOK_MS).unref();
  return () => clearInterval(timer);
}
