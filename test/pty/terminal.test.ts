// The terminal itself: resized at any moment, given away and taken back, pasted into, pointed at, and put back as it
// was on every way out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Flow, testFlow } from '../support/flow.ts';
import { KEYS } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const CTRL_Y = '\u0019';
const wheel = (direction: 'up' | 'down', row: number) =>
  `\u001b[<${direction === 'up' ? 64 : 65};30;${row}M`;
const press = (column: number, row: number) => `\u001b[<0;${column};${row}M`;
const paste = (text: string) => `\u001b[200~${text}\u001b[201~`;

/** What a notification begins with, as `alerts = "osc777"` has it. */
const NOTIFIES = '\u001b]777;notify;';

const CRASH = new URL('../support/crash-on-request.ts', import.meta.url).href;

testFlow(
  'the reading position outlives every size, and the way back is the same screen',
  { golden: 'resize' },
  async (flow) => {
    flow.comes('bob');
    for (let line = 1; line <= 80; line += 1)
      flow.says('bob', `line ${line}: ${'word '.repeat(line % 17)}`);
    await flow.terminal.waitForText('line 80');
    flow.keys(KEYS.pageUp, 'a draft');
    await flow.shows('a page up', /❯ a draft/);
    for (const [columns, rows] of [
      [20, 5],
      [200, 60],
      [41, 13],
      [109, 30],
      [69, 11],
    ] as const)
      flow.terminal.resize(columns, rows);
    flow.terminal.resize(72, 20);
    await flow.shows('after six sizes at once, at 72x20', /❯ a draft/);
    const [columns, rows] = flow.dimensions;
    flow.terminal.resize(columns, rows);
    await flow.shows('back at the first size', /❯ a draft/);
  },
);

