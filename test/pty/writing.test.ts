// Writing, in a real terminal: a draft of several lines, what Tab offers, pastes, mistakes, and what becomes of it all.
import assert from 'node:assert/strict';
import { testFlow } from '../support/flow.ts';
import { KEYS } from '../support/terminal.ts';

const CTRL_UNDERSCORE = '\u001f';
const CTRL_W = '\u0017';
const CTRL_U = '\u0015';
const ALT_V = '\u001bv';
const ALT_E = '\u001be';
const paste = (text: string) => `\u001b[200~${text}\u001b[201~`;

testFlow(
  'what is written is seen, mended, and sent when it is meant to be',
  { golden: 'writing' },
  async (flow) => {
    flow.comes('bob');
    flow.later();
    flow.says('bob', 'anyone looking at the lag?');
    await flow.terminal.waitForText('bob');

    flow.keys('first line', KEYS.ctrlJ, 'second 日本語 👨‍👩‍👧‍👦 line');
    await flow.shows(
      'a draft of two lines, the cursor behind a wide character and an emoji',
      /second 日本語/,
    );
    flow.keys(CTRL_W, CTRL_W);
    await flow.shows('two words cut', /second 日本語 (?!👨)/);
    flow.keys(CTRL_UNDERSCORE);
    await flow.shows('and had back', /日本語 👨‍👩‍👧‍👦/u);
    flow.keys(CTRL_U, ALT_V, KEYS.enter);
    await flow.shows('sent: the second line was cut and put in again', /✓/);

    flow.keys('@b', KEYS.tab, 'here :tad', KEYS.tab);
    await flow.shows('a name and an emoji completed', /@bob here 🎉/u);
    flow.keys(KEYS.ctrlC);
    flow.types('/jion ops');
    await flow.shows('a mistyped command is named and stays', /did you mean \/join/);
    flow.keys(KEYS.ctrlC, '/to', KEYS.tab);
    await flow.shows('a command completed', /❯ \/topic/);
    flow.types('lag of the replicas');
    await flow.shows('the topic is set', /#general · lag/);

    flow.keys(paste('one\ntwo\nthree\nfour\nfive'));
    await flow.shows('five lines pasted: nothing is sent', /5 lines pasted/);
    flow.keys(KEYS.enter);
    await flow.shows('Enter asks', /Enter sends/);
    flow.keys(KEYS.enter);
    await flow.shows('Enter again sends', /five ✓/);

    flow.keys(paste('x'.repeat(3_950)));
    await flow.shows('near the limit the counter is there', /3950\/4k/);
    flow.keys(KEYS.ctrlC);
    flow.types('/me waves');
    await flow.shows('what somebody does', /alice waves ✓/);
    flow.keys('see **this** `const` at https://example.org', KEYS.ctrlJ, '```js');
    flow.keys(KEYS.ctrlJ, 'const a = 1; // one', KEYS.ctrlJ, '```', KEYS.enter);
    await flow.shows('bold, code, a link and a block of code', /const a = 1; \/\/ one/);

    flow.keys('not sent');
    flow.types('');
    await flow.terminal.waitForText(/not sent +✓/);
    flow.keys('half a thought');
    await flow.terminal.waitForText('❯ half a thought');
    flow.types('');
    await flow.terminal.waitForText(/half a thought +✓/);
    flow.keys('a draft', KEYS.up);
    await flow.shows('earlier input, the draft kept', /❯ half a thought/);
    flow.keys(KEYS.down);
    await flow.shows('and back to the draft', /❯ a draft/);
  },
);

testFlow(
  'a draft is written on in the editor of the person, and the screen comes back',
  { environment: { VISUAL: 'sed -i s/short/long/' } },
  async ({ terminal }) => {
    const modes = terminal.modes();
    terminal.keys('a short text');
    await terminal.waitForText(/❯ a short text/);
    terminal.keys(ALT_E);
    await terminal.waitForText(/❯ a long text/);
    assert.deepEqual(terminal.modes(), modes);
    terminal.keys(CTRL_UNDERSCORE);
    await terminal.waitForText(/❯ a short text/);
  },
);

testFlow(
  'an editor that fails leaves the draft as it was, and says so',
  { environment: { VISUAL: 'no-such-editor' } },
  async ({ terminal }) => {
    terminal.keys('mine');
    await terminal.waitForText(/❯ mine/);
    terminal.keys(ALT_E);
    await terminal.waitForText(/no-such-editor ended/);
    await terminal.waitForText(/❯ mine/);
  },
);

testFlow('each room has its draft, and a restart keeps them', {}, async (flow) => {
  flow.comes('bob');
  flow.creates('bob', 'ops');
  flow.keys('for everyone');
  await flow.terminal.waitForText('❯ for everyone');
  flow.keys(KEYS.ctrlC);
  flow.types('/join ops');
  await flow.terminal.waitForText('#ops ❯');
  flow.keys('for ops', KEYS.ctrlJ, 'alone');
  await flow.terminal.waitForText(/for ops[^\n]*\n +alone/);
  flow.keys(KEYS.ctrlP);
  await flow.terminal.waitForText('#general ❯');
  flow.keys('for everyone');
  await flow.terminal.waitForText('#general ❯ for everyone');
  flow.terminal.kill('SIGTERM');
  assert.equal(await flow.terminal.exited(), 0);
  await flow.again();
  await flow.terminal.waitForText('#general ❯ for everyone');
  flow.keys(KEYS.ctrlN);
  await flow.terminal.waitForText(/#ops ❯ for ops[^\n]*\n +alone/u);
});
