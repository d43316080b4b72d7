// Keys as people read them, and what a key does in one word.
import type { Edit } from './editor.ts';
import type { Deed, Intent } from './keys.ts';

export type What = Deed | Edit | 'room';

/** Of a key that does nothing: undefined. */
export const whatOf = (intent: Intent | undefined): What | undefined =>
  intent?.do === 'edit' ? intent.edit : intent?.do;

const KEY_NAMES: Readonly<Record<string, string>> = {
  ...{ pageup: 'PgUp', pagedown: 'PgDn', escape: 'Esc', delete: 'Del' },
  ...{ up: '↑', down: '↓', left: '←', right: '→' },
};

/** `Ctrl+N`, `Alt+↓`, `PgUp`. */
export function keyText(key: string): string {
  return key
    .split('+')
    .map((word) => KEY_NAMES[word] ?? word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('+');
}

/** The keys that do something, as people read them. */
export function keysFor(bindings: Readonly<Record<string, Intent>>, what: What): string[] {
  return Object.entries(bindings).flatMap(([key, intent]) =>
    whatOf(intent) === what ? [keyText(key)] : [],
  );
}

/** `^K`, `PgUp`, `Alt+U`: short enough for a row of them. */
export function shortKeyText(key: string): string {
  return /^ctrl\+\S$/.test(key) ? `^${key.slice('ctrl+'.length).toUpperCase()}` : keyText(key);
}
