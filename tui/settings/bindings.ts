// Which key does what: the keys everyone begins with, those of Emacs on request, and one's own on top.
import { EDITS, type Edit } from '../editor.ts';
import { type Intent, KEYMAP } from '../keys.ts';

export type Bindings = Readonly<Record<string, Intent>>;

/** Keys that editors of the Emacs family have, where the usual map has something else. */
const EMACS: Bindings = {
  'ctrl+k': { do: 'edit', edit: 'deleteToEnd' },
  'ctrl+y': { do: 'yank' },
  'alt+y': { do: 'yank' },
  'ctrl+x': { do: 'compose' },
};

export const KEYMAPS = {
  default: KEYMAP,
  emacs: { ...KEYMAP, ...EMACS },
} as const satisfies Record<string, Bindings>;

/** `deleteWordBefore` as it is written in the file: `delete-word-before`. */
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function actionName(intent: Intent): string {
  if (intent.do === 'edit') return kebab(intent.edit);
  return intent.do === 'room' ? `room-${intent.number}` : kebab(intent.do);
}

const edits = Object.keys(EDITS).map((name): Intent => ({ do: 'edit', edit: name as Edit }));

/** Everything that a key can do, by its name in the file. */
export const ACTIONS: ReadonlyMap<string, Intent> = new Map(
  [...Object.values(KEYMAP), ...edits].map((intent) => [actionName(intent), intent] as const),
);

const KEY = /^(ctrl\+)?(alt\+)?(shift\+)?(\S|[a-z]{2,9})$/u;
const NAMED_KEYS: ReadonlySet<string> = new Set([
  ...['up', 'down', 'left', 'right', 'pageup', 'pagedown', 'home', 'end'],
  ...['enter', 'escape', 'tab', 'backspace', 'delete'],
]);

/** No terminal tells these from the keys behind them. */
const SAME_KEYS: Readonly<Record<string, string>> = {
  'ctrl+i': 'tab',
  'ctrl+m': 'enter',
  'ctrl+[': 'escape',
  'ctrl+h': 'backspace',
};

/** @returns what is wrong with the name of a key; null when it is one that can be bound */
export function keyProblem(key: string): string | null {
  const same = SAME_KEYS[key];
  if (same) return `terminals send ${same} for ${key}: bind ${same}`;
  const name = KEY.exec(key)?.[4];
  if (name === undefined) return `no such key: such as ctrl+t, alt+up, pageup`;
  if ([...name].length > 1 && !NAMED_KEYS.has(name))
    return `no such key: there are letters, ${[...NAMED_KEYS].join(', ')}`;
  const isBare = !/^(ctrl|alt)\+/.test(key);
  return isBare && [...name].length === 1
    ? `a letter alone is typed: alt+${name} can be bound`
    : null;
}
