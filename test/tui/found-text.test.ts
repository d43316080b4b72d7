// What of a long text stands in the row of a result: the part that was looked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foundText } from '../../tui/found-text.ts';
import { cellWidth } from '../../tui/text.ts';

const joined = ({ before, hit, behind }: ReturnType<typeof foundText>) => before + hit + behind;

test('a hit within the row is marked where it stands', () => {
  assert.deepEqual(foundText('the lag graph', 'graph', 30), {
    before: 'the lag ',
    hit: 'graph',
    behind: '',
  });
  assert.equal(foundText('the lag graph', 'LA', 30).hit, 'la', 'beginnings, in any case');
  assert.equal(foundText('a flag', 'lag', 30).hit, '', 'not in the middle of a word');
});

test('a hit behind the end of the row is brought into it', () => {
  const text = `${'word '.repeat(40)}needle ${'tail '.repeat(40)}`;
  const found = foundText(text, 'from needle', 30);
  assert.equal(found.hit, 'needle');
  assert.match(found.before, /^…/);
  assert.match(found.behind, /…$/);
  assert.equal(cellWidth(joined(found)), 30);
});

test('words in quotes are looked for together, and any sign is text', () => {
  assert.equal(foundText('one two, two  three', '"two three"', 30).hit, 'two  three');
  assert.equal(foundText('a (b c', '(b', 30).hit, '(b');
  assert.equal(foundText('nothing here', '*', 9).before, 'nothing …');
  assert.equal(foundText('nothing', '', 9).before, 'nothing');
});

test('no row is wider than it may be, whatever is in it', () => {
  const texts = ['日本語'.repeat(20), 'e\u0301'.repeat(50), `${'x'.repeat(50)} 日本語 👩‍👩‍👧 ok`];
  for (const text of texts) {
    for (const words of ['日', 'ok', 'e', '👩‍👩‍👧', 'zzz']) {
      for (let width = 4; width < 40; width += 1) {
        const cells = cellWidth(joined(foundText(text, words, width)));
        assert.ok(cells <= width, `${cells} cells in ${width}: ${text} ${words}`);
      }
    }
  }
});
