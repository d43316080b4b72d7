// Colours by meaning, in themes. The terminal's own palette by default: it fits light and dark backgrounds alike.
import type { TextProps } from 'ink';

export type Look = Pick<TextProps, 'color' | 'dimColor' | 'bold' | 'inverse' | 'strikethrough'>;

const LOOKS = {
  text: {},
  faint: { dimColor: true },
  title: { bold: true },
  roomOpen: { bold: true, inverse: true },
  roomUnread: { bold: true },
  mention: { color: 'yellow', bold: true },
  code: { color: 'cyan' },
  codeKeyword: { color: 'magenta' },
  codeString: { color: 'green' },
  codeComment: { dimColor: true },
  codeNumber: { color: 'yellow' },
  codeName: { color: 'blue' },
  codeRemoved: { color: 'red' },
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
export const LOOK_NAMES = Object.keys(LOOKS) as LookName[];

/** Fixed colours, of at least 4.5 to 1 against black (dark) and white (light): WCAG 2.2, contrast (minimum). */
const DARK: Partial<Record<LookName, Look>> = {
  mention: { color: '#ffd75f', bold: true },
  code: { color: '#afd7af' },
  codeKeyword: { color: '#d7afff' },
  codeString: { color: '#87d787' },
  codeComment: { color: '#8a8a8a' },
  codeNumber: { color: '#d7af5f' },
  codeName: { color: '#87afff' },
  codeRemoved: { color: '#ff8787' },
  ownName: { color: '#87d7ff', bold: true },
  faint: { color: '#8a8a8a' },
  notice: { color: '#8a8a8a' },
  unreadRule: { color: '#ffd75f' },
  here: { color: '#87d787' },
  good: { color: '#87d787' },
  warning: { color: '#ffd75f' },
  bad: { color: '#ff8787', bold: true },
  prompt: { color: '#87d7ff', bold: true },
  name0: { color: '#87d787' },
  name1: { color: '#ff87d7' },
  name2: { color: '#87afff' },
  name3: { color: '#d7af5f' },
  name4: { color: '#ff8787' },
  name5: { color: '#5fd7af' },
};
const LIGHT: Partial<Record<LookName, Look>> = {
  mention: { color: '#875f00', bold: true },
  code: { color: '#00695c' },
  codeKeyword: { color: '#870087' },
  codeString: { color: '#006400' },
  codeComment: { color: '#6c6c6c' },
  codeNumber: { color: '#875f00' },
  codeName: { color: '#0000af' },
  codeRemoved: { color: '#af0000' },
  ownName: { color: '#005f87', bold: true },
  faint: { color: '#6c6c6c' },
  notice: { color: '#6c6c6c' },
  unreadRule: { color: '#875f00' },
  here: { color: '#006400' },
  good: { color: '#006400' },
  warning: { color: '#875f00' },
  bad: { color: '#af0000', bold: true },
  prompt: { color: '#005f87', bold: true },
  name0: { color: '#006400' },
  name1: { color: '#870087' },
  name2: { color: '#0000af' },
  name3: { color: '#875f00' },
  name4: { color: '#af0000' },
  name5: { color: '#00695c' },
};
/** Nothing is dim, and what matters is bold or inverse. */
const HIGH_CONTRAST: Partial<Record<LookName, Look>> = {
  faint: {},
  codeComment: {},
  codeKeyword: { bold: true },
  notice: {},
  down: { strikethrough: true },
  mention: { inverse: true, bold: true },
  unreadRule: { bold: true },
  good: { bold: true },
  warning: { inverse: true },
  bad: { inverse: true, bold: true },
};

const THEMES = {
  terminal: {},
  dark: DARK,
  light: LIGHT,
  'high-contrast': HIGH_CONTRAST,
  none: {},
} as const satisfies Record<string, Partial<Record<LookName, Look>>>;
export type ThemeName = keyof typeof THEMES;
export const THEME_NAMES = Object.keys(THEMES) as ThemeName[];

/** Looks for people's names: as many as the ANSI palette tells apart on both backgrounds. */
const NAME_LOOKS = ['name0', 'name1', 'name2', 'name3', 'name4', 'name5'] as const;

/** A person's colour: the same on every screen, because it comes from the account's id. */
export function nameLook(account: string): LookName {
  let sum = 0;
  for (const character of account) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return NAME_LOOKS[sum % NAME_LOOKS.length] ?? 'name0';
}

/** How a meaning looks in a theme; `none` keeps weight and inversion, without hues. */
export function lookOf(name: LookName, theme: ThemeName): Look {
  const themed: Partial<Record<LookName, Look>> = THEMES[theme];
  const look: Look = themed[name] ?? LOOKS[name];
  if (theme !== 'none' && theme !== 'high-contrast') return look;
  const { color: _, ...rest } = look;
  return rest;
}
