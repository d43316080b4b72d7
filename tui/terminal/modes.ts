// The terminal's modes that Ink does not know of: set at the start, restored on every way out.
import { writeSync } from 'node:fs';

/** A width disagreement over one emoji would otherwise scroll the whole frame. */
const AUTO_WRAP_OFF = '\u001b[?7l';
const AUTO_WRAP_ON = '\u001b[?7h';
/** In the alternate screen many terminals turn the wheel into arrow keys, which would cycle earlier input. */
const WHEEL_AS_ARROWS_OFF = '\u001b[?1007l';
/** The terminal tells when another window takes the keyboard. */
const FOCUS_ON = '\u001b[?1004h';
const FOCUS_OFF = '\u001b[?1004l';
/** Presses and the wheel (1000), told in a way that has no end of columns (1006). */
const MOUSE_ON = '\u001b[?1000h\u001b[?1006h';
const MOUSE_OFF = '\u001b[?1006l\u001b[?1000l';
/** The title of before, from the terminal's own stack: title.ts puts it there. */
const TITLE_BACK = '\u001b[23;2t';
/** What Ink asks for where a terminal knows them: keys told apart (kitty), and frames drawn at once. */
const KEYS_PLAIN = '\u001b[<u';
const DRAWN_AS_IT_COMES = '\u001b[?2026l';
const SHOW_CURSOR = '\u001b[?25h';
const BRACKETED_PASTE_OFF = '\u001b[?2004l';
const MAIN_SCREEN = '\u001b[?1049l';
const PLAIN_LETTERS = '\u001b[0m';

const STANDARD_OUTPUT = 1;

/** Writes at once and whatever else goes on: the process may be about to end. */
function write(text: string): void {
  try {
    writeSync(STANDARD_OUTPUT, text);
  } catch {
    // The terminal is gone, and its modes with it.
  }
}

export function setModes({ mouse }: { mouse: boolean }): void {
  write(AUTO_WRAP_OFF + WHEEL_AS_ARROWS_OFF + FOCUS_ON + (mouse ? MOUSE_ON : ''));
}

export function setMouse(on: boolean): void {
  write(on ? MOUSE_ON : MOUSE_OFF + WHEEL_AS_ARROWS_OFF);
}

/** After Ink has put back what it changed. */
export function restoreModes(): void {
  write(TITLE_BACK + MOUSE_OFF + FOCUS_OFF + AUTO_WRAP_ON + PLAIN_LETTERS + SHOW_CURSOR);
}

/** When Ink could not: puts back what Ink changed as well. */
export function restoreAll(): void {
  write(
    DRAWN_AS_IT_COMES +
      KEYS_PLAIN +
      TITLE_BACK +
      MOUSE_OFF +
      FOCUS_OFF +
      BRACKETED_PASTE_OFF +
      MAIN_SCREEN +
      AUTO_WRAP_ON +
      PLAIN_LETTERS +
      SHOW_CURSOR,
  );
}
