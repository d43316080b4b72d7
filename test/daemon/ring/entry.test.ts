// Places: the one order, as text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HLC_MS_MAX, orderOf, placeFloor } from '../../../daemon/ring/entry.ts';
import { seededRandom } from '../../../lib/random.ts';
import { entryOf } from '../../support/entries.ts';

test('a place begins with its time in 12 hex digits', () => {
  const random = seededRandom(7);
  const drawn = Array.from({ length: 1_000 }, () => Math.floor(random() * HLC_MS_MAX));
  for (const ms of [0, 1, 2 ** 24 - 1, 2 ** 24, 2 ** 31, 2 ** 32 + 1, HLC_MS_MAX, ...drawn]) {
    const text = ms.toString(16).padStart(12, '0');
    assert.equal(placeFloor(ms), text);
    assert.ok(orderOf(entryOf({ sequence: 1, hlcMs: ms })).startsWith(`${text}.000000.`));
  }
});

test('places are in order as their times, and then their keys, are', () => {
  const places = [
    entryOf({ sequence: 9, hlcMs: 2 ** 24 - 1 }),
    entryOf({ sequence: 1, hlcMs: 2 ** 24 }),
    entryOf({ sequence: 2, hlcMs: 2 ** 24 }),
    entryOf({ sequence: 1, hlcMs: 2 ** 24, hlcCounter: 1 }),
    entryOf({ sequence: 1, hlcMs: 2 ** 40, term: 2 }),
  ].map(orderOf);
  assert.deepEqual(places.toSorted(), places);
});
