// The title of the terminal's window, or of the pane in tmux: which room is open, and what is new elsewhere. The one
// that was there before is put back by the modes.
import { writeSync } from 'node:fs';
import { roomLabel } from '../room-label.ts';
import type { Model } from '../state/model.ts';
import { openRoomOf } from '../state/step.ts';
import type { Source } from '../store.ts';

const STANDARD_OUTPUT = 1;
/** The title that was there goes onto the terminal's own stack; the modes bring it back from there. */
const KEEP_TITLE = '\u001b[22;2t';
/** A busy room changes its counts with every message: nobody reads titles faster. */
const PAUSE_MS = 250;

/** `(@2) #ops · syncnet`: what calls, else what is unread, else nothing before the room. */
export function titleOf(model: Model): string {
  const sum = (count: 'unread' | 'mentions') =>
    model.rooms.reduce((total, view) => total + view[count], 0);
  const room = openRoomOf(model);
  const mentions = sum('mentions');
  const unread = sum('unread');
  const news = mentions > 0 ? `(@${mentions}) ` : unread > 0 ? `(${unread}) ` : '';
  return `${news}${room ? `${roomLabel(room.room)} · ` : ''}syncnet`;
}

export type Title = Readonly<{
  /** Somebody else had the terminal: the title is written anew. */
  again(): void;
  stop(): void;
}>;

/** Writes the title, and again when it has changed. */
export function followTitle(
  store: Source,
  write: (text: string) => void = (text) => writeSync(STANDARD_OUTPUT, text),
): Title {
  let shown = '';
  let timer: NodeJS.Timeout | null = null;
  const show = () => {
    timer = null;
    const title = titleOf(store.model());
    if (title === shown) return;
    shown = title;
    write(`\u001b]2;${title}\u0007`);
  };
  const unsubscribe = store.subscribe(() => {
    timer ??= setTimeout(show, PAUSE_MS);
  });
  write(KEEP_TITLE);
  show();
  return {
    again: () => {
      write(KEEP_TITLE);
      shown = '';
      show();
    },
    stop: () => {
      unsubscribe();
      if (timer) clearTimeout(timer);
    },
  };
}
