// SIGKILL of the leader while two thousand clients talk.
import { type Event, eventOf, type Latencies, sharesOf, startGenerator } from '../generator.ts';
import { serversAt, syncnetThree } from '../systems/syncnet.ts';
import { coresOf } from './driving.ts';
import type { RoundOptions, Sample, Work } from './work.ts';

const ROOMS = 100;
const RECEIVERS_PER_ROOM = 19;
const RATE_PER_SECOND = 2_000;
const CLIENTS = ROOMS * (RECEIVERS_PER_ROOM + 1);
const CASE = `${CLIENTS.toLocaleString('en-US')} clients, ${RATE_PER_SECOND.toLocaleString('en-US')} posts/s`;

type Failed = Event &
  Readonly<{
    clients: number;
    /** Of them, in again at another server. */
    back: number;
    messages: number;
    missing: number;
    twice: number;
    /** Microseconds since the kill, for each client; the longest that nothing came to it. */
    backAfter: Latencies;
    gap: Latencies;
  }>;

/** On a busy machine the leader may change while the clients come: begun anew, and told. */
const ATTEMPTS = 3;

async function round(options: RoundOptions): Promise<Sample[]> {
  if (!options.isWanted(syncnetThree)) return [];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      return await once(options);
    } catch (error) {
      options.say(`${syncnetThree.name}: ${(error as Error).message}`);
    }
  }
  return [];
}

async function once(options: RoundOptions): Promise<Sample[]> {
  const system = syncnetThree;
  const place = options.place(system);
  const running = await system.start(place);
  try {
    const ports = serversAt(place.portBase, system.processes).map(({ clientPort }) => clientPort);
    const settings = {
      rooms: ROOMS,
      receivers: RECEIVERS_PER_ROOM,
      senders: 1,
      rate: RATE_PER_SECOND,
      victim: running.pids.at(-1) ?? 0,
      warmMs: 2_000,
      windowMs: options.windowMs,
    };
    const load = {
      protocol: system.protocol,
      // The leader first, then whoever leads after it.
      ports: ports.reverse(),
      pids: running.pids,
      cores: coresOf(system).generator,
      settings,
    };
    const generator = await startGenerator(load, 'failover');
    const events = await generator.ended;
    const sample = sampleOf(events, (await system.version()) ?? '');
    options.say(JSON.stringify(sample.values));
    return [sample];
  } finally {
    await running.stop();
  }
}

function sampleOf(events: readonly Event[], version: string): Sample {
  const end = eventOf(events, 'end') as Failed;
  const shares = sharesOf(eventOf(events, 'begin'), end);
  const { name: system, role } = syncnetThree;
  return {
    case: CASE,
    system,
    version,
    role,
    values: {
      'back ms': end.back === end.clients ? end.backAfter.max / 1_000 : Number.POSITIVE_INFINITY,
      'gap p50 ms': end.gap.p50 / 1_000,
      'gap p99 ms': end.gap.p99 / 1_000,
      missing: end.missing,
      twice: end.twice,
    },
    // That of the one that was killed ended with it.
    serverShare: shares.serverShares.filter(Number.isFinite).reduce((sum, share) => sum + share, 0),
    generatorShare: shares.generatorShare,
    othersShare: shares.othersShare,
    bottleneck: 'waits',
  };
}

export const failover: Work = {
  name: 'failover',
  title: 'SIGKILL of the leader',
  about:
    `${CLIENTS.toLocaleString('en-US')} clients in ${ROOMS} rooms, ${RATE_PER_SECOND.toLocaleString('en-US')} posts a second, three daemons; the leader is killed, and each ` +
    'client goes to the next server, where it stood by, signs in as it said it would, resumes and sends again what was not answered; within a ' +
    'second it stands by at the third, all as SyncNet\'s own client does. "Back" is when the last ' +
    'of all clients was signed in again; the gap is the longest that nothing came to a client, which hears 20 posts a second otherwise. In the ' +
    'end every post must have come to everyone in its room, once. Times of etcd and others for one client are in ' +
    '[RELIABILITY.md](RELIABILITY.md).',
  metrics: [
    { key: 'back ms', title: 'last of all back, ms', better: 'lower' },
    { key: 'gap p50 ms', title: 'gap p50, ms', better: 'lower' },
    { key: 'gap p99 ms', title: 'gap p99, ms', better: 'lower' },
    { key: 'missing', title: 'posts missing', better: 'lower' },
    { key: 'twice', title: 'posts shown twice', better: 'lower' },
  ],
  windowMs: 6_000,
  short: null,
  round,
};
