// What may be put off is put off while much is said, and neither for ever nor for good.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rush } from '../../daemon/rush.ts';

const TICK_MS = 25;

/** So many entries a second for so long. `isDone`: whether little is left, by the time. @returns when it was quiet */
function quietTimes(
  perSecond: number,
  ms: number,
  isDone: (nowMs: number) => boolean = () => false,
): number[] {
  const rush = new Rush();
  const times: number[] = [];
  for (let nowMs = 0; nowMs < ms; nowMs += TICK_MS)
    if (rush.isQuiet((nowMs * perSecond) / 1_000, isDone(nowMs) ? 300 : 50_000, nowMs))
      times.push(nowMs);
  return times;
}

test('a talkative room is no rush', () => {
  assert.equal(quietTimes(500, 5_000).length, 5_000 / TICK_MS);
});

test('in a rush what may wait does, for ten seconds, and is then done until nothing is left', () => {
  const times = quietTimes(5_000, 40_000, (nowMs) => nowMs > 15_000);
  const begins = times.find((nowMs) => nowMs > 1_000) ?? 0;
  assert.ok(begins >= 10_000 && begins <= 11_000, `begins at ${begins}`);
  const rests = times.find(
    (nowMs, index) => (times[index + 1] ?? 0) > nowMs + 1_000 && nowMs > 5_000,
  );
  assert.ok(rests !== undefined && rests <= 15_000 + TICK_MS, `rests again at ${rests}`);
  assert.ok(
    times.some((nowMs) => nowMs > 24_000 && nowMs < 27_000),
    'and begins again',
  );
});

test('what never gets done in a rush goes on', () => {
  const times = quietTimes(5_000, 40_000);
  const late = times.filter((nowMs) => nowMs >= 12_000);
  assert.equal(late.length, (40_000 - 12_000) / TICK_MS);
});

test('after a rush it is quiet at once', () => {
  const rush = new Rush();
  let said = 0;
  for (let nowMs = 0; nowMs < 3_000; nowMs += TICK_MS) {
    said += 200;
    rush.isQuiet(said, 50_000, nowMs);
  }
  assert.equal(rush.isQuiet(said, 50_000, 3_000), false);
  for (let nowMs = 3_025; nowMs < 4_000; nowMs += TICK_MS) rush.isQuiet(said, 50_000, nowMs);
  assert.equal(rush.isQuiet(said, 50_000, 4_000), true);
});
