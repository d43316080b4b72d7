// A server and people that mean harm, and keys at random, in a real terminal: what reaches it is what the screen draws,
// byte for byte, and the draft is there at the end.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { seededRandom } from '../../lib/random.ts';
import { TUI_MAIN } from '../support/daemons.ts';
import { Flow, SIZES, type SizeName } from '../support/flow.ts';
import { HOSTILE, HOSTILE_SEQUENCES, randomText } from '../support/hostile-text.ts';
import { StageServer } from '../support/stage-server.ts';
import { KEYS, Terminal } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

/** Stands in what people and servers say for what a hostile server makes of it. */
const MARK = 'xqxq';
/** Long enough for what was asked for to be drawn. */
const QUIET_MS = 150;
/** C1 as a terminal in an 8-bit mode takes it: a single byte, which is no UTF-8. */
const EIGHT_BIT = Buffer.from([0x9b, 0x32, 0x4a, 0x9d, 0x30, 0x3b, 0x70, 0x9c]);

/** Every mark becomes the text, and a reason says it too. */
function poisoned(text: string): (line: Buffer) => Buffer {
  const inJson = JSON.stringify(text).slice(1, -1);
  return (line) => {
    const said = line
      .toString()
      .replaceAll(MARK, inJson)
      .replaceAll('👍', inJson)
      .replace('"reason":"', `"reason":"${inJson}`);
    const [before = '', ...after] = said.split('EIGHTBIT');
    return Buffer.concat(
      [before, ...after].flatMap((part, index) => [
        ...(index === 0 ? [] : [EIGHT_BIT]),
        Buffer.from(part),
      ]),
    );
  };
}

/**
 * What the screen and Ink write: looks, ways of the cursor, erased rows, modes, the keyboard's protocol, the question
 * for it, links to http, https and mailto, the title, which is kept and put back, and notifications.
 */
const OWN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what is looked for
  /\u001b\[(?:[\d;:]*m|\d*[A-GJK]|\d+;\d+H|H|\?\d+[hl]|2[23];2t|[?<>=]\d*u|\?\d+;?\d*\$?[up])|\u001b\]8;[^;\u0007\u001b]*;(?:(?:https?:\/\/|mailto:)[\u0021-\u007e]+)?(?:\u0007|\u001b\\)|\u0007?\u001b\](?:[02]|777;notify);[^\u0000-\u001f\u007f-\u009f]*(?:\u0007|\u001b\\)/g;
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;

function assertHarmless(output: string, what: string): void {
  for (const sequence of HOSTILE_SEQUENCES) {
    const at = output.indexOf(sequence);
    const around = JSON.stringify(output.slice(Math.max(0, at - 40), at + 60));
    assert.equal(at, -1, `${what}: ${JSON.stringify(sequence)} in ${around}`);
  }
  const left = output.replace(OWN, '');
  const found = CONTROL.exec(left);
  const around =
    found && JSON.stringify(left.slice(Math.max(0, found.index - 40), found.index + 60));
  assert.equal(found, null, `${what}: ${around}`);
}

/** Below the title, which has the round trip in it; a space and a cell that was never written look the same. */
const rowsOf = (terminal: Terminal) =>
  terminal
    .screen()
    .slice(1)
    .map((row) => row.trimEnd());

/** Says it by every way there is, and looks at it in every place where the screen shows it. */
async function everyWay(flow: Flow): Promise<void> {
  const { terminal } = flow;
  const bob = `bob${MARK}`;
  flow.comes(bob);
  const room = flow.creates(bob, `ops${MARK}`);
  flow.asks(bob, { type: 'setTopic', room, topic: `about ${MARK}` });
  flow.types(`/join ops${MARK}`);
  await terminal.waitForText('#ops[');
  const first = flow.says(bob, `before ${MARK} after EIGHTBIT end-of-first`, room);
  await terminal.waitForText('end-of-first');
  flow.asks(bob, { type: 'post', room, text: `end-of-answer`, reply: first });
  await terminal.waitForText('end-of-answer');
  flow.asks(bob, { type: 'post', room, text: `does ${MARK} end-of-action`, action: true });
  await terminal.waitForText('end-of-action');
  const last = flow.says(bob, 'to be edited', room);
  await terminal.waitForText('to be edited');
  flow.asks(bob, { type: 'editPost', room, post: last, text: `edited ${MARK} end-of-edit` });
  await terminal.waitForText('end-of-edit');
  flow.asks(bob, { type: 'react', room, post: last, emoji: '👍', on: true });
  flow.server.stage.say(1, { type: 'typing', room });
  await terminal.settled(QUIET_MS);
  flow.comes(`carol${MARK}`, `ops${MARK}`);
  for (const line of ['/who', '/rooms', `/join nowhere${MARK}`]) {
    flow.types(line);
    await terminal.settled(QUIET_MS);
  }
  // What was found, the switcher, the links of a post, an answer that is begun.
  for (const keys of [['\u0012', 'before'], [KEYS.ctrlK], ['\u001bs', 'o'], ['\u001bs', 'r']]) {
    flow.keys(...keys);
    await terminal.settled(QUIET_MS);
    flow.keys(KEYS.escape);
    await terminal.settled(QUIET_MS);
  }
  flow.keys(KEYS.end, '\u001b[O');
  flow.says(bob, `@alice ${MARK} end-of-call`, room);
  await terminal.waitForText('end-of-call');
  flow.keys('\u001b[I', '\u0019');
  await terminal.waitForText('select and copy');
  flow.keys('x');
  await terminal.waitForText(/❯/u);
  await terminal.waitWithout(/is typing/);
}

