// Settings, themes, glyphs and help, in a real terminal.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testFlow } from '../support/flow.ts';
import { KEYS } from '../support/terminal.ts';

const CTRL_K = '\u000b';

testFlow(
  'settings count from the moment they are saved, and what is wrong in them is named',
  { golden: 'settings', settings: 'glyphs = "ascii"\n' },
  async (flow) => {
    const save = (text: string) =>
      writeFile(join(flow.folder, 'config', 'syncnet', 'config.toml'), text);
    flow.comes('bob');
    flow.later();
    flow.says('bob', 'plain ✓ letters');
    flow.types('mine');
    await flow.shows('drawn in ASCII; what people write stays as it is', /plain ✓ letters.*mine v/);
    await save('theme = "drak"\nglyphs = "unicode"\n');
    await flow.shows('a bad value is named with its line, the good one counts', /line 1/);
    await save('keymap = "emacs"\n[keys]\n"alt+q" = "switcher"\n');
    await flow.terminal.waitForText('settings read');
    flow.keys('keep this drop that');
    flow.keys(...Array.from({ length: 10 }, () => '\u001b[D'), CTRL_K);
    await flow.shows('emacs: Ctrl+K cuts to the end of the line', /❯ keep this(?! drop)/);
    flow.keys(KEYS.ctrlC, '\u001bq');
    await flow.shows('a key of one’s own', /go to ❯/);
    flow.keys(KEYS.escape);
    await flow.terminal.waitWithout(/go to ❯/);
    flow.keys('?');
    await flow.shows('help', /KEYS/);
    flow.keys(KEYS.pageDown, KEYS.pageDown, KEYS.pageDown, KEYS.pageDown, KEYS.pageDown);
    await flow.shows('further down in help', /Esc closes/);
    flow.keys('x');
    await flow.terminal.waitWithout(/Esc closes/);
    assert.equal(await flow.quits(), 0);
  },
);

/** What a theme may write besides positions: hues by number, and fixed colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what is looked for
const HUE = /\u001b\[(?:3[0-7]|9[0-7])m/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what is looked for
const FIXED = /\u001b\[[\d;]*38;2;\d+;\d+;\d+/;

const THEMES: readonly Readonly<{
  settings: string;
  hues: boolean;
  fixed: boolean;
  environment: Record<string, string>;
}>[] = [
  { settings: 'theme = "terminal"', hues: true, fixed: false, environment: {} },
  { settings: 'theme = "dark"', hues: false, fixed: true, environment: {} },
  { settings: 'theme = "light"', hues: false, fixed: true, environment: {} },
  { settings: 'theme = "high-contrast"', hues: false, fixed: false, environment: {} },
  { settings: 'theme = "none"', hues: false, fixed: false, environment: {} },
  { settings: '', hues: false, fixed: false, environment: { NO_COLOR: '1' } },
];

for (const { settings, hues, fixed, environment } of THEMES) {
  const what = settings === '' ? 'NO_COLOR' : settings;
  testFlow(
    `${what}: hues of the palette ${hues ? 'are' : 'are not'} used, fixed colours ${fixed ? 'are' : 'are not'}`,
    { golden: 'theme', settings, environment },
    async (flow) => {
      flow.comes('bob');
      flow.later();
      flow.says('bob', '@alice the letters are the same in every theme');
      flow.types('mine');
      await flow.shows('the same letters in every theme', /every theme.*mine ✓/);
      const output = flow.terminal.output();
      assert.equal(HUE.test(output), hues, 'hues of the palette');
      assert.equal(FIXED.test(output), fixed, 'fixed colours');
    },
  );
}
