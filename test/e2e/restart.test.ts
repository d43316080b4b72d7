// Servers that go in numbers and come back, one with an empty disk: real processes, real clients.
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Daemons } from '../support/daemons.ts';
import { Talk } from '../support/talk.ts';
import { waitFor } from '../support/wait-for.ts';

/** More than one change of view carries: a server that lacks so many catches up before it leads. */
const BACKLOG_POSTS = 1_200;
const PATIENCE_MS = 20_000;

/** The signals go out together, the highest first: what the others still store is on disks that stay. */
async function killAll(daemons: Daemons, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.toReversed().map((id) => daemons.kill(id)));
}

async function startAll(daemons: Daemons, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => daemons.run(id)));
}

/** Says something. @returns how many copies there are of it */
async function copiesOfNext(talk: Talk): Promise<number> {
  const post = talk.say();
  await waitFor(`the answer to ${post.text}`, () => post.answer !== null, PATIENCE_MS);
  assert.equal(post.answer?.type, 'stored');
  return post.answer.copies;
}

test('the last of three servers leads and chats, and gives way to those that return', async (t) => {
  const { daemons, talk } = await Talk.amid(t);
  talk.begin();
  await delay(500);
  assert.equal(await copiesOfNext(talk), 3);
  const diedMs = performance.now();
  await killAll(daemons, ['server2', 'server3']);
  await daemons.settled(['server1']);
  assert.equal(await copiesOfNext(talk), 1);
  await delay(500);
  await startAll(daemons, ['server2', 'server3']);
  const [first] = await daemons.settled();
  assert.equal(first?.leader?.id, 'server3');
  assert.equal(await copiesOfNext(talk), 3);
  await talk.assertNothingLost();
  t.diagnostic(`gap after both deaths: ${talk.gapAfter(diedMs).toFixed(0)} ms`);
});

test('a restart of all servers at once loses nothing', async (t) => {
  const { daemons, talk } = await Talk.amid(t);
  talk.begin();
  await delay(1_000);
  const before = await daemons.statuses();
  await killAll(daemons, daemons.ids());
  await startAll(daemons, daemons.ids());
  const after = await daemons.settled();
  for (const [index, status] of after.entries()) {
    assert.ok(status.posts >= (before[index]?.posts ?? Number.NaN), status.id);
  }
  assert.equal(await copiesOfNext(talk), 3);
  await talk.assertNothingLost();
});

test('a restart of all at once, the leader with an empty disk, loses nothing', async (t) => {
  const { daemons, talk } = await Talk.amid(t);
  for (let count = 0; count < BACKLOG_POSTS; count += 1) talk.say();
  talk.begin();
  await waitFor('the backlog to be stored', () => talk.storedCount > BACKLOG_POSTS, PATIENCE_MS);
  await daemons.settled();
  const [before] = await daemons.statuses();
  await killAll(daemons, daemons.ids());
  await daemons.wipe('server3');
  await startAll(daemons, daemons.ids());
  const after = await daemons.settled();
  assert.equal(after[2]?.leader?.id, 'server3');
  assert.ok(after[2].posts >= (before?.posts ?? Number.NaN));
  assert.equal(await copiesOfNext(talk), 3);
  await talk.assertNothingLost();
  t.diagnostic(`${talk.resets} of 4 clients had to ask for the history again`);
});

test('a data directory that was put back to an earlier state loses nothing', async (t) => {
  const { daemons, talk } = await Talk.amid(t);
  const directory = daemons.dataDirectory('server3');
  const backup = `${directory}.backup`;
  talk.begin();
  await delay(500);
  await killAll(daemons, daemons.ids());
  await cp(directory, backup, { recursive: true });
  await startAll(daemons, daemons.ids());
  await daemons.settled();
  assert.equal(await copiesOfNext(talk), 3);
  await killAll(daemons, daemons.ids());
  await rm(directory, { recursive: true });
  await cp(backup, directory, { recursive: true });
  await startAll(daemons, ['server3']);
  await daemons.settled(['server3']);
  assert.equal(await copiesOfNext(talk), 1);
  await startAll(daemons, ['server1', 'server2']);
  await daemons.settled();
  assert.equal(await copiesOfNext(talk), 3);
  await talk.assertNothingLost();
});
