// Figures stand where their marks are, and nowhere else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFigures } from './record.ts';

test('figures replace what stood between their marks, and nothing else', () => {
  const page = '| a <!-- a -->| 1 |<!-- /a --> x |\n<!-- b -->\nold\n<!-- /b -->\n';
  const once = withFigures(withFigures(page, 'a', '| 2 |'), 'b', '\nnew\n');
  assert.equal(once, '| a <!-- a -->| 2 |<!-- /a --> x |\n<!-- b -->\nnew\n<!-- /b -->\n');
});

test('a page without the marks, or with two of them, is left alone', () => {
  assert.throws(() => withFigures('<!-- a -->', 'a', '1'), /no place for the figures of a/);
  const twice = '<!-- a --><!-- /a --><!-- a --><!-- /a -->';
  assert.throws(() => withFigures(twice, 'a', '1'), /no place for the figures of a/);
});
