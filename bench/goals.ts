// What SyncNet is to reach, held against what was measured.
import { rowsOf } from './report.ts';
import type { Results } from './results.ts';
import { rounded } from './statistics.ts';
import { bare } from './systems/bare.ts';
import { etcd, jetstream } from './systems/clusters.ts';
import { inspircd, ngircd } from './systems/irc.ts';
import { syncnet, syncnetThree } from './systems/syncnet.ts';
import { memory, storm } from './works/crowd.ts';
import { DURABLE_CASES, durable } from './works/durable.ts';
import { failover } from './works/failover.ts';
import { FANOUT_CASES, fanout } from './works/fanout.ts';
import { GROWTH_CASES, growth } from './works/growth.ts';
import { history } from './works/history.ts';
import { latency } from './works/latency.ts';
import type { Work } from './works/work.ts';

type Of = Readonly<{ system: string; metric: string; case?: string }>;

export type Goal = Readonly<{
  work: Work;
  /** What is judged, for the reader. */
  what: string;
  /** Null: whatever case there is, where there is one only. */
  case: string | null;
  own: Of;
  /** The figure is a ratio to that one; null: it stands for itself. */
  to: Of | null;
  /** The least or the most that it may be. */
  least?: number;
  most?: number;
}>;

const fanoutGoals = (name: string): Goal[] => [
  {
    work: fanout,
    what: `fan-out, ${name}: deliveries/s to inspircd's`,
    case: name,
    own: { system: syncnet.name, metric: 'deliveries/s' },
    to: { system: inspircd.name, metric: 'deliveries/s' },
    least: 1,
  },
  {
    work: fanout,
    what: `fan-out, ${name}: CPU per delivery to inspircd's`,
    case: name,
    own: { system: syncnet.name, metric: 'µs' },
    to: { system: inspircd.name, metric: 'µs' },
    most: 1,
  },
];

const threeDaemons = (name: string): Goal => ({
  work: fanout,
  what: `${name}: three daemons to one alone`,
  case: name,
  own: { system: syncnetThree.name, metric: 'deliveries/s' },
  to: { system: syncnet.name, metric: 'deliveries/s' },
  least: 0.5,
});

const durableGoals = (name: string, least: number): Goal[] => [
  {
    work: durable,
    what: `acknowledged posts/s, ${name}: to etcd's`,
    case: name,
    own: { system: syncnetThree.name, metric: 'acks/s' },
    to: { system: etcd.name, metric: 'acks/s' },
    least,
  },
  {
    work: durable,
    what: `${name}: p50 to etcd's`,
    case: name,
    own: { system: syncnetThree.name, metric: 'p50 ms' },
    to: { system: etcd.name, metric: 'p50 ms' },
    most: 1,
  },
  {
    work: durable,
    what: `acknowledged posts/s, ${name}: to JetStream's three replicas, which do not wait for the disk`,
    case: name,
    own: { system: syncnetThree.name, metric: 'acks/s' },
    to: { system: jetstream.name, metric: 'acks/s' },
    least: 1,
  },
];

/** A figure that stands for itself, of a work with one case. */
function figure(
  work: Work,
  what: string,
  metric: string,
  bound: { least?: number; most?: number },
): Goal {
  const system = work === failover ? syncnetThree.name : syncnet.name;
  return { work, what, case: null, own: { system, metric }, to: null, ...bound };
}

const roomCases = FANOUT_CASES.map(({ name }) => name).filter((name) => /receivers/.test(name));
const smallRooms =
  FANOUT_CASES.map(({ name }) => name).find((name) => /of 5, W 8/.test(name)) ?? '';
const fewest = GROWTH_CASES.at(0)?.name ?? '';
const most = GROWTH_CASES.at(-1)?.name ?? '';

