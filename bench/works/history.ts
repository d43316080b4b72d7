// A long history: what it costs to start on it, to read in it, to search it, to write behind it, and to give all of it
// to a server that has nothing.
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { orderOf } from '../../daemon/ring/entry.ts';
import { type Identity, temporaryIdentity } from '../../lib/client/identity.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { summaryOf } from '../../test/torture/statistics.ts';
import { type Driven, drive } from '../generator.ts';
import { QueryClient } from '../history/query-client.ts';
import { accountOf, INCARNATION, postTimeMs, ROOMS, roomOf, word } from '../history/story.ts';
import { residentBytes } from '../proc-stat.ts';
import { serversAt, startDaemons, statusOf, syncnet } from '../systems/syncnet.ts';
import type { Place } from '../systems/system.ts';
import type { RoundOptions, Sample, Work } from './work.ts';

const FILL = fileURLToPath(new URL('../history/fill.ts', import.meta.url));
const NAME = 'storyteller';
const PAGES = 2_000;
/** Before them: a server that has just started has its code compiled first. */
const WARM_UP_PAGES = 1_000;
const PAGE_POSTS = 50;
const SEARCHES = 300;
const FOUND_POSTS = 50;
/** Ranks of words that are searched for: neither in every post nor in none. */
const RANK_MIN = 20;
const RANK_MAX = 5_000;
/** In silence, and while a room talks: each for so long. */
const CATCH_UP_MS = 10_000;
const BEGIN_MS_MAX = 30_000;
const INDEX_MS_MAX = 60_000;
const RATE_PER_SECOND = 100;
const WRITES = { rooms: 4, receivers: 0, senders: 1, window: 16 };

type Filled = Readonly<{ directory: string; posts: number; identity: Identity }>;

/** Filled once, whatever number of runs there are; their own few posts stay in it. */
let filled: Filled | null = null;

async function fill(place: Place, posts: number, say: RoundOptions['say']): Promise<Filled> {
  const identity = temporaryIdentity();
  const directory = join(place.directory, 'filled');
  mkdirSync(directory, { recursive: true });
  const fromMs = performance.now();
  await execa(process.execPath, [FILL, directory, String(posts), identity.key, NAME]);
  say(`filled with ${posts} posts in ${Math.round((performance.now() - fromMs) / 1_000)} s`);
  return { directory, posts, identity };
}

/** A copy for another server, which is another one by its incarnation. */
function copyFor(id: string, { directory }: Filled, to: string): void {
  const data = join(to, id);
  rmSync(data, { recursive: true, force: true });
  cpSync(directory, data, { recursive: true });
  const incarnation = `00000000000000${id.slice(-1).padStart(2, '0')}`;
  const rename = (file: string, key: string) => {
    const database = new DatabaseSync(join(data, file));
    database
      .prepare('UPDATE meta SET value = replace(value, ?, ?) WHERE key = ?')
      .run(INCARNATION, incarnation, key);
    database.close();
  };
  rename('history.db', 'incarnation');
  // Which names the history that it is of: else it would be made anew.
  rename('search.db', 'source');
}

/** A place in the order, at a time when that post was made. */
function placeAt(post: number): string {
  const hlcMs = postTimeMs(post);
  const stamp = { hlcMs, hlcCounter: 0, wallMs: hlcMs, body: '' };
  const key = { term: 1, ringPosition: 1, incarnation: '0'.repeat(16), sequence: 1 };
  return orderOf({ ...key, ...stamp });
}

const drawn = (below: number) => Math.floor(Math.random() * below);

async function timed(
  count: number,
  ask: () => Promise<number>,
): Promise<{ p50: number; p99: number }> {
  const times: number[] = [];
  for (let turn = 0; turn < count; turn += 1) times.push(await ask());
  const summary = summaryOf(times);
  return { p50: summary?.median ?? Number.NaN, p99: summary?.p99 ?? Number.NaN };
}