testFlow(
  'the mouse scrolls and chooses, a paste is text, and the copy view leaves plain lines',
  { golden: 'mouse' },
  async (flow) => {
    flow.comes('bob');
    const ops = flow.creates('bob', 'ops');
    flow.types('/join ops');
    await flow.terminal.waitForText('#ops ❯');
    for (let line = 1; line <= 50; line += 1) flow.says('bob', `line ${line}`, ops);
    await flow.terminal.waitForText('line 50');
    flow.keys(wheel('up', 4), wheel('up', 4));
    await flow.shows('two notches up', /newer|to follow/);
    flow.keys(wheel('down', 4), wheel('down', 4));
    await flow.shows('and down again', /line 50/);
    flow.keys(press(30, 5));
    await flow.shows('a press on a message chooses it', /r answer/);
    flow.keys(KEYS.escape);
    await flow.terminal.waitForText('/help');
    flow.keys(paste('pasted\ttext \u001b[31mwith codes\u001b[0m'));
    await flow.shows('what is pasted is text', /pasted text/);
    flow.keys(KEYS.ctrlC, CTRL_Y);
    await flow.shows('the copy view has nothing but the lines', /select and copy/);
    flow.keys('x');
    await flow.shows('a key goes back', /#ops ❯/);
    flow.types('/mouse');
    await flow.shows('the mouse is left to the terminal', /mouse/);
    const isLeft = () => flow.terminal.modes().mouseTrackingMode === 'none';
    await waitFor('the mouse to be the terminal’s', isLeft, 10_000);
  },
);

testFlow(
  'who looks elsewhere is called, and nothing counts as read meanwhile',
  { golden: 'alerts', settings: 'alerts = "osc777"\n' },
  async (flow) => {
    flow.comes('bob');
    // What is typed behind it is shown once it was heard.
    flow.keys('\u001b[O', 'away');
    await flow.terminal.waitForText('❯ away');
    flow.later();
    flow.says('bob', 'just talk');
    await flow.terminal.waitForText('just talk');
    assert.ok(!flow.terminal.output().includes(NOTIFIES), 'nobody is called by what calls nobody');
    flow.says('bob', '@alice help');
    await flow.shows('called while away: the unread line stays', /2 new messages.*@alice help/);
    await waitFor('a call', () => flow.terminal.output().includes(NOTIFIES), 10_000);
    flow.keys('\u001b[I', ' and back');
    await flow.terminal.waitForText('❯ away and back');
    flow.says('bob', '@alice seen');
    await flow.shows('back: no alert for what one looks at', /@alice seen/);
    assert.equal(flow.terminal.output().split(NOTIFIES).length, 2);
  },
);

testFlow('a press on a room opens it', { sizes: ['80x24', '120x40'] }, async (flow) => {
  flow.comes('bob');
  flow.creates('bob', 'ops');
  flow.types('/join ops');
  await flow.terminal.waitForText('#ops ❯');
  const rowOf = (room: RegExp) => flow.terminal.screen().findIndex((row) => room.test(row)) + 1;
  flow.keys(press(4, rowOf(/^ ?.?\s*#general/)));
  await flow.terminal.waitForText('#general ❯');
  flow.keys(press(4, rowOf(/^ ?.?\s*#ops/)));
  await flow.terminal.waitForText('#ops ❯');
});

testFlow(
  'a CI that is set but empty does not keep the screen from being drawn',
  { environment: { CI: '' } },
  async (flow) => {
    flow.keys('drawn all the same');
    await flow.terminal.waitForText('❯ drawn all the same');
  },
);

/** How each terminal is called, as its manual has it, and what tells it from others. */
const CALLS: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ['iTerm', { TERM_PROGRAM: 'iTerm.app' }, '\u001b]9;bob in #general: @alice help\u0007'],
  [
    'kitty',
    { TERM: 'xterm-kitty' },
    '\u001b]99;i=1:d=0;bob in #general\u001b\\\u001b]99;i=1:p=body;@alice help\u001b\\',
  ],
  ['foot', { TERM: 'foot' }, '\u001b]777;notify;bob in #general;@alice help\u0007'],
  [
    'kitty behind tmux',
    { TMUX: '/tmp/tmux-0/default,1,0', TERM: 'tmux-256color', KITTY_WINDOW_ID: '1' },
    '\u001bPtmux;\u001b\u001b]99;i=1:d=0;bob in #general\u001b\u001b\\',
  ],
];

for (const [terminal, environment, call] of CALLS) {
  testFlow(`who looks elsewhere is called as ${terminal} has it`, { environment }, async (flow) => {
    flow.comes('bob');
    flow.keys('\u001b[O', 'away');
    await flow.terminal.waitForText('❯ away');
    flow.says('bob', '@alice help');
    await waitFor(
      () => `a call: ${JSON.stringify(flow.terminal.output().slice(-2_000))}`,
      () => flow.terminal.output().includes(`\u0007${call}`),
      10_000,
    );
  });
}

const PUT_BACK = {
  bracketedPasteMode: false,
  mouseTrackingMode: 'none',
  sendFocusMode: false,
  wraparoundMode: true,
};

/** Waits until the terminal is as it was before the program: what was written last is read a moment later. */
function isPutBack({ terminal }: Flow): Promise<void> {
  const isSo = () => isDeepStrictEqual(terminal.modes(), PUT_BACK) && terminal.isOnMainScreen();
  const what = () => `the terminal to be put back: ${JSON.stringify(terminal.modes())}`;
  return waitFor(what, isSo, 10_000);
}

/** Private modes that are on at the start: wrapping, and the cursor. */
const ON_AT_START: ReadonlySet<string> = new Set(['7', '25']);

/** Private modes (DECSET, also those that no emulator here knows) that are not as they were at the start. */
function modesLeft(output: string): string[] {
  const modes = new Map<string, boolean>();
  for (const piece of output.split('\u001b[?').slice(1)) {
    const [, numbers = '', ending] = /^([\d;]+)([hl])/.exec(piece) ?? [];
    for (const mode of numbers.split(';')) if (mode !== '') modes.set(mode, ending === 'h');
  }
  return [...modes].flatMap(([mode, isOn]) => (isOn === ON_AT_START.has(mode) ? [] : [mode]));
}

/** Ways out, and the exit code of each. */
const EXITS: Readonly<Record<string, { leave: (flow: Flow) => void; code: number }>> = {
  'Ctrl+C twice': { leave: (flow) => flow.keys(KEYS.ctrlC, KEYS.ctrlC), code: 0 },
  '/quit': { leave: (flow) => flow.types('/quit'), code: 0 },
  SIGTERM: { leave: (flow) => flow.terminal.kill('SIGTERM'), code: 0 },
  SIGHUP: { leave: (flow) => flow.terminal.kill('SIGHUP'), code: 0 },
  'a crash': { leave: (flow) => flow.terminal.kill('SIGUSR2'), code: 1 },
};

for (const [how, { leave, code }] of Object.entries(EXITS)) {
  test(`the terminal is put back as it was: ${how}`, async (t) => {
    const flow = await Flow.open({ size: '80x24', preloads: [CRASH] });
    t.after(() => flow.close());
    assert.deepEqual(flow.terminal.modes(), {
      bracketedPasteMode: true,
      mouseTrackingMode: 'vt200',
      sendFocusMode: true,
      wraparoundMode: false,
    });
    assert.ok(modesLeft(flow.terminal.output()).length > 3);
    leave(flow);
    assert.equal(await flow.terminal.exited(), code, flow.terminal.text());
    await isPutBack(flow);
    assert.ok(flow.terminal.isCursorShown());
    assert.deepEqual(modesLeft(flow.terminal.output()), []);
    if (code === 1) await flow.terminal.waitForText('syncnet-tui: Error: a crash on request');
  });
}

/** Waits until these rows stand below the title. */
function sameScreen(flow: Flow, rows: readonly string[]): Promise<void> {
  const isSame = () => isDeepStrictEqual(flow.terminal.screen().slice(1), rows);
  return waitFor(() => `the same screen:\n${flow.terminal.text()}`, isSame, 10_000);
}

testFlow('Ctrl+L draws everything anew where something else wrote over it', {}, async (flow) => {
  await flow.seesPeople(1);
  const [, ...screen] = flow.terminal.screen();
  flow.terminal.scribble(
    '\u001b[5;1HBroadcast message from root\r\n\n\n\n\u001b[20;1Hgoing down\r\n',
  );
  await flow.terminal.waitForText('going down');
  flow.keys('\u000c');
  await flow.terminal.waitWithout(/going down|Broadcast/);
  await sameScreen(flow, screen);
});

testFlow('stopped from outside and going on, it has the terminal as before', {}, async (flow) => {
  flow.keys('half a thought');
  await flow.terminal.waitForText('❯ half a thought');
  await flow.seesPeople(1);
  const [, ...screen] = flow.terminal.screen();
  const modes = flow.terminal.modes();
  flow.terminal.kill('SIGSTOP');
  flow.terminal.scribble('\u001b[?7h\u001b[?1004l\u001b[5;1H[1]+  Stopped   syncnet-tui\r\n$ ');
  await flow.terminal.waitForText('Stopped');
  flow.terminal.kill('SIGCONT');
  await flow.terminal.waitWithout(/Stopped/);
  await sameScreen(flow, screen);
  assert.deepEqual(flow.terminal.modes(), modes);
  flow.keys(' more');
  await flow.terminal.waitForText('❯ half a thought more');
});

testFlow(
  'Ctrl+Z gives the shell its terminal, and fg brings the same screen back',
  {},
  async (flow) => {
    assert.equal(await flow.quits(), 0);
    await flow.againInShell();
    flow.keys('half a thought');
    await flow.terminal.waitForText('❯ half a thought');
    await flow.seesPeople(1);
    const [, ...screen] = flow.terminal.screen();
    flow.keys('\u001a');
    await flow.terminal.waitForText(/Stopped[\s\S]*shell>\s*$/);
    await isPutBack(flow);
    flow.types('echo in the $((40 + 2)) shell');
    await flow.terminal.waitForText('in the 42 shell');
    flow.types('fg');
    await flow.terminal.waitForText('❯ half a thought');
    await sameScreen(flow, screen);
    flow.keys(KEYS.ctrlC, KEYS.ctrlC);
    await flow.terminal.waitForText(/again quits/);
    flow.keys(KEYS.ctrlC);
    await flow.terminal.waitForText(/shell>\s*$/);
    flow.types('exit');
    assert.equal(await flow.terminal.exited(), 0);
  },
);
