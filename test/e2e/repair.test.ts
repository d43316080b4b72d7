// Entries damaged on the disk of a server: it repairs them from the others before anybody misses them. Real
// daemons, real clients; the damage is done to the file of a server that is down.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Daemons } from '../support/daemons.ts';
import { Talk } from '../support/talk.ts';
import { waitFor } from '../support/wait-for.ts';

const POSTS = 300;
const PATIENCE_MS = 30_000;

/** @returns how many entries it changed */
function damage(daemons: Daemons, id: string, ...statements: string[]): number {
  const database = new DatabaseSync(join(daemons.dataDirectory(id), 'history.db'));
  let changed = 0;
  for (const statement of statements) changed += Number(database.prepare(statement).run().changes);
  database.close();
  return changed;
}

const ONE_POST = `(SELECT stream, sequence FROM entries WHERE body LIKE '%"t":"post"%"post 100"%')`;
const DAMAGE = [
  // What would be believed.
  `UPDATE entries SET body = replace(body, 'post 2', 'post 9') WHERE body LIKE '%"t":"post"%'
    AND sequence % 3 = 0`,
  `UPDATE entries SET wall_ms = wall_ms - 1 WHERE body LIKE '%"t":"post"%' AND sequence % 10 = 1`,
  `UPDATE entries SET hash = zeroblob(32) WHERE sequence % 10 = 2`,
  `UPDATE entries SET body = 'lost' WHERE body LIKE '%"t":"create"%'`,
  `UPDATE entries SET body = 'lost' WHERE body LIKE '%"t":"claim"%' AND sequence % 2 = 0`,
  `UPDATE entries SET room = 'elsewhere' WHERE body LIKE '%"t":"post"%' AND sequence % 10 = 4`,
  `UPDATE entries SET sequence = sequence + 100000 WHERE (stream, sequence) IN ${ONE_POST}`,
  'DELETE FROM entries WHERE sequence % 50 = 7',
];

async function damagedOf(daemons: Daemons, id: string): Promise<number | null> {
  return (await daemons.status(id))?.damaged ?? null;
}

async function spoken(talk: Talk): Promise<void> {
  for (let count = 0; count < POSTS; count += 1) talk.say();
  await waitFor(
    'all posts to be stored',
    () => talk.storedCount === talk.posts.length,
    PATIENCE_MS,
  );
}

test('a leader whose disk is damaged has everything again when it leads, and shows nothing damaged', async (t) => {
  const { daemons, talk } = await Talk.amid(t);
  await spoken(talk);
  await daemons.kill('server3', 'SIGTERM');
  await daemons.settled(['server1', 'server2']);
  await spoken(talk);
  const changed = damage(daemons, 'server3', ...DAMAGE);
  assert.ok(changed > 100, `${changed} entries are damaged`);
  const startedMs = performance.now();
  await daemons.run('server3');
  await daemons.settled();
  t.diagnostic(`${changed} damaged, leads after ${(performance.now() - startedMs).toFixed(0)} ms`);
  // What nobody reads is found by the scrub.
  const repaired = async () =>
    /filed wrongly/.test(daemons.output('server3')) && (await damagedOf(daemons, 'server3')) === 0;
  await waitFor('the repairs', repaired, PATIENCE_MS);
  assert.match(daemons.output('server3'), /damaged entries are repaired/);
  await talk.assertNothingLost();
  const statuses = await daemons.settled();
  for (const field of ['historyHash', 'posts', 'damaged'] as const)
    assert.equal(new Set(statuses.map((status) => status[field])).size, 1, field);
});

test('a server alone with its damage serves all the same, and is repaired when another returns', async (t) => {
  const { daemons, talk } = await Talk.amid(t);
  await spoken(talk);
  await daemons.settled();
  for (const id of daemons.ids().toReversed()) await daemons.kill(id, 'SIGTERM');
  assert.equal(damage(daemons, 'server1', DAMAGE[3] ?? ''), 1);
  await daemons.run('server1');
  await daemons.settled(['server1']);
  assert.match(daemons.output('server1'), /serving without accounts or rooms that are damaged/);
  assert.equal(await damagedOf(daemons, 'server1'), 1);
  await daemons.run('server2');
  const isRepaired = async () => (await damagedOf(daemons, 'server1')) === 0;
  await waitFor('the repair', isRepaired, PATIENCE_MS);
  await daemons.run('server3');
  await daemons.settled();
  await talk.assertNothingLost();
});

test('an entry that is damaged everywhere is named in the log, and the cluster goes on', async (t) => {
  const { daemons, talk } = await Talk.amid(t);
  await spoken(talk);
  await daemons.settled();
  for (const id of daemons.ids().toReversed()) await daemons.kill(id, 'SIGTERM');
  const statement = `UPDATE entries SET body = 'lost' WHERE (stream, sequence) IN ${ONE_POST}`;
  for (const id of daemons.ids()) assert.equal(damage(daemons, id, statement), 1);
  await Promise.all(daemons.ids().map((id) => daemons.run(id)));
  await daemons.settled();
  const lost = /no server has an intact copy/;
  const isNamed = () => daemons.ids().every((id) => lost.test(daemons.output(id)));
  await waitFor('all logs to name it', isNamed, PATIENCE_MS);
  const next = talk.say();
  await waitFor('another post', () => next.answer?.type === 'stored', PATIENCE_MS);
});