async function read(client: QueryClient, { identity, posts }: Filled) {
  const account = accountOf(identity.key, NAME);
  const ask = async () => {
    const room = roomOf(account, drawn(ROOMS));
    const question = { type: 'history', room, before: placeAt(drawn(posts)), limit: PAGE_POSTS };
    return (await client.ask(question)).ms;
  };
  await timed(WARM_UP_PAGES, ask);
  return timed(PAGES, ask);
}

async function search(client: QueryClient) {
  const ask = () => {
    const text = word(RANK_MIN + drawn(RANK_MAX - RANK_MIN));
    return client.ask({ type: 'search', text, limit: FOUND_POSTS });
  };
  // What was written a moment before is not in the index yet.
  const isComplete = async () => (await ask()).answer.complete === true;
  await waitFor('an index with everything in it', isComplete, INDEX_MS_MAX);
  return timed(SEARCHES, async () => (await ask()).ms);
}

/** In a place that is gone afterwards: copies of a long history fill a disk, and what memory there is for its pages. */
async function leavingNothing<T>(
  options: RoundOptions,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  const place = options.place(syncnet);
  try {
    return await work(place);
  } finally {
    rmSync(place.directory, { recursive: true, force: true });
  }
}

/** One daemon on the whole history: its start, its answers, its memory, its writes. */
async function serve(place: Place, all: Filled, windowMs: number) {
  const [server] = serversAt(place.portBase, 1);
  copyFor('server1', all, place.directory);
  // Else the disk is busy with the copy while pages are read.
  await execa('sync');
  const fromMs = performance.now();
  const running = await startDaemons(place, 1);
  const startSeconds = (performance.now() - fromMs) / 1_000;
  try {
    const port = server?.clientPort ?? 0;
    const client = await QueryClient.signIn(port, all.identity, NAME);
    const pages = await read(client, all);
    // Whoever searched a moment before would have the index of words filled meanwhile, on one side only.
    const written = await write(running, windowMs);
    const searches = await search(client);
    client.close();
    const [pid] = running.pids;
    const residentMb = residentBytes(readFileSync(`/proc/${pid}/status`, 'utf8')) / 1e6;
    return { startSeconds, residentMb, written, pages, searches };
  } finally {
    await running.stop();
  }
}

function write(running: { ports: readonly number[]; pids: readonly number[] }, windowMs: number) {
  const { ports, pids } = running;
  const settings = { ...WRITES, windowMs };
  return drive({ protocol: 'syncnet', ports, pids, cores: '1', settings });
}

/** The same writes to a daemon that has nothing yet. */
async function writeToEmpty(place: Place, windowMs: number): Promise<Driven> {
  const running = await startDaemons(place, 1);
  try {
    return await write(running, windowMs);
  } finally {
    await running.stop();
  }
}

/** Two daemons have everything, and a third one begins with nothing: at first in silence, then while a room is talked into. */
async function catchUp(place: Place, all: Filled) {
  const [server1] = serversAt(place.portBase, 3);
  for (const id of ['server2', 'server3']) copyFor(id, all, place.directory);
  const both = await startDaemons(place, 3, ['server2', 'server3']);
  try {
    const third = await startDaemons(place, 3, ['server1'], false);
    try {
      const held = async () => (server1 && (await statusOf(server1))?.posts) ?? 0;
      await waitFor(
        'an empty server to get something',
        async () => (await held()) > 0,
        BEGIN_MS_MAX,
      );
      const silent = await paceOf(held, () => delay(CATCH_UP_MS));
      const load = { protocol: 'syncnet', ports: both.ports, pids: both.pids, cores: '0,1' };
      const settings = { rooms: 1, receivers: 10, senders: 1, rate: RATE_PER_SECOND };
      const talking = await paceOf(held, () =>
        drive({ ...load, settings: { ...settings, windowMs: CATCH_UP_MS } }),
      );
      if ((await held()) >= all.posts)
        throw new Error('--posts: so few are caught up with at once');
      return { silent, talking, p99Ms: talking.of.latency.p99 / 1_000 };
    } finally {
      await third.stop();
    }
  } finally {
    await both.stop();
  }
}

