// The invariants of docs/ARCHITECTURE.md under seeded faults, with fresh seeds every time; the first line
// names the number they came from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeeds } from './plan.ts';
import { failureText, simulate } from './simulate.ts';

test('every invariant holds after every step, under 60 fresh seeds of faults', () => {
  const from = Math.floor(Math.random() * 2 ** 32);
  console.log(`seeds drawn from ${from}`);
  let acknowledged = 0;
  for (const seed of freshSeeds(60, from)) {
    const outcome = simulate(seed);
    acknowledged += outcome.acknowledged;
    assert.equal(outcome.failure, null, failureText(outcome));
  }
  assert.ok(acknowledged > 0, 'posts were acknowledged');
});

test('the same seed gives the same run', () => {
  assert.deepEqual(simulate(7), simulate(7));
});
