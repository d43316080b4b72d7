// What of the looks reaches a real terminal: weight, hue and marks of its cells, in each theme.
import assert from 'node:assert/strict';
import { type Flow, testFlow } from '../support/flow.ts';
import type { Cell } from '../support/screen-svg.ts';
import { StageServer } from '../support/stage-server.ts';

const REPLICAS = 'https://example.org/replicas';

/**
 * The look that all cells of a text have, as the terminal shows it.
 * @param after what stands before it, to tell it from others like it
 * @throws AssertionError when there are several looks
 */
function lookOf({ terminal }: Flow, text: string, after = ''): Omit<Cell, 'text' | 'width'> {
  const cells = terminal.cellsOf(`${after}${text}`).slice(after.length);
  const [first, ...others] = cells.map(({ text: _, width: __, ...look }) => look);
  assert.ok(first, `${text} on the screen:\n${terminal.text()}`);
  for (const other of others) assert.deepEqual(other, first, text);
  return first;
}

/** A room in which somebody calls alice, and another in which something is new. */
async function talks(flow: Flow): Promise<void> {
  flow.comes('bob');
  const ops = flow.creates('bob', 'ops');
  flow.types('/join ops');
  await flow.terminal.waitForText(/#ops [❯>]/u);
  flow.types('/1');
  await flow.terminal.waitForText(/#general [❯>]/u);
  flow.says('bob', 'plain words');
  flow.says('bob', `so **bold** and *italic* and \`coded\`, see ${REPLICAS}`);
  flow.says('bob', '@alice help');
  flow.says('bob', 'elsewhere', ops);
  flow.types('my own');
  await flow.terminal.waitForText(/my own +[✓v]/u);
}

testFlow('the palette of the terminal: weight and hue say what a text is', {}, async (flow) => {
  await talks(flow);
  const plain = lookOf(flow, 'plain words');
  assert.deepEqual(plain, {
    ...{ colour: null, bold: false, dim: false, inverse: false },
    ...{ struck: false, italic: false, underlined: false },
  });
  assert.deepEqual(lookOf(flow, 'bold'), { ...plain, bold: true });
  assert.deepEqual(lookOf(flow, 'italic'), { ...plain, italic: true });
  const YELLOW = 3;
  const CYAN = 6;
  assert.equal(lookOf(flow, 'coded').colour, CYAN);
  assert.deepEqual(lookOf(flow, '@alice'), { ...plain, colour: YELLOW, bold: true });
  assert.deepEqual(lookOf(flow, 'my own'), plain);
  assert.deepEqual(lookOf(flow, 'alice'), { ...plain, colour: CYAN, bold: true });
  assert.ok(
    flow.terminal.output().includes(`\u001b]8;;${REPLICAS}\u0007`),
    'the terminal knows the address',
  );
});

testFlow(
  'NO_COLOR: nothing has a hue, and what calls is bold',
  { environment: { NO_COLOR: '1' } },
  async (flow) => {
    await talks(flow);
    for (const text of ['plain words', 'bold', 'coded', '@alice', 'my own', 'alice'])
      assert.equal(lookOf(flow, text).colour, null, text);
    assert.ok(lookOf(flow, '@alice').bold);
    const codes = flow.terminal.output().split('\u001b[').slice(1);
    assert.deepEqual(
      codes.filter((code) => /^(?:\d+;)*(?:3[0-8]|9[0-7])(?:;\d+)*m/.test(code)),
      [],
    );
  },
);

testFlow(
  'high contrast: what calls is inverse',
  { settings: 'theme = "high-contrast"\n' },
  async (flow) => {
    await talks(flow);
    const { colour, inverse, bold } = lookOf(flow, '@alice');
    assert.deepEqual({ colour, inverse, bold }, { colour: null, inverse: true, bold: true });
    for (const text of ['plain words', 'coded', 'my own']) {
      assert.equal(lookOf(flow, text).colour, null, text);
      assert.equal(lookOf(flow, text).dim, false, text);
    }
  },
);

testFlow('a dark theme has its own colours', { settings: 'theme = "dark"\n' }, async (flow) => {
  await talks(flow);
  assert.equal(lookOf(flow, '@alice').colour, '#ffd75f');
  assert.equal(lookOf(flow, 'alice').colour, '#87d7ff');
});

testFlow(
  'the open room is inverse, and one with news bold',
  { sizes: ['80x24', '120x40'] },
  async (flow) => {
    await talks(flow);
    const open = lookOf(flow, '#general', '1 ');
    assert.ok(open.inverse && open.bold);
    const unread = lookOf(flow, '#ops', '2 ');
    assert.ok(unread.bold && !unread.inverse);
  },
);

testFlow(
  'in the title a server that is gone is dim and struck',
  { sizes: ['120x40'] },
  async (flow, t) => {
    const server1 = await StageServer.open({ id: 'server1', ringPosition: 1 });
    const server2 = await StageServer.open({ id: 'server2', ringPosition: 2 });
    t.after(() => server1.close());
    t.after(() => server2.close());
    for (const { stage } of [server1, server2]) stage.follow('server3', 1, flow.server.address);
    flow.server.lead([server1, server2]);
    await flow.terminal.waitForText('server2');
    flow.server.tells([server1], [server2]);
    await flow.terminal.waitForText('2 of 3 servers');
    const gone = lookOf(flow, 'server2');
    assert.ok(gone.dim && gone.struck);
    const there = lookOf(flow, 'server1');
    assert.ok(!there.dim && !there.struck);
  },
);
