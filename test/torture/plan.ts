// What will be done to the servers, drawn from the seed before anything runs: the same seed and the same means
// give the same plan. Who leads is not known then, so a fault says "the leader" where it means whoever leads.
import { type Random, seededRandom } from '../../lib/random.ts';

/** What a fault needs of the machine: nothing, namespaces of the network, or a disk of its own. */
type Means = 'signals' | 'network' | 'disk';

type Kind = Readonly<{
  means: Means;
  /** How often it is drawn, relative to the others. */
  weight: number;
  /** How long it lasts, drawn evenly between the two. */
  lastsMs: readonly [number, number];
  /** In the report. */
  what: string;
}>;

const SHORT = [300, 4_000] as const;
const LONG = [1_000, 8_000] as const;

export const KINDS = {
  kill: { means: 'signals', weight: 4, lastsMs: SHORT, what: 'SIGKILL, started again' },
  stop: { means: 'signals', weight: 3, lastsMs: SHORT, what: 'SIGTERM, started again' },
  freeze: { means: 'signals', weight: 3, lastsMs: [100, 6_000], what: 'SIGSTOP, SIGCONT' },
  wipe: {
    means: 'signals',
    weight: 2,
    lastsMs: SHORT,
    what: 'SIGKILL, data directory emptied, started again',
  },
  blackout: {
    means: 'signals',
    weight: 1,
    lastsMs: [300, 2_000],
    what: 'SIGKILL of all servers at once',
  },
  sender: {
    means: 'signals',
    weight: 1,
    lastsMs: [300, 2_000],
    what: 'a sender leaves and comes back with its outbox',
  },
  clock: {
    means: 'signals',
    weight: 2,
    lastsMs: LONG,
    what: 'wall clock of one server jumps by up to 10 minutes, and back',
  },
  split: {
    means: 'network',
    weight: 3,
    lastsMs: LONG,
    what: 'two servers hear nothing of each other',
  },
  oneWay: { means: 'network', weight: 3, lastsMs: LONG, what: 'one server does not hear another' },
  loss: {
    means: 'network',
    weight: 3,
    lastsMs: LONG,
    what: 'one server loses 5 to 30 % of what it is sent',
  },
  reset: {
    means: 'network',
    weight: 2,
    lastsMs: [200, 1_500],
    what: 'every TCP connection between two servers is reset',
  },
  slow: {
    means: 'network',
    weight: 2,
    lastsMs: [2_000, 10_000],
    what: 'all between two servers is held up, for up to 200 ms and unevenly',
  },
  cable: {
    means: 'network',
    weight: 3,
    lastsMs: LONG,
    what: "one server's cable is pulled: no peers, no clients",
  },
  deaf: {
    means: 'network',
    weight: 1,
    lastsMs: LONG,
    what: 'one server hears none of its clients',
  },
  full: {
    means: 'disk',
    weight: 2,
    lastsMs: LONG,
    what: "one server's small disk is full until it gives up, then enlarged",
  },
} as const satisfies Record<string, Kind>;

export type FaultKind = keyof typeof KINDS;
export const FAULT_KINDS = Object.keys(KINDS) as FaultKind[];

export type PlannedFault = Readonly<{
  kind: FaultKind;
  /** Since the first fault could begin. */
  atMs: number;
  lastsMs: number;
  /** The leader of that moment, or a server by its index. */
  target: 'leader' | number;
  /** Index among the servers that are not the target: the other end of a cut. */
  other: number;
  /** In [0, 1): how bad it is, where there is more and less. */
  severity: number;
}>;

/** Half of the faults meet the leader: the others change less. */
const LEADER_CHANCE = 0.5;
/** Most faults wait until the one before is over and its traces are gone; the rest meet it half way. */
const OVERLAP_CHANCE = 0.3;
const REST_MS = [2_500, 5_000] as const;

const between = (random: Random, [low, high]: readonly [number, number]) =>
  Math.round(low + random() * (high - low));

function drawKind(random: Random, kinds: readonly FaultKind[]): FaultKind {
  const total = kinds.reduce((sum, kind) => sum + KINDS[kind].weight, 0);
  let left = random() * total;
  for (const kind of kinds) {
    left -= KINDS[kind].weight;
    if (left < 0) return kind;
  }
  return kinds[0] as FaultKind;
}

/** The kinds that a machine with these means can do. */
export function possibleKinds(means: { network: boolean; disk: boolean }): FaultKind[] {
  return FAULT_KINDS.filter((kind) => {
    const needed: Means = KINDS[kind].means;
    return needed === 'signals' || means[needed];
  });
}

/**
 * Faults for so many milliseconds, in the order in which they begin.
 * @param kinds to draw from; not empty
 */
export function drawPlan(options: {
  seed: number;
  durationMs: number;
  servers: number;
  kinds: readonly FaultKind[];
}): PlannedFault[] {
  const random = seededRandom(options.seed);
  const plan: PlannedFault[] = [];
  let atMs = between(random, REST_MS);
  while (atMs < options.durationMs) {
    const kind = drawKind(random, options.kinds);
    const fault: PlannedFault = {
      kind,
      atMs,
      lastsMs: between(random, KINDS[kind].lastsMs),
      target: random() < LEADER_CHANCE ? 'leader' : Math.floor(random() * options.servers),
      other: Math.floor(random() * (options.servers - 1)),
      severity: random(),
    };
    plan.push(fault);
    const overlaps = random() < OVERLAP_CHANCE;
    const rest = between(random, REST_MS);
    atMs += overlaps ? Math.round(fault.lastsMs * random()) : fault.lastsMs + rest;
  }
  return plan;
}