describe('nothing of a hostile server reaches the terminal', { concurrency: true }, () => {
  for (const size of Object.keys(SIZES) as SizeName[]) {
    test(`at ${size}`, async (t) => {
      const text = Object.values(HOSTILE).join(' ');
      const flow = await Flow.open({
        size,
        reshape: poisoned(text),
        settings: 'alerts = "osc777"\n',
      });
      t.after(() => flow.close());
      await everyWay(flow);
      const { terminal } = flow;
      assertHarmless(terminal.output(), size);
      const before = rowsOf(terminal);
      flow.keys('\u000c');
      await terminal.settled(300);
      assert.deepEqual(rowsOf(terminal), before, 'drawn anew it is the same screen');
      assert.match(terminal.screen()[0] ?? '', /alice ● server3/);
    });
  }
});

test('nothing of a server that sends one elsewhere, and of its name, reaches the terminal', async (t) => {
  const text = Object.values(HOSTILE).join(' ');
  const server = await StageServer.open({ id: `server3${MARK}`, reshape: poisoned(text) });
  t.after(() => server.close());
  server.stage.follow(`leader${MARK}`);
  const folder = await mkdtemp(join(tmpdir(), 'syncnet-hostile-'));
  const terminal = new Terminal({
    file: process.execPath,
    args: [TUI_MAIN, '--servers', server.address, '--data', folder, '--identity', `${folder}/key`],
  });
  t.after(() => terminal.close());
  t.after(() => rm(folder, { recursive: true }));
  await terminal.waitForText(/NO SERVER|No server|LEADER|CONNECTING|ELECTING/);
  await terminal.settled(500);
  assertHarmless(terminal.output(), 'redirected');
});

describe('nothing reaches a terminal in which this is called', { concurrency: true }, () => {
  for (const command of [
    ['tail', '--no-follow'],
    ['tail', '--no-follow', '--json'],
    ['status'],
    ['status', '--json'],
  ]) {
    test(command.join(' '), async (t) => {
      const text = Object.values(HOSTILE).join(' ');
      const flow = await Flow.open({ size: '80x24', reshape: poisoned(text) });
      t.after(() => flow.close());
      flow.comes(`bob${MARK}`);
      flow.says(`bob${MARK}`, `before ${MARK} EIGHTBIT after`);
      await flow.terminal.waitForText('after');
      const [name = '', ...flags] = command;
      const room = name === 'tail' ? ['--room', 'general', '--name', 'carol'] : [];
      const terminal = new Terminal({
        file: process.execPath,
        args: [TUI_MAIN, name, ...room, ...flags, '--servers', flow.server.address],
        environment: { XDG_CONFIG_HOME: `${flow.folder}/other` },
      });
      t.after(() => terminal.close());
      assert.equal(await terminal.exited(), 0, terminal.text());
      assert.match(terminal.output(), name === 'tail' ? /after/ : /server3/);
      assertHarmless(terminal.output(), command.join(' '));
    });
  }
});

/** Keys that move, look and open, and change no draft. */
const HARMLESS_KEYS = [
  KEYS.pageUp,
  KEYS.pageDown,
  KEYS.ctrlN,
  KEYS.ctrlP,
  KEYS.ctrlG,
  '\u001bu',
  '\u000c',
];
/** And those that open, close and go anywhere, by which a draft is put aside and comes back. */
const ASIDE_KEYS = [
  ...HARMLESS_KEYS,
  ...[KEYS.up, KEYS.down, '\u001b[D', '\u001b[C', KEYS.home, KEYS.end, KEYS.escape, KEYS.ctrlK],
  ...['\u0012', '\u000f', '\u001bs', '\u001br', '\u001bb', '\u001bf', '\u001b1', '\u001b2'],
  ...['\u001b[<64;30;5M', '\u001b[<65;30;5M', '\u001b[<0;3;4M', '\u001b[I', '\u001b[O'],
];
/** A terminal's Escape is one by itself after this. */
const ESCAPE_MS = 80;
/** And those that do anything. */
const ANY_KEYS = [
  ...HARMLESS_KEYS,
  ...[
    KEYS.up,
    KEYS.down,
    '\u001b[D',
    '\u001b[C',
    KEYS.home,
    KEYS.end,
    KEYS.enter,
    KEYS.escape,
    KEYS.tab,
  ],
  ...[
    KEYS.backspace,
    KEYS.ctrlJ,
    KEYS.ctrlK,
    '\u0012',
    '\u000f',
    '\u001bs',
    '\u001br',
    '\u001bb',
    '\u001bf',
  ],
  ...[
    '\u0001',
    '\u0005',
    '\u0015',
    '\u0017',
    '\u001f',
    '\u001by',
    '\u001bv',
    '\u001bk',
    '\u001bd',
    '?',
  ],
  ...[
    '\u001b[<64;30;5M',
    '\u001b[<65;30;5M',
    '\u001b[<0;3;4M',
    '\u001b[I',
    '\u001b[O',
    '\u001b[200~a\nb\u001b[201~',
  ],
];