export const GOALS: readonly Goal[] = [
  ...roomCases.flatMap(fanoutGoals),
  {
    work: fanout,
    what: `small rooms, ${smallRooms}: deliveries/s to ngircd's`,
    case: smallRooms,
    own: { system: syncnet.name, metric: 'deliveries/s' },
    to: { system: ngircd.name, metric: 'deliveries/s' },
    least: 5,
  },
  ...[...roomCases, smallRooms].map(threeDaemons),
  ...(['p50 µs', 'p99 µs'] as const).map((metric, index) => ({
    work: latency,
    what: `latency, ${metric.slice(0, 3)} on three disks to inspircd's`,
    case: null,
    own: { system: syncnetThree.name, metric },
    to: { system: inspircd.name, metric },
    most: index === 0 ? 2 : 4,
  })),
  ...DURABLE_CASES.flatMap(({ name }, index) => durableGoals(name, index === 0 ? 1.5 : 3)),
  figure(memory, 'memory of an idle client, kB', 'kB', { most: 9 }),
  {
    work: storm,
    what: "5,000 sign-ins: time to bare Node's",
    case: null,
    own: { system: syncnet.name, metric: 's' },
    to: { system: bare.name, metric: 's' },
    most: 3,
  },
  figure(storm, "5,000 sign-ins: the room's p99 meanwhile, ms", 'p99 ms', { most: 50 }),
  figure(failover, 'SIGKILL of the leader: last of all back, ms', 'back ms', { most: 1_000 }),
  figure(failover, 'SIGKILL of the leader: p99 of the gap, ms', 'gap p99 ms', { most: 400 }),
  figure(failover, 'SIGKILL of the leader: posts missing', 'missing', { most: 0 }),
  figure(history, 'long history: start to serving, s', 'start s', { most: 2 }),
  figure(history, 'long history: page p99, ms', 'page p99 ms', { most: 3 }),
  figure(history, 'long history: search p99, ms', 'search p99 ms', { most: 60 }),
  figure(history, 'long history: resident, MB', 'resident MB', { most: 300 }),
  figure(history, 'long history: catch-up in silence, posts/s', 'catch-up/s', { least: 100_000 }),
  figure(history, 'long history: catch-up while a room talks, posts/s', 'talking/s', {
    least: 100_000,
  }),
  {
    work: history,
    what: 'CPU per post behind a long history, to that with nothing stored',
    case: null,
    own: { system: syncnet.name, metric: 'µs' },
    to: { system: syncnet.name, metric: 'µs empty' },
    most: 1.2,
  },
  {
    work: growth,
    what: `CPU per delivery, ${most}, to ${fewest}`,
    case: null,
    own: { system: syncnet.name, metric: 'µs', case: most },
    to: { system: syncnet.name, metric: 'µs', case: fewest },
    most: 1.2,
  },
];

function medianOf(goal: Goal, results: Results, { system, metric, case: own }: Of): number {
  const name = own ?? goal.case;
  const samples = results.runs
    .flat()
    .filter((sample) => sample.system === system && (name === null || sample.case === name));
  const [row] = rowsOf(samples, [{ key: metric, title: metric, better: 'higher' }]);
  return row?.spreads[metric]?.median ?? Number.NaN;
}

/** @returns the figure of a goal; NaN where something was not measured */
export function figureOf(goal: Goal, results: Results): number {
  const own = medianOf(goal, results, goal.own);
  return goal.to ? own / medianOf(goal, results, goal.to) : own;
}

export function isReached({ least = -Infinity, most = Infinity }: Goal, value: number): boolean {
  return value >= least && value <= most;
}

/** @param resultsOf what was recorded of a work; null where nothing was */
export function goalsText(
  goals: readonly Goal[],
  resultsOf: (work: string) => Results | null,
): string {
  const rows = goals.map((goal) => {
    const { work, what, to, least } = goal;
    const results = resultsOf(work.name);
    const value = results ? figureOf(goal, results) : Number.NaN;
    const unit = to ? 'x' : '';
    const bound = `${least === undefined ? 'at most' : 'at least'} ${rounded(least ?? goal.most ?? 0)}${unit}`;
    const verdict = Number.isNaN(value)
      ? 'not measured'
      : isReached(goal, value)
        ? 'yes'
        : '**no**';
    return `| ${what} | ${bound} | ${rounded(value)}${Number.isNaN(value) ? '' : unit} | ${verdict} |`;
  });
  return ['| | to reach | measured | reached |', '| --- | ---: | ---: | --- |', ...rows].join('\n');
}
