// Keys: from what the terminal sent to a key's name, and from a name to what it does. Conventional where
// weechat, irssi, catgirl and senpai agree.
import type { Key } from 'ink';
import type { Edit } from './editor.ts';

export type KeyPress = Readonly<{ type: 'key'; key: string } | { type: 'typed'; text: string }>;

const NAMED: readonly (readonly [keyof Key, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['tab', 'tab'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
];

/** Control codes that have a name of their own; the others are Ctrl and the letter 0x60 above. */
const CONTROL_NAMES: Readonly<Record<number, string>> = {
  8: 'backspace',
  9: 'tab',
  13: 'enter',
  27: 'escape',
  31: 'ctrl+_',
  127: 'backspace',
};

function withModifiers(name: string, key: Key): string {
  const shift = key.shift && name.length > 1 ? 'shift+' : '';
  return `${key.ctrl ? 'ctrl+' : ''}${key.meta ? 'alt+' : ''}${shift}${name}`;
}

function controlName(code: number): string | null {
  if (code > 0x1f && code !== 0x7f) return null;
  return CONTROL_NAMES[code] ?? `ctrl+${String.fromCharCode(code + 0x60)}`;
}

/** Fast typing and a slow terminal glue keys into one chunk: cuts it at every control code. */
function splitChunk(chunk: string): KeyPress[] {
  const presses: KeyPress[] = [];
  let text = '';
  const flush = () => {
    if (text !== '') presses.push({ type: 'typed', text });
    text = '';
  };
  for (const character of chunk) {
    const name = controlName(character.codePointAt(0) ?? 0);
    if (name === null) text += character;
    else {
      flush();
      presses.push({ type: 'key', key: name });
    }
  }
  flush();
  return presses;
}

/**
 * A sign and a letter behind an ESC are a sequence by ECMA-35, and none that a terminal sends: somebody pressed Escape
 * and typed `/c`, and a slow line brought it in one piece.
 */
const SIGN_AND_LETTER = /^[ -/][0-~]$/;

/** Left-overs of escape sequences that Ink hands on without their ESC: mouse reports, focus, unknown keys. */
const SEQUENCE_REST = /^(\[[<?]?[\d;:]*[A-Za-z~$^]|O[A-Za-z])$/;

/**
 * What was pressed, in order.
 * @param input,key as Ink's useInput gives them
 */
export function keyPresses(input: string, key: Key): KeyPress[] {
  if (key.eventType === 'release') return [];
  const named = NAMED.find(([field]) => key[field] === true);
  if (named) return [{ type: 'key', key: withModifiers(named[1], key) }];
  if (input.length > 1 && SEQUENCE_REST.test(input)) return [];
  if (key.meta && SIGN_AND_LETTER.test(input)) {
    const [sign = '', letter = ''] = input;
    return [
      { type: 'key', key: `alt+${sign}` },
      { type: 'typed', text: letter },
    ];
  }
  if (key.ctrl || (key.meta && input !== '')) {
    return [{ type: 'key', key: withModifiers(input.toLowerCase(), { ...key, shift: false }) }];
  }
  return splitChunk(input);
}

/** Everything that keys do, but for edits and rooms by their number. */
export type Deed = Exclude<Intent, { do: 'edit' } | { do: 'room' }>['do'];

export type Intent =
  | Readonly<{ do: 'edit'; edit: Edit }>
  | Readonly<{ do: 'room'; number: number }>
  | Readonly<{
      do:
        | 'send'
        | 'up'
        | 'down'
        | 'nextRoom'
        | 'previousRoom'
        | 'nextUnread'
        | 'firstUnread'
        | 'switcher'
        | 'pageUp'
        | 'pageDown'
        | 'endKey'
        | 'complete'
        | 'undo'
        | 'redo'
        | 'yank'
        | 'compose'
        | 'select'
        | 'copyView'
        | 'outbox'
        | 'search'
        | 'reply'
        | 'escape'
        | 'interrupt'
        | 'suspend'
        | 'redraw';
    }>;

const digits = Object.fromEntries(
  Array.from({ length: 9 }, (_, index): [string, Intent] => [
    `alt+${index + 1}`,
    { do: 'room', number: index + 1 },
  ]),
);
const edit = (name: Edit): Intent => ({ do: 'edit', edit: name });

/** What each key does where nothing else has the keyboard; of several keys the one that every terminal delivers first. */
export const KEYMAP: Readonly<Record<string, Intent>> = {
  ...digits,
  enter: { do: 'send' },
  'ctrl+j': edit('newline'),
  'alt+enter': edit('newline'),
  'shift+enter': edit('newline'),
  up: { do: 'up' },
  down: { do: 'down' },
  'ctrl+n': { do: 'nextRoom' },
  'alt+down': { do: 'nextRoom' },
  'ctrl+p': { do: 'previousRoom' },
  'alt+up': { do: 'previousRoom' },
  'ctrl+g': { do: 'nextUnread' },
  'alt+a': { do: 'nextUnread' },
  'alt+u': { do: 'firstUnread' },
  'ctrl+k': { do: 'switcher' },
  'ctrl+t': { do: 'switcher' },
  pageup: { do: 'pageUp' },
  pagedown: { do: 'pageDown' },
  end: { do: 'endKey' },
  tab: { do: 'complete' },
  escape: { do: 'escape' },
  'ctrl+c': { do: 'interrupt' },
  'ctrl+z': { do: 'suspend' },
  'ctrl+l': { do: 'redraw' },
  left: edit('left'),
  right: edit('right'),
  'ctrl+b': edit('left'),
  'ctrl+f': edit('right'),
  'ctrl+left': edit('wordLeft'),
  'ctrl+right': edit('wordRight'),
  'alt+left': edit('wordLeft'),
  'alt+right': edit('wordRight'),
  'alt+b': edit('wordLeft'),
  'alt+f': edit('wordRight'),
  home: edit('home'),
  'ctrl+a': edit('home'),
  'ctrl+e': edit('end'),
  backspace: edit('backspace'),
  delete: edit('delete'),
  'ctrl+d': edit('delete'),
  'ctrl+w': edit('deleteWordBefore'),
  'alt+backspace': edit('deleteWordBefore'),
  'alt+d': edit('deleteWordAfter'),
  'ctrl+u': edit('deleteToStart'),
  'alt+k': edit('deleteToEnd'),
  'ctrl+_': { do: 'undo' },
  'alt+z': { do: 'undo' },
  'alt+y': { do: 'redo' },
  'alt+v': { do: 'yank' },
  'alt+e': { do: 'compose' },
  'ctrl+r': { do: 'search' },
  'ctrl+o': { do: 'outbox' },
  'ctrl+y': { do: 'copyView' },
  'alt+s': { do: 'select' },
  'alt+r': { do: 'reply' },
};
