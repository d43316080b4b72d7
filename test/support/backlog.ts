// A server with an empty disk, and a long history to catch up with, while a room talks. Real daemons, real clients.
import { cp, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Daemons } from './daemons.ts';
import { fillDirectory } from './long-history.ts';
import { Talk } from './talk.ts';
import { waitFor } from './wait-for.ts';

/** The room alone, to compare with. */
const QUIET_MS = 3_000;

/** Posts that are caught up with in a second: the slowest that was seen, on a busy machine, is nearly three times this. */
const PER_SECOND_MIN = 1_000;

export type Backlog = Readonly<{
  caughtUpMs: number;
  perSecond: number;
  /** From its start to its taking the lead. */
  leadsMs: number;
  /** Of the answers that the room got, milliseconds: before, and meanwhile. */
  p99Ms: readonly [number, number];
  longestAnswerMs: number;
  /** Peaks of the three servers' resident memory, MB. */
  peaksMb: readonly number[];
}>;

/** Puts the same posts, of another time, into the data directories of two servers that are not running. */
async function fill(daemons: Daemons, posts: number): Promise<void> {
  fillDirectory(daemons.dataDirectory('server1'), { posts, rooms: 1_000, accounts: 1_000 });
  await cp(daemons.dataDirectory('server1'), daemons.dataDirectory('server2'), { recursive: true });
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
}

/**
 * Starts server3 with nothing beside two servers that hold so many posts.
 * @throws AssertionError when anything that was said meanwhile is lost, doubled or out of order anywhere
 */
export async function catchUpWith(posts: number): Promise<Backlog> {
  const patienceMs = (posts / PER_SECOND_MIN) * 1_000;
  const daemons = await Daemons.prepare();
  let talk: Talk | null = null;
  try {
    await fill(daemons, posts);
    await Promise.all(['server1', 'server2'].map((id) => daemons.run(id)));
    await daemons.settled(['server1', 'server2']);
    talk = await Talk.join(daemons);
    talk.begin();
    await delay(QUIET_MS);
    const startedMs = performance.now();
    await daemons.run('server3');
    const isCaughtUp = async () => ((await daemons.status('server3'))?.posts ?? 0) >= posts;
    await waitFor('server3 to have every post', isCaughtUp, patienceMs);
    const caughtUpMs = performance.now();
    await daemons.settled(daemons.ids(), patienceMs);
    const leadsMs = performance.now();
    const peaksMb = await Promise.all(daemons.ids().map((id) => residentMb(daemons.pid(id))));
    await talk.assertNothingLost();
    return {
      caughtUpMs: caughtUpMs - startedMs,
      perSecond: posts / ((caughtUpMs - startedMs) / 1_000),
      leadsMs: leadsMs - startedMs,
      p99Ms: [
        talk.answerPercentile(0.99, 0, startedMs),
        talk.answerPercentile(0.99, startedMs, caughtUpMs),
      ],
      longestAnswerMs: talk.longestAnswer(startedMs),
      peaksMb,
    };
  } finally {
    await talk?.close();
    await daemons.close();
  }
}

/** For people, a line each. */
export function backlogLines({ p99Ms: [before, meanwhile], ...found }: Backlog): string[] {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  return [
    `caught up after ${seconds(found.caughtUpMs)}, ${found.perSecond.toFixed(0)} posts/s; leads after ${seconds(found.leadsMs)}`,
    `p99 of the room's answers ${before.toFixed(1)} ms before, ${meanwhile.toFixed(1)} ms meanwhile`,
    `longest wait for an answer meanwhile ${found.longestAnswerMs.toFixed(0)} ms`,
    `peaks of resident memory ${found.peaksMb.map((mb) => mb.toFixed(0)).join(', ')} MB`,
  ];
}
