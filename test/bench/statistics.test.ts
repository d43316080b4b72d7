// Several runs as one figure.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestOf, rounded, spreadOf } from '../../bench/statistics.ts';

test('a spread has the middle value, the least and the most', () => {
  assert.deepEqual(spreadOf([5, 1, 9]), { median: 5, min: 1, max: 9, count: 3 });
  assert.deepEqual(spreadOf([4, 2]), { median: 3, min: 2, max: 4, count: 2 });
});

test('what was not measured counts for nothing', () => {
  assert.deepEqual(spreadOf([Number.NaN, 7]), { median: 7, min: 7, max: 7, count: 1 });
  assert.equal(spreadOf([Number.NaN]), null);
  assert.equal(spreadOf([]), null);
});

test('the best is the highest or the lowest, as the metric says', () => {
  const all = [{ median: 2 }, { median: 3 }, { median: 1 }];
  assert.deepEqual(bestOf(all, 'higher'), { median: 3 });
  assert.deepEqual(bestOf(all, 'lower'), { median: 1 });
  assert.equal(bestOf([], 'lower'), null);
});

for (const [value, expected] of [
  [4_246_913, '4,250,000'],
  [123.4, '123'],
  [45.67, '46'],
  [0.2351, '0.24'],
  [Number.NaN, '-'],
] as const) {
  test(`${value} is shown as ${expected}`, () => {
    assert.equal(rounded(value), expected);
  });
}
