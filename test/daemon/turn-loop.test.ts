// When turns end: connections, of which the event loop gives one at a time, share one, and so does what comes while much
// is under way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay, setImmediate as round } from 'node:timers/promises';
import { createTurnLoop } from '../../daemon/turn-loop.ts';

function stage() {
  const turns: number[] = [];
  const errors: string[] = [];
  const crowd = { isThere: false };
  const clock = { nowMs: 0 };
  let pieces = 0;
  const loop = createTurnLoop({
    endTurn: () => {
      turns.push(pieces);
      pieces = 0;
    },
    isCrowded: () => crowd.isThere,
    nowMs: () => clock.nowMs,
    onError: (error) => errors.push(error.message),
  });
  const piece = () => {
    pieces += 1;
  };
  return { loop, turns, errors, crowd, clock, piece };
}

test('a turn ends with the round of the event loop in which it began', async () => {
  const { loop, turns, piece } = stage();
  loop.run(piece);
  loop.run(piece);
  await round();
  loop.run(piece);
  await round();
  assert.deepEqual(turns, [2, 1]);
});

test('connections that come one in each round share a turn, which ends with a round that brings none', async () => {
  const { loop, turns, piece } = stage();
  for (let count = 0; count < 4; count += 1) {
    loop.gather(piece);
    await round();
  }
  assert.deepEqual(turns, [], 'another may come');
  await round();
  assert.deepEqual(turns, [4]);
});

test('connections without end do not keep a turn from its end', async () => {
  const { loop, turns, clock, piece } = stage();
  for (let count = 0; count < 20; count += 1) {
    clock.nowMs += 1;
    loop.gather(piece);
    await round();
  }
  assert.ok(turns.length >= 2 && turns.length <= 5, `${turns.length} turns in 20 ms`);
});

test('while much is under way a turn waits for more, once', async () => {
  const { loop, turns, crowd, piece } = stage();
  crowd.isThere = true;
  loop.run(piece);
  await round();
  loop.run(piece);
  assert.deepEqual(turns, []);
  await delay(20);
  assert.deepEqual(turns, [2]);
  crowd.isThere = false;
  loop.run(piece);
  await round();
  assert.deepEqual(turns, [2, 1]);
});

test('in a busy time a turn goes on while rounds bring more, and a single piece after it waits for one round', async () => {
  const { loop, turns, piece } = stage();
  const round20 = async () => {
    for (let count = 0; count < 20; count += 1) loop.run(piece);
    await round();
  };
  await round20();
  assert.deepEqual(turns, [20], 'nothing was busy before');
  await round20();
  await round20();
  assert.deepEqual(turns, [20], 'another round may bring more');
  await round();
  assert.deepEqual(turns, [20, 40]);
  loop.run(piece);
  await round();
  await round();
  assert.deepEqual(turns, [20, 40, 1]);
  loop.run(piece);
  await round();
  assert.deepEqual(turns, [20, 40, 1, 1], 'it is over');
});

test('a busy time without end does not keep a turn from its end', async () => {
  const { loop, turns, clock, piece } = stage();
  for (let count = 0; count < 20; count += 1) {
    clock.nowMs += 1;
    for (let each = 0; each < 20; each += 1) loop.run(piece);
    await round();
  }
  assert.ok(turns.length >= 3 && turns.length <= 6, `${turns.length} turns in 20 ms`);
});

test('after an error, or once it is closed, nothing runs', async () => {
  const { loop, turns, errors, crowd, piece } = stage();
  crowd.isThere = true;
  loop.run(piece);
  await round();
  loop.run(() => {
    throw new Error('broken');
  });
  await delay(20);
  loop.run(piece);
  await round();
  assert.deepEqual([turns, errors], [[], ['broken']]);
});