describe('random words and keys neither break the screen nor lose the draft', {
  concurrency: true,
}, () => {
  for (const [index, size] of (Object.keys(SIZES) as SizeName[]).entries()) {
    const seed = Number(process.env.SEED ?? 20_261_123) + index;

    test(`at ${size} (SEED=${seed})`, async (t) => {
      const random = seededRandom(seed);
      // An editor that changes nothing, for Esc and a letter that come as one key.
      const flow = await Flow.open({ size, environment: { VISUAL: 'true' } });
      t.after(() => flow.close());
      const { terminal } = flow;
      flow.comes('bob');
      const ops = flow.creates('bob', 'ops');
      flow.types('/join ops');
      await terminal.waitForText('#ops ❯');
      const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
      const babble = () => {
        const text = randomText(random, 1 + random() * 200)
          .toWellFormed()
          .replace(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069\ufeff]/gu, '');
        if (text.trim() !== '') flow.says('bob', text, one(['general', ops]));
      };

      let typed = '';
      for (let step = 0; step < 40; step += 1) {
        const letter = one([...'abc日本é👍 ']);
        // A way to another room and back leaves the draft where it is.
        terminal.keys(
          letter,
          ...one([[], [KEYS.ctrlN, KEYS.ctrlP], [one(HARMLESS_KEYS.slice(0, 2))], ['\u000c']]),
        );
        typed += letter;
        babble();
      }
      await draftIs(terminal, typed);

      let letters = 15;
      for (let step = 0; step < 150; step += 1) {
        if (random() < 0.8) {
          const key = one(ASIDE_KEYS);
          terminal.keys(key);
          // Behind it in one piece ESC and a letter would be Escape twice, and the letter.
          if (key === KEYS.escape) await terminal.settled(ESCAPE_MS);
        } else if (random() < 0.5) babble();
        else if (letters > 0) {
          letters -= 1;
          terminal.keys(one([...MORE]));
        }
      }
      // Out of whatever is open, back to the room, and to what is being written there.
      terminal.keys('\u001b[I', KEYS.escape);
      await terminal.settled(200);
      terminal.keys(KEYS.escape);
      await terminal.settled(200);
      terminal.keys('\u001b2');
      await terminal.settled(200);
      terminal.keys(KEYS.escape);
      await terminal.settled(200);
      terminal.keys(...Array.from({ length: 5 }, () => KEYS.down));
      await draftIs(terminal, typed);
      terminal.keys(KEYS.ctrlC);

      for (let step = 0; step < 250; step += 1) {
        if (random() < 0.7) terminal.keys(one(ANY_KEYS));
        else if (random() < 0.5)
          terminal.keys(randomText(random, 1 + random() * 6).replace(/\p{Cc}/gu, ''));
        else babble();
      }
      // Out of whatever is open, to the end of the room, nothing written.
      terminal.keys('\u001b[I', KEYS.escape);
      await terminal.settled(200);
      terminal.keys(KEYS.escape);
      await terminal.settled(200);
      terminal.keys('\u0015');
      await terminal.settled(500);
      const before = rowsOf(terminal);
      assert.match(terminal.text(), /alice ● server3★/);
      terminal.keys('\u000c');
      await terminal.settled(300);
      assert.deepEqual(rowsOf(terminal), before, 'drawn anew it is the same');
      assert.equal(terminal.wrappedRows(), 0, 'no row has run over into the next');
    });
  }
});

/** Letters that the draft is not of: typed while keys are pressed, they may stand anywhere in it. */
const MORE = 'XYZ';

/** The composer's rows, prompt and letters of MORE left out, as one text. */
async function draftIs(terminal: Terminal, typed: string): Promise<void> {
  const drafted = () => {
    const rows = terminal.screen();
    const from = rows.findLastIndex((row) => row.startsWith('#ops ❯'));
    return rows
      .slice(from, -1)
      .join('')
      .replace(/^#ops ❯/, '')
      .replace(/\s|[XYZ]|\d+\/4k/g, '');
  };
  const wanted = typed.replace(/\s/g, '');
  await waitFor(
    () =>
      `the draft ${JSON.stringify(wanted)}, not ${JSON.stringify(drafted())}:\n${terminal.text()}`,
    () => drafted() === wanted,
    15_000,
  );
}
