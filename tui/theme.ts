// Colours by meaning. The terminal's own palette, so that they fit light and dark backgrounds alike.
import type { TextProps } from 'ink';

export type Look = Pick<TextProps, 'color' | 'dimColor' | 'bold' | 'inverse' | 'strikethrough'>;

const LOOKS = {
  text: {},
  faint: { dimColor: true },
  title: { bold: true },
  roomOpen: { bold: true, inverse: true },
  roomUnread: { bold: true },
  mention: { color: 'yellow', bold: true },
  own: { color: 'cyan' },
  ownName: { color: 'cyan', bold: true },
  notice: { dimColor: true },
  unreadRule: { color: 'yellow' },
  here: { color: 'green' },
  good: { color: 'green' },
  warning: { color: 'yellow' },
  bad: { color: 'red', bold: true },
  down: { dimColor: true, strikethrough: true },
  prompt: { color: 'cyan', bold: true },
  selected: { inverse: true },
  name0: { color: 'green' },
  name1: { color: 'magenta' },
  name2: { color: 'blue' },
  name3: { color: 'yellow' },
  name4: { color: 'red' },
  name5: { color: 'greenBright' },
} as const satisfies Record<string, Look>;
export type LookName = keyof typeof LOOKS;

/** Looks for people's names: as many as the ANSI palette tells apart on both backgrounds. */
const NAME_LOOKS = ['name0', 'name1', 'name2', 'name3', 'name4', 'name5'] as const;

/** A person's colour: the same on every screen, because it comes from the account's id. */
export function nameLook(account: string): LookName {
  let sum = 0;
  for (const character of account) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return NAME_LOOKS[sum % NAME_LOOKS.length] ?? 'name0';
}

/**
 * How a meaning looks.
 * @param colours false where NO_COLOR is set: weight and inversion stay, hues go
 */
export function lookOf(name: LookName, colours: boolean): Look {
  const look: Look = LOOKS[name];
  if (colours) return look;
  const { color: _, ...rest } = look;
  return rest;
}
