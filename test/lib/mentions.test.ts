// Whom a text calls.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mentions } from '../../lib/mentions.ts';

const CALLS = ['@nora', 'so @Nora, look', 'nora: hi', 'NORA, hi', 'nora:', '(@nora)'];
const NONE = [
  'nora said so',
  'ask nora: she knows',
  '@noras',
  '@nora-jane',
  'nora:hi',
  'xnora: hi',
];

test('a name with an @ calls anywhere, and one with a colon or comma at the start', () => {
  assert.deepEqual(
    [...CALLS, ...NONE].filter((text) => mentions(text, 'nora')),
    CALLS,
  );
});

test('what stands for something in a pattern is a sign like any other', () => {
  assert.equal(mentions('a.b: hi', 'a.b'), true);
  assert.equal(mentions('axb: hi', 'a.b'), false);
});
