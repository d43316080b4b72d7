// A server with an empty disk, and two hundred thousand posts to catch up with: it does so in the background, in bounded
// memory, while the room goes on, and then takes its place. Real daemons, real clients.
import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Daemons } from '../support/daemons.ts';
import { fillDirectory } from '../support/long-history.ts';
import { Talk } from '../support/talk.ts';
import { waitFor } from '../support/wait-for.ts';

const POSTS = 200_000;
const SIZE = { posts: POSTS, rooms: 1_000, accounts: 1_000 };
const CATCH_UP_MS_MAX = 180_000;
/**
 * A daemon that has folded this history takes 190 MB, and up to 350 with the garbage of what passed through it; these
 * posts in memory as a whole would take some 200 more.
 */
const RESIDENT_MB_MAX = 500;
const ANSWER_MS_MAX = 1_000;
/** The room alone, to compare with. */
const QUIET_MS = 3_000;

/** Puts the same posts, of another time, into the data directories of two servers that are not running. */
async function fill(daemons: Daemons): Promise<void> {
  fillDirectory(daemons.dataDirectory('server1'), SIZE);
  await cp(daemons.dataDirectory('server1'), daemons.dataDirectory('server2'), { recursive: true });
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
}

test(`an empty server catches up with ${POSTS} posts while the room goes on`, async (t) => {
  const daemons = await Daemons.prepare();
  t.after(() => daemons.close());
  await fill(daemons);
  await Promise.all(['server1', 'server2'].map((id) => daemons.run(id)));
  await daemons.settled(['server1', 'server2']);
  const talk = await Talk.join(daemons);
  t.after(() => talk.close());
  talk.begin();
  await delay(QUIET_MS);
  const startedMs = performance.now();
  await daemons.run('server3');
  const isCaughtUp = async () => ((await daemons.status('server3'))?.posts ?? 0) >= POSTS;
  await waitFor('server3 to have every post', isCaughtUp, CATCH_UP_MS_MAX);
  const caughtUpMs = performance.now();
  const statuses = await daemons.settled(daemons.ids(), CATCH_UP_MS_MAX);
  const leadingMs = performance.now();
  const peaks = await Promise.all(daemons.ids().map((id) => residentMb(daemons.pid(id))));
  await talk.assertNothingLost();
  assert.ok((statuses[2]?.posts ?? 0) >= POSTS);
  const answerMs = talk.longestAnswer(startedMs);
  const perSecond = POSTS / ((caughtUpMs - startedMs) / 1_000);
  const seconds = [caughtUpMs, leadingMs].map((ms) => ((ms - startedMs) / 1_000).toFixed(1));
  const [before, meanwhile] = [
    talk.answerPercentile(0.99, 0, startedMs),
    talk.answerPercentile(0.99, startedMs, caughtUpMs),
  ];
  t.diagnostic(
    `caught up after ${seconds[0]} s, ${perSecond.toFixed(0)} posts/s; leads after ${seconds[1]} s`,
  );
  t.diagnostic(
    `p99 of answers ${before.toFixed(1)} ms before, ${meanwhile.toFixed(1)} ms meanwhile`,
  );
  t.diagnostic(`longest wait for an answer meanwhile ${answerMs.toFixed(0)} ms`);
  t.diagnostic(`peaks of resident memory ${peaks.map((mb) => mb.toFixed(0)).join(', ')} MB`);
  assert.ok(answerMs < ANSWER_MS_MAX, `an answer took ${answerMs} ms`);
  for (const mb of peaks) assert.ok(mb < RESIDENT_MB_MAX, `${mb} MB`);
});
