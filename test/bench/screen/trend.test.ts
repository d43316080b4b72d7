import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slopePerMinute } from '../../../bench/screen/trend.ts';

test('what grows by one each second grows by sixty a minute, whatever it was before', () => {
  const samples = [0, 1, 2, 3].map((second) => ({ atMs: second * 1_000, value: 7 + second }));
  assert.equal(slopePerMinute(samples), 60);
});

test('what stays the same does not grow', () => {
  const samples = [0, 500, 4_000].map((atMs) => ({ atMs, value: 90 }));
  assert.equal(slopePerMinute(samples), 0);
});
