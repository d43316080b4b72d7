// What one run will be: a layout, a network, people who talk, and faults, all drawn from the seed before
// anything runs. A plan is plain data, so that a failing one can be made smaller and run again.
import { CHAT_LIMITS, type ChatLimits } from '../../daemon/chat/limits.ts';
import type { RetentionSettings } from '../../daemon/retention.ts';
import { RING_LIMITS, type RingLimits } from '../../daemon/ring/settings.ts';
import { type Random, seededRandom } from '../../lib/random.ts';

export type FaultName =
  | 'crash'
  | 'crash in mid-turn'
  | 'drain'
  | 'start'
  | 'pause'
  | 'resume'
  | 'wipe'
  | 'break a link'
  | 'break client links'
  | 'cut one way'
  | 'cut both ways'
  | 'cut off a client'
  | 'deafen'
  | 'isolate'
  | 'split'
  | 'flap'
  | 'heal'
  | 'jump the clock'
  | 'slow disk'
  | 'fast disk'
  | 'full disk'
  | 'failing disk'
  | 'free the disk'
  | 'damage entries'
  | 'restart a client'
  | 'rolling restart'
  | 'change min-copies';

/** Where an event strikes is drawn as numbers in [0, 1): they fit any layout that a plan is cut down to. */
export type PlannedEvent = Readonly<{
  atMs: number;
  what: FaultName | 'post' | 'room' | 'note';
  who: number;
  other: number;
  size: number;
}>;

export type Plan = Readonly<{
  seed: number;
  servers: number;
  clients: number;
  /** Of the clients; drawn where there are none. */
  names?: readonly string[];
  copiesMin: number;
  network: Readonly<{
    latencyMsMin: number;
    latencyMsMax: number;
    /** Chance of each datagram to be lost, and to arrive twice. */
    loss: number;
    duplication: number;
    /**
     * TCP sends again at times that grow, each connection for itself: after a cut a newer one is often heard before an
     * older one, which its client gave up long ago.
     */
    retransmitMsMax: number;
  }>;
  retention: RetentionSettings;
  /** Sizes of the ring and the chat: the daemon's own, or so small that they are met. */
  limits: RingLimits & ChatLimits;
  /** Usual time of one commit, milliseconds. */
  diskMs: number;
  durationMs: number;
  /** In order of their times. */
  events: readonly PlannedEvent[];
}>;

/** Longer than any run. */
export const NEVER_MS = 3_600_000;

export const DAEMONS_LIMITS: Plan['limits'] = { ...RING_LIMITS, ...CHAT_LIMITS };

const WEIGHTS: Readonly<Record<FaultName, number>> = {
  crash: 4,
  'crash in mid-turn': 3,
  drain: 3,
  start: 9,
  pause: 3,
  resume: 5,
  wipe: 0.5,
  'break a link': 3,
  'break client links': 2,
  'cut one way': 2,
  'cut both ways': 2,
  'cut off a client': 1,
  deafen: 1,
  isolate: 1.5,
  split: 1,
  flap: 0.7,
  heal: 6,
  'jump the clock': 1,
  'slow disk': 1,
  'fast disk': 2,
  'full disk': 0.4,
  'failing disk': 0.4,
  'free the disk': 2,
  'damage entries': 2,
  'restart a client': 0.7,
  'rolling restart': 0.3,
  'change min-copies': 0.3,
};

/** A time to the next event of a process without memory. */
const pauseOf = (random: Random, meanMs: number) => -Math.log(1 - random()) * meanMs;

function faultOf(random: Random, favourites: ReadonlyMap<FaultName, number>): FaultName {
  const weightOf = (name: FaultName) => WEIGHTS[name] * (favourites.get(name) ?? 1);
  const names = Object.keys(WEIGHTS) as FaultName[];
  let pick = random() * names.reduce((sum, name) => sum + weightOf(name), 0);
  for (const name of names) {
    pick -= weightOf(name);
    if (pick < 0) return name;
  }
  return 'heal';
}

/** Swarm testing (Groce et al. 2012): each run leaves some faults out and favours others. */
function favouritesOf(random: Random): Map<FaultName, number> {
  const kept: FaultName[] = ['start', 'resume', 'heal', 'free the disk', 'fast disk'];
  const names = (Object.keys(WEIGHTS) as FaultName[]).filter((name) => !kept.includes(name));
  return new Map(names.map((name) => [name, random() < 0.35 ? 0 : random() < 0.2 ? 4 : 1]));
}

