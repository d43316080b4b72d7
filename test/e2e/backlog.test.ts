// A server with an empty disk, and two hundred thousand posts to catch up with: it does so in the background while the
// room goes on, in bounded memory, and then takes its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backlogLines, catchUpWith } from '../support/backlog.ts';

const POSTS = 200_000;
/**
 * A daemon that has folded this history takes 190 MB, and up to 350 with the garbage of what passed through it; these
 * posts in memory as a whole would take some 200 more.
 */
const RESIDENT_MB_MAX = 500;
/** A quarter of a second on a quiet machine, 1.4 s beside others that kept two cores busy; nobody gives up before. */
const ANSWER_MS_MAX = 3_000;
/** Half of them: 5 ms on a quiet machine. */
const MEDIAN_MS_MAX = 250;

test(`an empty server catches up with ${POSTS} posts while the room goes on`, async (t) => {
  const backlog = await catchUpWith(POSTS);
  for (const line of backlogLines(backlog)) t.diagnostic(line);
  const { meanwhile, longestAtTakeoverMs, peaksMb } = backlog;
  const longestAnswerMs = Math.max(meanwhile?.longestMs ?? Number.NaN, longestAtTakeoverMs);
  assert.ok(meanwhile && meanwhile.p50Ms < MEDIAN_MS_MAX, JSON.stringify(meanwhile));
  assert.ok(longestAnswerMs < ANSWER_MS_MAX, `an answer took ${longestAnswerMs} ms`);
  for (const mb of peaksMb) assert.ok(mb < RESIDENT_MB_MAX, `${mb} MB`);
});
