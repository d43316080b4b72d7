// How long people notice a failover, measured many times: one client posts every few milliseconds, another one
// reads, and the leader meets one kind of fault, over and over. At the end what was kept is checked all the same.
import { setTimeout as delay } from 'node:timers/promises';
import { type Random, seededRandom } from '../../lib/random.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Audit, audit } from './audit.ts';
import { Crowd, type TimedPost } from './crowd.ts';
import { SETTLE_MS_MAX } from './history.ts';
import type { Network } from './network.ts';
import type { Servers } from './servers.ts';

export const MEASURES = ['sigkill', 'sigterm', 'sigstop', 'cable', 'takeback'] as const;
export type Measure = (typeof MEASURES)[number];

/** What one failover cost, in milliseconds. */
export type Cost = Readonly<{
  /** From the fault to the first post that was sent after it, stored, and seen by the other client. */
  firstMs: number;
  /** The longest that the other client saw nothing new; of a return, only around the start and the change of leader. */
  silenceMs: number;
  /** The longest that a post waited for its acknowledgement. */
  waitMs: number;
}>;

export type Measured = Audit &
  Readonly<{
    costs: readonly Cost[];
    postsCount: number;
    refusedCount: number;
  }>;

export type MeasureOptions = Readonly<{
  measure: Measure;
  runs: number;
  seed: number;
  servers: Servers;
  /** Needed for `cable` only. */
  network: Network | null;
  /** Ends it after the run that is under way. */
  signal: AbortSignal;
  say(line: string): void;
}>;

/** As often as etcd is given a value. Every 2 ms, clients and servers fill more than half of two cores before any fault. */
const POST_INTERVAL_MS = 5;
/** Talk before the fault, and after its end was seen: a hand-over takes less. */
const BEFORE_MS = 300;
const AFTER_MS = 1_500;
/** Talk before the first fault: what is done for the first time takes longer, at the servers and at the clients here. */
const WARM_UP_MS = 5_000;
/** The fault comes at any moment between two heartbeats and two ticks. */
const JITTER_MS = 100;
const GAP_MS_MAX = 30_000;
/**
 * A server that returns costs people something when its process starts, and when it takes the lead, which may be many
 * seconds later; what they meet in between they would meet without it too.
 */
const STARTING_MS = 1_000;
const CHANGING_MS = 500;

/** The servers are started here, and run when it returns. */
export async function measure(options: MeasureOptions): Promise<Measured> {
  return await measureWith(options, (bench) => bench.measureOnce());
}

/** @param once one run, by the bench and by whatever is to be measured beside it */
export async function measureWith(
  options: MeasureOptions,
  once: (bench: Bench) => Promise<Cost>,
): Promise<Measured> {
  const { servers, say, runs, signal } = options;
  await Promise.all(servers.ids.map((id) => servers.start(id)));
  await servers.settled(servers.ids, SETTLE_MS_MAX);
  const addresses = servers.ids.map((id) => servers.address(id));
  // The disk is the servers' alone, as it is beside etcd, whose client keeps nothing.
  const crowd = await Crowd.gather({ addresses, senders: 1, readers: 1, directory: null });
  try {
    const bench = new Bench(options, crowd);
    const costs: Cost[] = [];
    await bench.warmUp();
    while (costs.length < runs && !signal.aborted) {
      const cost = await once(bench);
      costs.push(cost);
      const [first, silence, wait] = [cost.firstMs, cost.silenceMs, cost.waitMs].map(Math.round);
      say(`${costs.length}: first ${first} ms, silence ${silence} ms, longest wait ${wait} ms`);
    }
    const { posts } = crowd;
    return {
      ...(await audit(servers, crowd)),
      costs,
      postsCount: posts.length,
      refusedCount: posts.filter(({ answer }) => answer?.type === 'refused').length,
    };
  } finally {
    await crowd.close();
  }
}

/** @returns what undoes it */
async function strikeLeader(
  { servers, network, measure }: MeasureOptions,
  leader: string,
): Promise<() => Promise<unknown>> {
  switch (measure) {
    case 'sigstop':
      servers.signal(leader, 'SIGSTOP');
      return async () => servers.signal(leader, 'SIGCONT');
    case 'cable':
      if (!network) throw new Error('a cable is pulled in namespaces only');
      return await network.apply({ type: 'cable', at: leader });
    default: {
      // Not waited for: what counts is the time from the signal on.
      const ended = servers.end(leader, measure === 'sigterm' ? 'SIGTERM' : 'SIGKILL');
      return async () => {
        await ended;
        await servers.start(leader);
      };
    }
  }
}

