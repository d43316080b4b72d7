// The settings file, config.toml: what may stand in it, and what is wrong with what does. A bad value is named with
// its line and leaves the value there was; everything else in the file counts.
import { parse, TomlError } from 'smol-toml';
import { GLYPH_SETS, type GlyphSet } from '../glyphs.ts';
import { nearest } from '../nearest.ts';
import { ALERT_KINDS, type AlertKind } from '../terminal/alerts.ts';
import { THEME_NAMES, type ThemeName } from '../theme.ts';
import { ACTIONS, type Bindings, KEYMAPS, keyProblem } from './bindings.ts';

export type Settings = Readonly<{
  theme: ThemeName;
  glyphs: GlyphSet;
  /** How someone who calls is told of while another window has the keyboard. */
  alerts: AlertKind;
  /** Whether the wheel scrolls and a click chooses; the terminal selects text with Shift, or Option, then. */
  mouse: 'on' | 'off';
  keymap: keyof typeof KEYMAPS;
  bindings: Bindings;
}>;

/** Keys of one's own, as they are written: key and action. */
type OwnKeys = readonly (readonly [string, string])[];

/** `line` counts from 1. */
export type Problem = Readonly<{ line: number; reason: string }>;

export function defaultSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const isPlain = (environment.NO_COLOR ?? '') !== '';
  const theme = isPlain ? 'none' : 'terminal';
  return {
    theme,
    glyphs: 'unicode',
    alerts: 'auto',
    mouse: 'on',
    keymap: 'default',
    bindings: KEYMAPS.default,
  };
}

type Reader = {
  readonly text: string;
  readonly problems: Problem[];
};

/** Where a key of a table stands; the whole file where that cannot be told. */
function lineOf(text: string, table: string | null, key: string): number {
  let inside: string | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\s*"?([^\]"]+?)"?\s*\]/.exec(line)?.[1];
    if (header !== undefined) inside = header;
    const name = /^\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*=/.exec(line);
    const found = name?.[1] ?? name?.[2] ?? name?.[3];
    if (found === key && inside === table) return index + 1;
    if (table === null && header === key) return index + 1;
  }
  return 1;
}

function complain(reader: Reader, place: { table?: string; key: string }, reason: string): void {
  const line = lineOf(reader.text, place.table ?? null, place.key);
  reader.problems.push({ line, reason });
}

/** One of some words; `otherwise` where there is none, `now`, with a complaint, where it is another. */
function choice<T extends string>(
  reader: Reader,
  value: unknown,
  { key, words, otherwise, now }: { key: string; words: readonly T[]; otherwise: T; now: T },
): T {
  if (value === undefined) return otherwise;
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  complain(reader, { key }, `${key} is one of ${words.join(', ')}, not ${JSON.stringify(value)}`);
  return now;
}

function ownBindings(reader: Reader, keys: unknown): OwnKeys {
  if (keys === undefined) return [];
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) {
    complain(reader, { key: 'keys' }, 'keys is a table: [keys], and below it "alt+q" = "switcher"');
    return [];
  }
  const own: OwnKeys[number][] = [];
  for (const [key, action] of Object.entries(keys)) {
    const reason = bindingProblem(key, action);
    if (reason === null) own.push([key, action as string]);
    else complain(reader, { table: 'keys', key }, `${key}: ${reason}`);
  }
  return own;
}

function bindingProblem(key: string, action: unknown): string | null {
  const wrongKey = keyProblem(key);
  if (wrongKey !== null) return wrongKey;
  if (action === 'none') return null;
  if (typeof action === 'string' && ACTIONS.has(action)) return null;
  const names = [...ACTIONS.keys()];
  const near = typeof action === 'string' ? nearest(action, names) : null;
  return `nothing is called ${JSON.stringify(action)}: ${near ? `did you mean ${near}?` : `there are none, ${names.join(', ')}`}`;
}

function bound(base: Bindings, own: OwnKeys): Bindings {
  const bindings: Record<string, Bindings[string]> = { ...base };
  for (const [key, action] of own) {
    const intent = ACTIONS.get(action);
    if (intent) bindings[key] = intent;
    else delete bindings[key];
  }
  return bindings;
}

const KNOWN = ['theme', 'glyphs', 'alerts', 'mouse', 'keymap', 'keys'] as const;

export type Loaded = Readonly<{ settings: Settings; problems: readonly Problem[] }>;

/**
 * Reads a settings file.
 * @param from what counts where the file says nothing, and what counts now: with a file that is no TOML all of it
 * @returns the settings that count from here on, and what is wrong
 */
export function parseSettings(
  text: string,
  { defaults, now }: Readonly<{ defaults: Settings; now: Settings }>,
): Loaded {
  const reader: Reader = { text, problems: [] };
  let given: Record<string, unknown>;
  try {
    given = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [, reason = 'this is no TOML'] = /^Invalid TOML document: (.*)/.exec(error.message) ?? [];
    return { settings: now, problems: [{ line: error.line, reason }] };
  }
  for (const key of Object.keys(given)) {
    if (KNOWN.some((known) => known === key)) continue;
    const near = nearest(key, KNOWN);
    const advice = near ? `did you mean ${near}?` : `there are ${KNOWN.join(', ')}`;
    complain(reader, { key }, `there is no setting ${key}: ${advice}`);
  }
  const theme = choice(reader, given.theme, {
    ...{ key: 'theme', words: THEME_NAMES },
    ...{ otherwise: defaults.theme, now: now.theme },
  });
  const glyphs = choice(reader, given.glyphs, {
    ...{ key: 'glyphs', words: GLYPH_SETS },
    ...{ otherwise: defaults.glyphs, now: now.glyphs },
  });
  const alerts = choice(reader, given.alerts, {
    ...{ key: 'alerts', words: ALERT_KINDS },
    ...{ otherwise: defaults.alerts, now: now.alerts },
  });
  const mouse = choice(reader, given.mouse, {
    ...{ key: 'mouse', words: ['on', 'off'] as const },
    ...{ otherwise: defaults.mouse, now: now.mouse },
  });
  const keymap = choice(reader, given.keymap, {
    ...{ key: 'keymap', words: Object.keys(KEYMAPS) as Settings['keymap'][] },
    ...{ otherwise: defaults.keymap, now: now.keymap },
  });
  const bindings = bound(KEYMAPS[keymap], ownBindings(reader, given.keys));
  const settings = { theme, glyphs, alerts, mouse, keymap, bindings };
  return { settings, problems: reader.problems.sort((one, other) => one.line - other.line) };
}
