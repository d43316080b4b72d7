import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saidText, stampedText, stampOf } from '../../../bench/screen/words.ts';

test('a text tells when it was said, also behind a name in a row of the screen', () => {
  const wallMs = Date.UTC(2026, 10, 25);
  assert.equal(stampOf(`10:00 bob    ${stampedText(3, wallMs)}`), wallMs);
});

test('a text without a time tells none', () => {
  assert.equal(stampOf(saidText(12)), null);
});

test('no two of the texts are the same', () => {
  const texts = Array.from({ length: 1_000 }, (_, index) => saidText(index));
  assert.equal(new Set(texts).size, texts.length);
});
