// What a settings file means, and what is said of what is wrong in it.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ACTIONS } from '../../../tui/settings/bindings.ts';
import { defaultSettings, parseSettings } from '../../../tui/settings/settings.ts';
import { loadSettings, problemsText, watchSettings } from '../../../tui/settings/settings-file.ts';
import { cellWidth } from '../../../tui/text.ts';
import { THEME_NAMES } from '../../../tui/theme.ts';
import { post, room, ScreenStory } from '../../support/screen-story.ts';
import { waitFor } from '../../support/wait-for.ts';

const defaults = defaultSettings({});
const read = (text: string, now = defaults) => parseSettings(text, { defaults, now });

test('an empty file changes nothing; NO_COLOR takes the hues, and a theme in the file brings them back', () => {
  assert.deepEqual(read(''), { settings: defaults, problems: [] });
  const plain = defaultSettings({ NO_COLOR: '1' });
  assert.equal(plain.theme, 'none');
  const { settings } = parseSettings('theme = "dark"', { defaults: plain, now: plain });
  assert.equal(settings.theme, 'dark');
});

test('keymap = "emacs" gives Ctrl+K back, and own keys stand above either', () => {
  const { settings, problems } = read(
    'keymap = "emacs"\n[keys]\n"ctrl+t" = "none"\n"alt+s" = "switcher"\n',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(settings.bindings['ctrl+k'], { do: 'edit', edit: 'deleteToEnd' });
  assert.deepEqual(settings.bindings['alt+s'], { do: 'switcher' });
  assert.equal(settings.bindings['ctrl+t'], undefined);
  assert.deepEqual(settings.bindings.enter, { do: 'send' });
});

const WRONG: readonly (readonly [string, number, RegExp])[] = [
  ['theme = "drak"', 1, /theme is one of terminal, dark, light, high-contrast, none, not "drak"/],
  ['\n\nthem = "dark"', 3, /there is no setting them: did you mean theme\?/],
  ['theme = dark', 1, /./],
  ['keymap = 3', 1, /keymap is one of default, emacs, not 3/],
  [
    '[keys]\n"alt+s" = "swicher"',
    2,
    /alt\+s: nothing is called "swicher": did you mean switcher\?/,
  ],
  ['[keys]\n"ctrl+i" = "switcher"', 2, /terminals send tab for ctrl\+i/],
  ['[keys]\n"q" = "switcher"', 2, /a letter alone is typed: alt\+q can be bound/],
  ['[keys]\n"alt+nowhere" = "switcher"', 2, /no such key/],
  ['theme = "light"\nkeys = 3', 2, /keys is a table/],
];
for (const [text, line, reason] of WRONG) {
  test(`${JSON.stringify(text)} is wrong in line ${line}`, () => {
    const now = { ...defaults, theme: 'dark' as const };
    const { settings, problems } = read(text, now);
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.line, line);
    assert.match(problems[0]?.reason ?? '', reason);
    if (/^theme = "?dr?ak?/.test(text)) assert.equal(settings.theme, 'dark', 'the old one stays');
  });
}

test('several mistakes are told as the first of them and how many more', () => {
  const { problems } = read('keymap = 1\ntheme = 2\n');
  assert.match(problemsText(problems) ?? '', /^config\.toml line 1: keymap .* \(and 1 more\)$/);
});

test('a saved file is read again, however the editor saves it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'syncnet-settings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config.toml');
  let theme = '';
  const stop = watchSettings(path, () => {
    theme = loadSettings(path, { defaults, now: defaults }).settings.theme;
  });
  t.after(stop);
  writeFileSync(path, 'theme = "light"\n');
  await waitFor('the file that was written', () => theme === 'light', 5_000);
  writeFileSync(`${path}~`, 'theme = "dark"\n');
  renameSync(`${path}~`, path);
  await waitFor('the file that was renamed', () => theme === 'dark', 5_000);
});

test('a screen takes new settings at once, and says what does not count', () => {
  const story = new ScreenStory().signedIn([room('general')]);
  const { settings } = read('[keys]\n"alt+s" = "switcher"\n');
  story.do({ type: 'settings', settings, problem: 'config.toml line 3: no' });
  assert.match(story.frame(), /config\.toml line 3: no/);
  assert.match(story.frame(), /\^K rooms/);
  assert.equal(story.keys('alt+s').model.overlay?.type, 'switcher');
  story.keys('escape').type('?');
  assert.match(story.frame(), /Ctrl\+K +find a room by a few letters \(Ctrl\+T,\s+│?\s*Alt\+S\)/);
});

test('glyphs = "ascii" draws everything but what people wrote in ASCII, in as many cells', () => {
  const { settings } = read('theme = "none"\nglyphs = "ascii"');
  const story = new ScreenStory({ columns: 120, rows: 30 }).signedIn([
    room('general'),
    room('ops'),
  ]);
  const said = { name: 'bob', text: 'as it is: ✓ … ─', place: 1 };
  story.hear({ type: 'post', post: post('general', said) }).type('mine: ★');
  const before = story.frame().split('\n');
  story.do({ type: 'settings', settings, problem: null }).keys('left');
  const after = story.frame().split('\n');
  assert.match(after.join('\n'), /as it is: ✓ … ─/);
  assert.match(after.join('\n'), /#general > mine: ★/);
  const chrome = after.join('').replace(said.text, '').replace('mine: ★', '');
  assert.match(chrome, /^[\u0020-\u007e]*$/);
  assert.deepEqual(after.map(cellWidth), before.map(cellWidth));
});

test('the row of keys has those that count', () => {
  const story = new ScreenStory().signedIn([room('general')]);
  const { settings } = read('keymap = "emacs"\n[keys]\n"ctrl+n" = "none"\n"pageup" = "none"\n');
  story.do({ type: 'settings', settings, problem: null }).keys('left');
  assert.match(
    story.frame(),
    /\^T rooms {2}Alt\+↓ next {2}\^P previous {2}\^G unread {2}\^J newline/,
  );
});

test('docs/SETTINGS.md names every action and every theme', () => {
  const page = readFileSync(new URL('../../../docs/SETTINGS.md', import.meta.url), 'utf8');
  const words = new Set(page.match(/(?<=`)[a-z0-9-]+(?=`)/g));
  const rooms = /^room-[2-8]$/;
  const missing = [...ACTIONS.keys(), ...THEME_NAMES].filter(
    (name) => !words.has(name) && !rooms.test(name),
  );
  assert.deepEqual(missing, []);
});
