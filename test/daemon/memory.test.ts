// What V8 took in a rush it gives back once there is little to do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapSpaceStatistics } from 'node:v8';
import { tendMemory } from '../../daemon/memory.ts';
import { waitFor } from '../support/wait-for.ts';

/** V8 looks every eight seconds; where it has missed the ten seconds in which it may, it gets others a minute later. */
const GIVEN_BACK_MS_MAX = 120_000;
const MB = 1024 * 1024;

const bytesOf = (name: string) =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === name)?.space_size ?? 0;

/** Objects that live for as long as their list does. */
const crowd = (count: number) => Array.from({ length: count }, (_, id) => ({ id, rooms: [id] }));

test('the spaces of a rush are given back, and grow again in the next one', async () => {
  tendMemory();
  // Collected a few times while they live, they are in the space for old objects when they are let go.
  for (let round = 0; round < 2; round += 1) assert.equal(crowd(400_000).length, 400_000);
  const [young, old] = [bytesOf('new_space'), bytesOf('old_space')];
  assert.ok(young >= 8 * MB && old >= 20 * MB, `${young} and ${old} bytes`);
  const isGivenBack = () => bytesOf('new_space') <= young / 4 && bytesOf('old_space') <= old / 2;
  await waitFor('V8 to give memory back', isGivenBack, GIVEN_BACK_MS_MAX);
  const growsAgain = () => {
    assert.equal(crowd(100_000).length, 100_000);
    return bytesOf('new_space') >= 8 * MB;
  };
  await waitFor('the space for young objects to grow', growsAgain, GIVEN_BACK_MS_MAX);
});
