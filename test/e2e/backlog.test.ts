// A server with an empty disk, and a hundred thousand posts to catch up with: it does so in the background, in
// bounded memory, while the room goes on, and then takes its place. Real daemons, real clients.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Daemons } from '../support/daemons.ts';
import { fillStores } from '../support/filled-store.ts';
import { Talk } from '../support/talk.ts';

const POSTS = 100_000;
const CATCH_UP_MS_MAX = 120_000;
/** The daemon itself takes some 70 MB; a backlog that were in memory as a whole would take hundreds more. */
const RESIDENT_MB_MAX = 300;
const ANSWER_MS_MAX = 1_000;

const textOf = (nth: number) => `one of many, number ${nth}, about as long as people write`;

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
}

test(`an empty server catches up with ${POSTS} posts while the room goes on`, async (t) => {
  const daemons = await Daemons.prepare();
  t.after(() => daemons.close());
  fillStores(daemons, { ids: ['server1', 'server2'], count: POSTS, textOf });
  await Promise.all(['server1', 'server2'].map((id) => daemons.run(id)));
  await daemons.settled(['server1', 'server2']);
  const talk = await Talk.join(daemons);
  t.after(() => talk.close());
  talk.begin();
  await delay(1_000);
  const startedMs = performance.now();
  await daemons.run('server3');
  const statuses = await daemons.settled(daemons.ids(), CATCH_UP_MS_MAX);
  const tookMs = performance.now() - startedMs;
  const peaks = await Promise.all(daemons.ids().map((id) => residentMb(daemons.pid(id))));
  await talk.assertNothingLost();
  assert.ok((statuses[2]?.posts ?? 0) >= POSTS);
  const answerMs = talk.longestAnswer(startedMs);
  t.diagnostic(`caught up and leading after ${(tookMs / 1_000).toFixed(1)} s`);
  t.diagnostic(`longest wait for an answer meanwhile ${answerMs.toFixed(0)} ms`);
  t.diagnostic(`peaks of resident memory ${peaks.map((mb) => mb.toFixed(0)).join(', ')} MB`);
  assert.ok(answerMs < ANSWER_MS_MAX, `an answer took ${answerMs} ms`);
  for (const mb of peaks) assert.ok(mb < RESIDENT_MB_MAX, `${mb} MB`);
});
