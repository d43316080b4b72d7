// A server with an empty disk, and a long history to catch up with, while a room talks. Real daemons, real clients.
import { cp, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { Daemons } from './daemons.ts';
import { fillDirectory } from './long-history.ts';
import { Talk } from './talk.ts';
import { waitFor } from './wait-for.ts';

/** The room alone, to compare with. */
const QUIET_MS = 10_000;

/** Posts that are caught up with in a second: a twentieth of what a quiet machine does. */
const PER_SECOND_MIN = 1_000;

export type Waits = Readonly<{ p50Ms: number; p90Ms: number; p99Ms: number }>;

export type Backlog = Readonly<{
  caughtUpMs: number;
  perSecond: number;
  /** From its start to its taking the lead. */
  leadsMs: number;
  /** Of the waits for an answer, milliseconds: before, and until it had caught up; null where nothing was said. */
  before: Waits;
  meanwhile: (Waits & Readonly<{ longestMs: number }>) | null;
  /** The longest from then on, when it takes the lead. */
  longestAtTakeoverMs: number;
  /** Peaks of the three servers' resident memory, MB. */
  peaksMb: readonly number[];
}>;

/** Puts the same posts, of another time, into the data directories of two servers that are not running. */
async function fill(daemons: Daemons, posts: number): Promise<void> {
  fillDirectory(daemons.dataDirectory('server1'), { posts, rooms: 1_000, accounts: 1_000 });
  await cp(daemons.dataDirectory('server1'), daemons.dataDirectory('server2'), { recursive: true });
  // Else the room waits for that, too, in the seconds that are compared with.
  await execa('sync');
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
}

/**
 * Starts server3 with nothing beside two servers that hold so many posts, while a room talks.
 * @param isSilent the room is silent from then on until the server has caught up
 * @throws AssertionError when anything that was said meanwhile is lost, doubled or out of order anywhere
 */
export async function catchUpWith(posts: number, isSilent = false): Promise<Backlog> {
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
    if (isSilent) await talk.hush();
    const startedMs = performance.now();
    await daemons.run('server3');
    const isCaughtUp = async () => ((await daemons.status('server3'))?.posts ?? 0) >= posts;
    await waitFor('server3 to have every post', isCaughtUp, patienceMs);
    const caughtUpMs = performance.now();
    if (isSilent) talk.begin();
    await daemons.settled(daemons.ids(), patienceMs);
    const leadsMs = performance.now();
    const peaksMb = await Promise.all(daemons.ids().map((id) => residentMb(daemons.pid(id))));
    await talk.assertNothingLost();
    return {
      caughtUpMs: caughtUpMs - startedMs,
      perSecond: posts / ((caughtUpMs - startedMs) / 1_000),
      leadsMs: leadsMs - startedMs,
      before: waitsOf(talk, 0, startedMs),
      meanwhile: isSilent
        ? null
        : {
            ...waitsOf(talk, startedMs, caughtUpMs),
            longestMs: talk.longestAnswer(startedMs, caughtUpMs),
          },
      longestAtTakeoverMs: talk.longestAnswer(caughtUpMs),
      peaksMb,
    };
  } finally {
    await talk?.close();
    await daemons.close();
  }
}

function waitsOf(talk: Talk, fromMs: number, untilMs: number): Waits {
  const [p50Ms = 0, p90Ms = 0, p99Ms = 0] = [0.5, 0.9, 0.99].map((share) =>
    talk.answerPercentile(share, fromMs, untilMs),
  );
  return { p50Ms, p90Ms, p99Ms };
}

/** For people, a line each. */
export function backlogLines({ before, meanwhile, ...found }: Backlog): string[] {
  const waits = ({ p50Ms, p90Ms, p99Ms }: Waits) =>
    `${[p50Ms, p90Ms, p99Ms].map((ms) => ms.toFixed(1)).join(' / ')} ms`;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const quiet = `waits for an answer, p50 / p90 / p99: ${waits(before)} before`;
  const atTakeover = `${found.longestAtTakeoverMs.toFixed(0)} ms when it took the lead`;
  return [
    `caught up after ${seconds(found.caughtUpMs)}, ${found.perSecond.toFixed(0)} posts/s; leads after ${seconds(found.leadsMs)}`,
    meanwhile ? `${quiet}, ${waits(meanwhile)} meanwhile` : `${quiet}; nothing is said meanwhile`,
    meanwhile
      ? `longest wait meanwhile ${meanwhile.longestMs.toFixed(0)} ms, and ${atTakeover}`
      : `longest wait ${atTakeover}`,
    `peaks of resident memory ${found.peaksMb.map((mb) => mb.toFixed(0)).join(', ')} MB`,
  ];
}
