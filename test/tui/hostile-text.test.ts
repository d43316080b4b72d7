// Whatever others send and whatever is typed: nothing reaches the terminal but what the screen itself draws, nothing
// crashes, and no draft is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../lib/random.ts';
import { frameOf } from '../../tui/frame.ts';
import { KEYMAP } from '../../tui/keys.ts';
import { cellWidth, cleanText, graphemes, printableJson } from '../../tui/text.ts';
import { HOSTILE, randomText } from '../support/hostile-text.ts';
import { orderOf, post, room, ScreenStory } from '../support/screen-story.ts';

/** SGR, and OSC 8 with an address of http, https or mailto in printable ASCII. */
const DRAWN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what is looked for
  /\u001b\[[\d;:]*m|\u001b\]8;[^;\u0007\u001b]*;(?:(?:https?:\/\/|mailto:)[\u0021-\u007e]+)?(?:\u0007|\u001b\\)/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

function assertHarmless(told: ScreenStory, why: string): void {
  const left = told.drawn().replace(DRAWN, '');
  assert.equal(CONTROL.exec(left), null, `${why}: ${JSON.stringify(left.slice(0, 400))}`);
}

for (const [what, text] of Object.entries(HOSTILE)) {
  test(`nothing reaches the terminal: ${what}`, () => {
    const told = new ScreenStory({ columns: 120, rows: 40 });
    const hostile = { ...room('ops'), name: `ops${text}`, topic: text };
    told.signedIn([hostile]);
    const reply = { id: 'x/1', name: text, text, order: orderOf(1) };
    const reactions = [{ emoji: text, count: 1, by: [] }];
    const said = { ...post('ops', { name: `bob${text}`, text: `a ${text} b`, place: 1 }), reply };
    told.hear({ type: 'post', post: { ...said, reactions } });
    const people = [{ account: 'a', name: text, state: 'here' as const }];
    told.do({ type: 'peopleCame', room: 'ops', people, shown: true });
    told.hear({
      type: 'typing',
      typing: { type: 'typing', room: 'ops', account: 'b', name: text },
    });
    assertHarmless(told, 'said');
    assertHarmless(told.do({ type: 'pasted', text }), 'pasted');
    told.hear({
      type: 'renamed',
      renamed: { type: 'renamed', account: 'a', name: text, was: text },
    });
    const found = { posts: [said], more: false, complete: true };
    told.keys('ctrl+u', 'ctrl+r').type('b').do({ type: 'found', query: 'b', found, isMore: false });
    assertHarmless(told, 'found');
    told.do({ type: 'focused', focused: false });
    told.hear({
      type: 'post',
      post: { ...said, id: 'bob/2', order: orderOf(2), text: `@alice ${text}` },
    });
    assertHarmless(told.keys('escape', 'alt+s').type('o'), 'its links');
  });
}

const SIZES = [
  [40, 12],
  [80, 24],
  [120, 40],
  [20, 6],
] as const;

/** Keys that leave the screen, or the terminal, to others. */
const LEAVES = new Set(['ctrl+z']);

test('whatever keys are pressed and whatever comes, every frame is whole', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = seededRandom(seed);
    const keys = Object.keys(KEYMAP).filter((key) => !LEAVES.has(key));
    const [columns, rows] = SIZES[seed % SIZES.length] ?? [80, 24];
    const told = new ScreenStory({ columns, rows }).signedIn([room('ops'), room('dev')]);
    for (let step = 0; step < 250; step += 1) {
      const draw = random();
      if (draw < 0.4) told.keys(keys[Math.floor(random() * keys.length)] ?? 'enter');
      else if (draw < 0.6) told.type(randomText(random, 1 + random() * 8));
      else if (draw < 0.65) told.do({ type: 'pasted', text: randomText(random, random() * 200) });
      else if (draw < 0.7) {
        const [width, height] = SIZES[Math.floor(random() * SIZES.length)] ?? [80, 24];
        told.do({ type: 'resized', size: { columns: width, rows: height } });
      } else {
        const said = { name: `p${step % 5}`, text: randomText(random, 1 + random() * 120) };
        const where = random() < 0.7 ? 'ops' : 'dev';
        told.hear({ type: 'post', post: post(where, { ...said, place: step + 1 }) });
      }
      const frame = frameOf(told.model);
      assert.equal(frame.rows.length, told.model.size.rows, `seed ${seed}, step ${step}`);
      for (const row of frame.rows) {
        const text = row.map((segment) => segment.text).join('');
        assert.equal(
          CONTROL.exec(text),
          null,
          `seed ${seed}, step ${step}: ${JSON.stringify(text)}`,
        );
        assert.ok(
          cellWidth(text) <= Math.max(20, told.model.size.columns),
          `seed ${seed}, step ${step}: ${cellWidth(text)} cells: ${JSON.stringify(text)}`,
        );
      }
      if (step % 50 === 0) assertHarmless(told, `seed ${seed}, step ${step}`);
    }
  }
});

test('whatever comes and goes meanwhile, the draft is what was typed', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = seededRandom(seed);
    const told = new ScreenStory().signedIn([room('ops'), room('dev')]);
    let typed = '';
    for (let step = 0; step < 60; step += 1) {
      const letters = 'abc日本é ';
      const letter = letters[Math.floor(random() * letters.length)] ?? 'a';
      told.type(letter);
      typed += letter;
      const other = random();
      if (other < 0.2) told.keys('pageup', 'end');
      else if (other < 0.4) told.keys('ctrl+n', 'ctrl+p');
      else if (other < 0.5) told.keys('ctrl+k', 'escape');
      else if (other < 0.6) told.do({ type: 'resized', size: { columns: 40, rows: 12 } });
      else if (other < 0.8)
        told.hear({ type: 'post', post: post('ops', { name: 'x', text: 'y', place: step + 1 }) });
      else told.hear({ type: 'reset' });
      assert.equal(told.model.rooms[0]?.draft.text, typed, `seed ${seed}, step ${step}`);
    }
  }
});

test('a letter keeps the marks of any living script, and a flood of them ends', () => {
  const hebrew = 'בְּרֵאשִׁ֖ית';
  const tibetan = 'བསྒྲུབས';
  for (const word of [hebrew, tibetan, 'Việt'.normalize('NFD')])
    assert.equal(cleanText(word), word);
  const flooded = cleanText(`z${'\u0301'.repeat(500)}a`);
  assert.ok(flooded.length <= 10, `${flooded.length} characters`);
  assert.equal(graphemes(flooded).length, 2);
});

for (const [what, text] of Object.entries(HOSTILE)) {
  test(`JSON that a terminal is shown says the same and does nothing: ${what}`, () => {
    const json = printableJson({ text });
    assert.deepEqual(JSON.parse(json), { text });
    assert.equal(CONTROL.exec(json), null);
  });
}
