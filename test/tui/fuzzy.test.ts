// Rooms by a few letters of their names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzyMatches, fuzzyScore } from '../../tui/fuzzy.ts';

const ROOMS = ['general', 'operations', 'ops', 'web-ops', 'design', 'dev-general'];
const found = (query: string) => fuzzyMatches(query, ROOMS, (name) => name);

test('letters fit wherever they stand, in their order', () => {
  assert.deepEqual(found('gnl'), ['general', 'dev-general']);
  assert.deepEqual(found('dgl'), ['dev-general']);
  assert.deepEqual(found('lg'), [], 'another order is another name');
  assert.equal(fuzzyScore('xyz', 'general'), null);
});

test('what begins with them comes first, then starts of words, then runs; of two alike the shorter', () => {
  assert.deepEqual(found('ops').slice(0, 2), ['ops', 'web-ops']);
  assert.deepEqual(found('op').slice(0, 2), ['ops', 'operations']);
  assert.equal(found('dg')[0], 'dev-general', 'the first letters of its words');
  assert.equal(found('gen')[0], 'general');
});

test('case does not matter, and nothing typed leaves all as they were', () => {
  assert.deepEqual(found('GEN'), found('gen'));
  assert.deepEqual(found(''), ROOMS);
});
