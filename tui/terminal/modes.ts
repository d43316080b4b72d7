// The terminal's modes that Ink does not keep: set at the start, put back on every way out, a crash included.
import { writeSync } from 'node:fs';

/** Auto-wrap off: a width that terminal and string-width see differently then costs one cell, not the frame. */
const SET = '\u001b[?7l';

/** All that the screen may have set, Ink's part too, since a crash skips its own clean-up. */
const RESTORE = [
  '\u001b[?7h', // auto-wrap
  '\u001b[?1000l\u001b[?1006l\u001b[?1004l', // mouse, focus
  '\u001b[?2004l', // bracketed paste
  '\u001b[?2026l', // synchronized output
  '\u001b[?1049l', // alternate screen
  '\u001b[?25h\u001b[0m', // cursor, colours
].join('');

const STDOUT = 1;

function write(codes: string): void {
  try {
    writeSync(STDOUT, codes);
  } catch {
    // The terminal is gone (SIGHUP): there is nothing left to restore.
  }
}

export type TerminalModes = Readonly<{
  set(): void;
  /** Puts back what was set; a second time it does nothing, until `set` again. */
  restore(): void;
}>;

/** The modes of standard output. Restored at the exit of the process at the latest. */
export function terminalModes(): TerminalModes {
  let isSet = false;
  const modes: TerminalModes = {
    set: () => {
      isSet = true;
      write(SET);
    },
    restore: () => {
      if (isSet) write(RESTORE);
      isSet = false;
    },
  };
  process.on('exit', modes.restore);
  return modes;
}
