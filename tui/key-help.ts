// What help says of the keys: made from those that are bound, so that it is true for every keymap and for one's own keys.
import { keysFor, type What } from './key-names.ts';
import type { Bindings } from './settings/bindings.ts';

type Group = readonly (readonly [What, string])[];

/** What belongs together in a row, in the order of the rows; `rooms` is the row of the nine digits. */
const GROUPS: readonly (Group | 'rooms')[] = [
  [
    ['send', 'send'],
    ['newline', 'new line'],
  ],
  [
    ['nextRoom', 'next'],
    ['previousRoom', 'previous room'],
  ],
  [['nextUnread', 'next mention or unread room']],
  'rooms',
  [['switcher', 'find a room by a few letters']],
  [['copyView', 'plain text, to select and copy']],
  [['search', 'search everything that was said']],
  [
    ['pageUp', 'history'],
    ['pageDown', 'back'],
    ['endKey', 'follow the end'],
  ],
  [['firstUnread', 'first unread post']],
  [['complete', 'complete a name, command, room or :emoji']],
  [
    ['up', 'edit your last message, earlier input'],
    ['down', 'later input'],
  ],
  [['select', 'choose a message to answer, react, …']],
  [['reply', 'answer the newest message']],
  [['outbox', 'what is queued: edit, drop, retry']],
  [
    ['left', 'left'],
    ['right', 'right'],
  ],
  [
    ['wordLeft', 'a word left'],
    ['wordRight', 'right'],
  ],
  [
    ['home', 'start'],
    ['end', 'end of the line'],
  ],
  [
    ['backspace', 'delete before'],
    ['delete', 'behind'],
  ],
  [
    ['deleteWordBefore', 'cut the word before'],
    ['deleteWordAfter', 'behind'],
  ],
  [
    ['deleteToStart', 'cut to the line start'],
    ['deleteToEnd', 'end'],
  ],
  [['yank', 'put in what was cut']],
  [
    ['undo', 'undo'],
    ['redo', 'redo'],
  ],
  [['compose', 'write in $EDITOR']],
  [['escape', 'close what is open, let go']],
  [['interrupt', 'clear the line; when empty, twice quits']],
  [['suspend', 'suspend, back with fg']],
  [['redraw', 'draw everything anew']],
];

const DIGITS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

function roomRow(bindings: Bindings): readonly [string, string] {
  const isUsual = DIGITS.every((digit) => bindings[`alt+${digit}`]?.do === 'room');
  return ['Esc 1 … Esc 9', `room by number (${isUsual ? 'Alt+1 … Alt+9, ' : ''}/1 … /9)`];
}

/** None where no key does any of it. */
function groupRows(bindings: Bindings, group: Group): (readonly [string, string])[] {
  const bound = group
    .map(([what, text]) => ({ keys: keysFor(bindings, what), text }))
    .filter(({ keys }) => keys.length > 0);
  if (bound.length === 0) return [];
  const does = bound.map(({ keys: [, ...others], text }) =>
    others.length > 0 ? `${text} (${others.join(', ')})` : text,
  );
  return [[bound.map(({ keys }) => keys[0]).join(' · '), does.join(' · ')]];
}

/** Keys and what they do, row by row; what no key does is not there. */
export function keyHelp(bindings: Bindings): readonly (readonly [keys: string, does: string])[] {
  return GROUPS.flatMap((group) =>
    group === 'rooms' ? [roomRow(bindings)] : groupRows(bindings, group),
  );
}
