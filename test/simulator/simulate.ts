// One run: a seed draws a cluster, its posts and its faults; then everything heals, and after a quiet
// time all servers must agree. Faults that would take the last copy of an entry are not drawn.
import { seededRandom } from '../../lib/random.ts';
import { Checkers } from './checkers.ts';
import { Cluster } from './cluster.ts';

export type Outcome = Readonly<{
  seed: number;
  failure: Error | null;
  acknowledged: number;
  steps: number;
  faults: Readonly<Record<string, number>>;
  /** The last events, for a person to read. */
  story: readonly string[];
}>;

/** Quiet time after which all must agree: the longest stability wait twice, and a slow server's return. */
const HEALED_MS = 45_000;

export function simulate(seed: number): Outcome {
  const checkers = new Checkers();
  const cluster = new Cluster({ seed, observer: checkers });
  checkers.cluster = cluster;
  const faults: Record<string, number> = {};
  let failure: Error | null = null;
  try {
    trouble(cluster, faults, seed);
    heal(cluster);
    cluster.run(HEALED_MS);
    checkers.checkHealed();
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  return {
    seed,
    failure,
    acknowledged: checkers.acknowledged.length,
    steps: cluster.steps,
    faults,
    story: cluster.story.lines.slice(-200),
  };
}

type Fault = Readonly<{
  name: string;
  weight: number;
  run: (cluster: Cluster, id: string) => void;
}>;

const someOther = (cluster: Cluster, id: string): string | undefined => {
  const others = cluster.others(id);
  return others[Math.floor(cluster.random() * others.length)];
};

/** Whether every other server is up and in one view with this one: its directory may go. */
function hasCopies(cluster: Cluster, id: string): boolean {
  const view = cluster.server(id).running?.ring.view;
  if (!view || view.inSync.length < 2) return false;
  const digest = cluster.server(id).disk.digest();
  return cluster.others(id).some((other) => {
    const theirs = cluster.server(other).disk.digest();
    return [...digest].every(([stream, sequence]) => (theirs.get(stream) ?? 0) >= sequence);
  });
}

const FAULTS: readonly Fault[] = [
  { name: 'crash', weight: 4, run: (cluster, id) => cluster.crash(id) },
  {
    name: 'crash in mid-turn',
    weight: 3,
    run: (cluster, id) => {
      if (cluster.server(id).running) cluster.server(id).crashInTurn = true;
    },
  },
  { name: 'drain', weight: 3, run: (cluster, id) => cluster.drain(id) },
  { name: 'start', weight: 8, run: (cluster, id) => cluster.start(id) },
  { name: 'pause', weight: 3, run: (cluster, id) => cluster.pause(id) },
  { name: 'resume', weight: 5, run: (cluster, id) => cluster.resume(id) },
  {
    name: 'wipe',
    weight: 0.5,
    run: (cluster, id) => {
      if (hasCopies(cluster, id)) cluster.wipe(id);
    },
  },
  {
    name: 'break a link',
    weight: 3,
    run: (cluster, id) => {
      const other = someOther(cluster, id);
      if (other) cluster.network.break(id, other);
    },
  },
  {
    name: 'cut one way',
    weight: 2,
    run: (cluster, id) => {
      const other = someOther(cluster, id);
      if (other) cut(cluster, id, other);
    },
  },
  {
    name: 'cut both ways',
    weight: 2,
    run: (cluster, id) => {
      const other = someOther(cluster, id);
      if (!other) return;
      cut(cluster, id, other);
      cut(cluster, other, id);
    },
  },
  {
    name: 'isolate',
    weight: 2,
    run: (cluster, id) => {
      for (const other of cluster.others(id)) {
        cut(cluster, id, other);
        cut(cluster, other, id);
      }
    },
  },
  { name: 'heal', weight: 5, run: (cluster) => healNetwork(cluster) },
  {
    name: 'jump the clock',
    weight: 1,
    run: (cluster, id) => {
      cluster.server(id).wallSkewMs += (cluster.random() - 0.5) * 20_000;
    },
  },
];

function cut(cluster: Cluster, from: string, to: string): void {
  cluster.story.say(`cut ${from} > ${to}`);
  cluster.network.cut(from, to);
}

function healNetwork(cluster: Cluster): void {
  if (cluster.network.cuts.size === 0) return;
  cluster.story.say('the network heals');
  for (const key of [...cluster.network.cuts]) {
    const [from, to] = key.split('>');
    cluster.network.heal(from ?? '', to ?? '');
  }
}

function trouble(cluster: Cluster, faults: Record<string, number>, seed: number): void {
  const { random } = cluster;
  const ids = cluster.ids();
  for (const id of ids) if (random() < 0.9) cluster.start(id);
  const calmMs = 50 + random() * 3_000;
  const postsPerSecond = 1 + random() ** 2 * 200;
  const durationMs = 2_000 + random() * 20_000;
  const total = FAULTS.reduce((sum, { weight }) => sum + weight, 0);
  let posts = 0;
  const nextPost = () => {
    if (cluster.scheduler.nowMs() > durationMs) return;
    posts += 1;
    cluster.post(ids[Math.floor(random() * ids.length)] as string, `${seed}/${posts}`);
    cluster.scheduler.after((-Math.log(1 - random()) * 1_000) / postsPerSecond, nextPost);
  };
  const nextFault = () => {
    if (cluster.scheduler.nowMs() > durationMs) return;
    let pick = random() * total;
    const fault = FAULTS.find(({ weight }) => {
      pick -= weight;
      return pick < 0;
    });
    if (fault) {
      faults[fault.name] = (faults[fault.name] ?? 0) + 1;
      fault.run(cluster, ids[Math.floor(random() * ids.length)] as string);
    }
    cluster.scheduler.after(-Math.log(1 - random()) * calmMs, nextFault);
  };
  nextPost();
  nextFault();
  cluster.run(durationMs);
}

function heal(cluster: Cluster): void {
  cluster.story.say('--- everything heals ---');
  healNetwork(cluster);
  for (const id of cluster.ids()) {
    cluster.server(id).crashInTurn = false;
    cluster.resume(id);
    cluster.start(id);
  }
  // Whoever was leaving has left by then, and is started again.
  cluster.run(3_000);
  for (const id of cluster.ids()) cluster.start(id);
}

/** A seed for each run that nobody asked for a particular one. */
export function freshSeeds(count: number, from: number): number[] {
  const random = seededRandom(from);
  return Array.from({ length: count }, () => Math.floor(random() * 2 ** 32));
}