/** Posts a second that came while something was done, and what came of that. */
async function paceOf<T>(
  held: () => Promise<number>,
  work: () => Promise<T>,
): Promise<{ perSecond: number; of: T }> {
  const fromMs = performance.now();
  const before = await held();
  const of = await work();
  const posts = (await held()) - before;
  return { perSecond: posts / ((performance.now() - fromMs) / 1_000), of };
}

async function round(options: RoundOptions): Promise<Sample[]> {
  const { say, windowMs } = options;
  filled ??= await fill(options.place(syncnet), options.posts, say);
  const all = filled;
  const served = await leavingNothing(options, (place) => serve(place, all, windowMs));
  const empty = await leavingNothing(options, (place) => writeToEmpty(place, windowMs));
  const caught = await leavingNothing(options, (place) => catchUp({ ...place, cores: '0,1' }, all));
  const values = {
    'start s': served.startSeconds,
    'page p50 ms': served.pages.p50,
    'page p99 ms': served.pages.p99,
    'search p50 ms': served.searches.p50,
    'search p99 ms': served.searches.p99,
    'resident MB': served.residentMb,
    µs: served.written.cpuMicroseconds,
    'µs empty': empty.cpuMicroseconds,
    'catch-up/s': caught.silent.perSecond,
    'talking/s': caught.talking.perSecond,
    'room p99 ms': caught.p99Ms,
  };
  say(JSON.stringify(values));
  const { serverShares, generatorShare, othersShare, bottleneck } = served.written;
  const sample: Sample = {
    case: `${filled.posts.toLocaleString('en-US')} posts in ${ROOMS.toLocaleString('en-US')} rooms`,
    system: syncnet.name,
    version: (await syncnet.version()) ?? '',
    role: 'own',
    values,
    serverShare: serverShares.reduce((sum, share) => sum + share, 0),
    generatorShare,
    othersShare,
    bottleneck,
  };
  return [sample];
}

export const history: Work = {
  name: 'history',
  title: 'A long history',
  about:
    'Posts of some 100 bytes, put into the data directory before anything starts. One daemon is started on them: until ' +
    `it serves; ${PAGES} pages of ${PAGE_POSTS} posts from random places of random rooms, one after the other, ` +
    `behind ${WARM_UP_PAGES} that are not counted; CPU per ` +
    `acknowledged post, 64 in flight, beside that of a daemon which has nothing; ${SEARCHES} searches for a word, ` +
    'newest first, in all rooms; resident memory after that. Then three daemons, of which one begins with an empty directory: what it gets in a second ' +
    `while nothing is said, and then while a room of ten is talked into ${RATE_PER_SECOND} times a second, ` +
    `${CATCH_UP_MS / 1_000} s each. The cores are those of the writes.`,
  metrics: [
    { key: 'start s', title: 'start, s', better: 'lower' },
    { key: 'page p50 ms', title: 'page p50, ms', better: 'lower' },
    { key: 'page p99 ms', title: 'page p99, ms', better: 'lower' },
    { key: 'search p50 ms', title: 'search p50, ms', better: 'lower' },
    { key: 'search p99 ms', title: 'search p99, ms', better: 'lower' },
    { key: 'resident MB', title: 'resident MB', better: 'lower' },
    { key: 'µs', title: 'CPU µs per post', better: 'lower' },
    { key: 'µs empty', title: 'with nothing stored', better: 'lower' },
    { key: 'catch-up/s', title: 'catch-up in silence, posts/s', better: 'higher' },
    { key: 'talking/s', title: 'while a room talks', better: 'higher' },
    { key: 'room p99 ms', title: "room's p99 meanwhile, ms", better: 'lower' },
  ],
  windowMs: 3_000,
  short: null,
  round,
};
