// Many clients that come at once, and what each of them takes of the server's memory once all sit still.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { eventOf, type Shares, sharesOf, startGenerator } from '../generator.ts';
import { bottleneckOf, residentBytes } from '../proc-stat.ts';
import { bare } from '../systems/bare.ts';
import { nats, redis } from '../systems/brokers.ts';
import { inspircd } from '../systems/irc.ts';
import { syncnet } from '../systems/syncnet.ts';
import type { Running, System } from '../systems/system.ts';
import { coresOf } from './driving.ts';
import { inTurn, type RoundOptions, type Sample, type Work } from './work.ts';

const SYSTEMS: readonly System[] = [syncnet, inspircd, nats, redis, bare];
/** The first room talks while the crowd comes into the others. */
const ROOMS = 101;
const OBSERVERS = 10;
const RATE_PER_SECOND = 100;
const UNDER_WAY_MAX = 200;
const STORM_CLIENTS = 5_000;
const MEMORY_CLIENTS = 10_000;
/** Garbage of the sign-ins may be collected in this time; nothing else happens in it. */
const IDLE_MS = 10_000;

type Came = Readonly<{
  /** Until the last was in. */
  seconds: number;
  /** Of messages in the talking room meanwhile, microseconds. */
  p99: number;
  /** For each client, once all sit still. */
  bytesEach: number;
  shares: Shares;
}>;

const resident = ({ pids }: Running): number =>
  pids.reduce((sum, pid) => sum + residentBytes(readFileSync(`/proc/${pid}/status`, 'utf8')), 0);

async function letCome(
  system: System,
  running: Running,
  { crowd, idleMs }: { crowd: number; idleMs: number },
): Promise<Came> {
  const { protocol } = system;
  const { ports, pids, settings = {} } = running;
  const before = resident(running);
  const own = { rooms: ROOMS, receivers: OBSERVERS, senders: 1, rate: RATE_PER_SECOND, crowd };
  const load = {
    protocol,
    ports,
    pids,
    cores: coresOf(system).generator,
    settings: { ...own, underWay: UNDER_WAY_MAX, ...settings },
  };
  const generator = await startGenerator(load, 'storm');
  const ready = await generator.ready;
  await delay(idleMs);
  const bytesEach = (resident(running) - before) / (crowd + ROOMS + OBSERVERS);
  generator.release();
  const shares = sharesOf(eventOf(await generator.ended, 'begin'), ready);
  return { seconds: ready.ms / 1_000, p99: ready.latency?.p99 ?? Number.NaN, bytesEach, shares };
}

type Crowd = Readonly<{ name: string; clients: number; idleMs: number }>;

async function round(
  { name, clients, idleMs }: Crowd,
  valuesOf: (came: Came) => Record<string, number>,
  options: RoundOptions,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const system of inTurn(SYSTEMS, options.turn)) {
    if (options.isOver()) break;
    const version = await system.version();
    if (version === null) options.say(`${system.name}: not installed (bench/install-peers)`);
    if (version === null || !options.isWanted(system) || !options.isCase(name)) continue;
    const running = await system.start(options.place(system));
    try {
      const came = await letCome(system, running, { crowd: clients, idleMs });
      const { serverShares, generatorShare, othersShare } = came.shares;
      const serverShare = serverShares.reduce((sum, share) => sum + share, 0);
      const bottleneck = bottleneckOf(serverShares, generatorShare);
      const shares = { serverShare, generatorShare, othersShare, bottleneck };
      const sample: Sample = {
        case: name,
        system: system.name,
        version,
        role: system.role,
        values: valuesOf(came),
        ...shares,
      };
      samples.push(sample);
      options.say(`${system.name}: ${JSON.stringify({ ...sample.values, ...shares })}`);
    } catch (error) {
      options.say(`${system.name}, ${name}: ${(error as Error).message}`);
    } finally {
      await running.stop();
    }
  }
  return samples;
}

const count = (clients: number) => clients.toLocaleString('en-US');

export const storm: Work = {
  name: 'storm',
  title: 'A storm of sign-ins',
  about:
    `${count(STORM_CLIENTS)} clients connect, sign in and join one of 100 rooms, ${UNDER_WAY_MAX} of them under way at any time; SyncNet ` +
    'checks the signature of each, claims its name and has both on disk. Meanwhile a room of ten is talked into 100 ' +
    'times a second: the last column is how long its messages took. inspircd paces its sign-ins by the clock.',
  metrics: [
    { key: 's', title: 'until the last was in, s', better: 'lower' },
    { key: 'p99 ms', title: "the room's p99 meanwhile, ms", better: 'lower' },
  ],
  windowMs: 0,
  short: null,
  round: (options) =>
    round(
      { name: `${count(STORM_CLIENTS)} clients`, clients: STORM_CLIENTS, idleMs: 0 },
      ({ seconds, p99 }) => ({ s: seconds, 'p99 ms': p99 / 1_000 }),
      options,
    ),
};

export const memory: Work = {
  name: 'memory',
  title: 'Memory of an idle client',
  about:
    `Resident bytes that the server has more than before its first client, divided by the clients: ${count(MEMORY_CLIENTS)} who ` +
    `signed in and joined one of 100 rooms, ${IDLE_MS / 1_000} s after the last came.`,
  metrics: [
    { key: 'kB', title: 'kB for each client', better: 'lower' },
    { key: 's', title: 'until the last was in, s', better: 'lower' },
  ],
  windowMs: 0,
  short: null,
  round: (options) =>
    round(
      { name: `${count(MEMORY_CLIENTS)} clients`, clients: MEMORY_CLIENTS, idleMs: IDLE_MS },
      ({ bytesEach, seconds }) => ({ kB: bytesEach / 1_000, s: seconds }),
      options,
    ),
};