/** Runs that end with a pause of some minutes: each costs as much as three others. */
const LONG_PAUSE_SHARE = 0.04;

/** One server is stopped for one to two minutes while people go on talking. @returns when the run ends */
function addLongPause(random: Random, fromMs: number, events: PlannedEvent[]): number {
  const draw = (what: PlannedEvent['what'], atMs: number, size: number) =>
    events.push({ atMs, what, who: random(), other: random(), size });
  const size = 0.9 + random() * 0.1;
  draw('pause', fromMs, size);
  const endsMs = fromMs + pauseMsOf(size) + 1_000;
  for (let atMs = fromMs; atMs < endsMs; atMs += pauseOf(random, 4_000)) {
    draw('post', atMs, random());
    if (random() < 0.2) draw('note', atMs, random());
    if (random() < 0.1) draw(random() < 0.5 ? 'crash' : 'start', atMs, random());
  }
  return endsMs;
}

/** Mostly about a second, now and then minutes. @param size of the event */
export const pauseMsOf = (size: number) => 50 + size ** 6 * 120_000 + size * 2_000;

/** Limits that some ten or a hundred entries reach; those of the daemon in half of the runs. */
function drawLimits(random: Random): Plan['limits'] {
  const small = random() < 0.5;
  const draw = (least: number, most: number) => Math.floor(least + random() ** 2 * (most - least));
  const drawn = {
    catchUpEntriesMax: draw(3, 120),
    pullEntriesMax: draw(2, 60),
    giveEntriesMax: draw(1, 60),
    pendingEntriesMax: draw(10, 300),
    resumeEntriesMax: draw(3, 200),
    heldCountMax: draw(5, 200),
    releasedCostMax: draw(1, 200),
  };
  return small ? drawn : DAEMONS_LIMITS;
}

export function drawPlan(seed: number): Plan {
  const random = seededRandom(seed);
  const servers = 1 + Math.floor(random() ** 0.8 * 7);
  const clients = 1 + Math.floor(random() * 5);
  const latencyMsMin = 0.05 + random() * 2;
  const network = {
    latencyMsMin,
    latencyMsMax: latencyMsMin + random() ** 3 * 40,
    loss: random() ** 2 * 0.3,
    duplication: random() ** 2 * 0.2,
    retransmitMsMax: 3_000,
  };
  const copiesMin = random() < 0.2 ? Math.floor(servers / 2) + 1 : 1;
  const diskMs = random() < 0.3 ? random() ** 2 * 10 : 0;
  const durationMs = 2_000 + random() * 18_000;
  const events: PlannedEvent[] = [];
  const add = (what: PlannedEvent['what'], atMs: number) =>
    events.push({ atMs, what, who: random(), other: random(), size: random() });
  const favourites = favouritesOf(random);
  const calmMs = 50 + random() ** 2 * 4_000;
  for (let atMs = pauseOf(random, calmMs); atMs < durationMs; atMs += pauseOf(random, calmMs))
    add(faultOf(random, favourites), atMs);
  const betweenPostsMs = 1_000 / (1 + random() ** 2 * 80);
  for (let atMs = 0; atMs < durationMs; atMs += pauseOf(random, betweenPostsMs)) add('post', atMs);
  const betweenRoomsMs = 800 + random() * 8_000;
  for (let atMs = 0; atMs < durationMs; atMs += pauseOf(random, betweenRoomsMs)) add('room', atMs);
  const betweenNotesMs = 500 + random() * 5_000;
  for (let atMs = 0; atMs < durationMs; atMs += pauseOf(random, betweenNotesMs)) add('note', atMs);
  events.sort((one, other) => one.atMs - other.atMs);
  // Drawn last: what came before stays as it was for each seed.
  const retention = {
    retentionMs: random() < 0.1 ? 5_000 + random() * 5_000 : null,
    forgetAfterMs: random() < 0.3 ? 2_000 + random() * 10_000 : NEVER_MS,
  };
  const limits = drawLimits(random);
  const endsMs =
    random() < LONG_PAUSE_SHARE ? addLongPause(random, durationMs, events) : durationMs;
  return {
    seed,
    servers,
    clients,
    copiesMin,
    retention,
    network,
    limits,
    diskMs,
    durationMs: endsMs,
    events,
  };
}

/** A seed for each run that nobody asked for a particular one. */
export function freshSeeds(count: number, from: number): number[] {
  const random = seededRandom(from);
  return Array.from({ length: count }, () => Math.floor(random() * 2 ** 32));
}