export class Bench {
  private readonly options: MeasureOptions;
  private readonly crowd: Crowd;
  private readonly random: Random;
  /** The posts before this index are of earlier runs. */
  private firstPost = 0;

  constructor(options: MeasureOptions, crowd: Crowd) {
    this.options = options;
    this.crowd = crowd;
    this.random = seededRandom(options.seed);
  }

  async warmUp(): Promise<void> {
    await this.talk();
    await delay(WARM_UP_MS);
    await this.hush();
  }

  async measureOnce(): Promise<Cost> {
    const { measure, servers } = this.options;
    const leader = servers.ids.at(-1) as string;
    await servers.settled(servers.ids, SETTLE_MS_MAX);
    if (measure === 'takeback') return await this.watchReturn(leader);
    await this.talk();
    const struckMs = this.crowd.nowMs();
    const undo = await strikeLeader(this.options, leader);
    const isSeen = () => Number.isFinite(firstSeenOf(this.posts(), struckMs));
    await waitFor('a post to be seen', isSeen, GAP_MS_MAX);
    await this.hush();
    await undo();
    return costOf(this.posts(), struckMs);
  }

  /** The leader is killed while nobody talks, and returns while they do. */
  private async watchReturn(leader: string): Promise<Cost> {
    const { servers } = this.options;
    await servers.end(leader, 'SIGKILL');
    await servers.settled(servers.ids.slice(0, -1), SETTLE_MS_MAX);
    servers.prepare(leader);
    await this.talk();
    const startedMs = this.crowd.nowMs();
    await servers.start(leader);
    const leads = async () => (await servers.status(leader))?.phase === 'leading';
    await waitFor(`${leader} to lead again`, leads, SETTLE_MS_MAX);
    await this.hush();
    const ledMs = this.crowd.leaders.findLast(({ id }) => id === leader)?.fromMs ?? startedMs;
    const isOfReturn = (atMs: number) =>
      atMs < startedMs + STARTING_MS || Math.abs(atMs - ledMs) < CHANGING_MS;
    return costOf(this.posts(), startedMs, isOfReturn);
  }

  private posts(): TimedPost[] {
    return this.crowd.posts.slice(this.firstPost);
  }

  private async talk(): Promise<void> {
    // The garbage of the clients is collected now, and not while it is measured how long they wait.
    globalThis.gc?.();
    this.firstPost = this.crowd.posts.length;
    this.crowd.begin(POST_INTERVAL_MS, this.random);
    await delay(BEFORE_MS + JITTER_MS * this.random());
  }

  /** Lets them talk a little longer, then waits until everything is answered and seen. */
  private async hush(): Promise<void> {
    await delay(AFTER_MS);
    this.crowd.hush();
    const isOver = () => this.posts().every(({ answer, seenMs }) => answer && seenMs < Infinity);
    await waitFor('everything to be answered and seen', isOver, GAP_MS_MAX);
  }
}

function firstSeenOf(posts: readonly TimedPost[], fromMs: number): number {
  return Math.min(...posts.filter(({ sentMs }) => sentMs > fromMs).map(({ seenMs }) => seenMs));
}

/** @param counts whether a silence that ended then is the fault's */
function costOf(
  posts: readonly TimedPost[],
  fromMs: number,
  counts: (endedMs: number) => boolean = () => true,
): Cost {
  const seen = posts.map(({ seenMs }) => seenMs).sort((one, other) => one - other);
  const silences = seen.flatMap((seenMs, index) =>
    seenMs < fromMs || !counts(seenMs) ? [] : [seenMs - (seen[index - 1] ?? seenMs)],
  );
  return {
    firstMs: firstSeenOf(posts, fromMs) - fromMs,
    silenceMs: Math.max(0, ...silences),
    waitMs: Math.max(0, ...posts.map(({ sentMs, answeredMs }) => answeredMs - sentMs)),
  };
}
