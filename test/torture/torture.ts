// One run: three servers, people who talk, the faults of the plan one after the other; then everything is
// healed, and what was kept is compared with what was promised.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../lib/random.ts';
import { type Audit, audit } from './audit.ts';
import { Crowd, type TimedPost } from './crowd.ts';
import { type Stage, strike } from './faults.ts';
import { SETTLE_MS_MAX } from './history.ts';
import type { Network } from './network.ts';
import { drawPlan, type FaultKind, type PlannedFault, possibleKinds } from './plan.ts';
import type { Servers } from './servers.ts';
import { mountSmallDisk } from './small-disk.ts';

const SENDERS = 3;
const READERS = 3;
/** 20 posts a second by each sender. */
const POST_INTERVAL_MS = 50;
/** People talk undisturbed for so long before the first fault: what is usual. */
const QUIET_MS = 2_000;

export type TortureOptions = Readonly<{
  seed: number;
  /** How long faults are made. */
  durationMs: number;
  servers: Servers;
  network: Network | null;
  canMount: boolean;
  /** Only these, all of them possible here; null for all that is. */
  only: readonly FaultKind[] | null;
  /** Ends the faults early; the checks are made all the same. */
  signal: AbortSignal;
  say(line: string): void;
}>;

/** A fault as it happened; times by the clock of the run. */
export type FaultRecord = {
  kind: FaultKind;
  whom: readonly string[];
  fromMs: number;
  /** Infinity while it lasts. */
  untilMs: number;
  /** Whether anything met it: packets the rule, writes the end of the disk. False while it lasts. */
  isFelt: boolean;
};

export type Outcome = Audit &
  Readonly<{
    seed: number;
    durationMs: number;
    faults: readonly FaultRecord[];
    /** Planned, and not done: their target was in the hands of another, or they would not have been fair. */
    skippedCount: number;
    posts: readonly TimedPost[];
    leaders: readonly { id: string | null; fromMs: number }[];
    sightingsCount: number;
    /** How often a reader was told that it had missed too much to be sent. */
    resetsCount: number;
    /** The longest that this process itself was late: no figure can be truer. */
    latenessMs: number;
  }>;

/** The servers are started here, and run when it returns. */
export async function torture(options: TortureOptions): Promise<Outcome> {
  const { servers, seed, say } = options;
  const owner = servers.ids[seed % servers.ids.length] as string;
  const disk = options.canMount ? await mountSmallDisk(servers, owner) : null;
  await Promise.all(servers.ids.map((id) => servers.start(id)));
  await servers.settled(servers.ids, SETTLE_MS_MAX);
  const crowd = await Crowd.gather({
    addresses: servers.ids.map((id) => servers.address(id)),
    senders: SENDERS,
    readers: READERS,
    directory: servers.directory,
  });
  const lateness = monitorEventLoopDelay({ resolution: 5 });
  lateness.enable();
  try {
    const run = new Run({ ...options, disk }, crowd);
    crowd.begin(POST_INTERVAL_MS, seededRandom(seed + 1));
    await pause(QUIET_MS, options.signal);
    await run.torment();
    say('healed; waiting until everything is answered and everyone agrees');
    await pause(QUIET_MS, options.signal);
    const full = run.records.some(({ kind }) => kind === 'full');
    const audited = await audit(servers, crowd, full ? ['storage-failed'] : []);
    const { readers } = crowd;
    return {
      seed,
      durationMs: options.durationMs,
      faults: run.records,
      skippedCount: run.skippedCount,
      posts: crowd.posts,
      leaders: crowd.leaders,
      sightingsCount: readers.reduce((sum, { sightings }) => sum + sightings.length, 0),
      resetsCount: readers.reduce((sum, { resets }) => sum + resets, 0),
      findings: audited.findings,
      troubles: [...run.troubles, ...audited.troubles],
      latenessMs: lateness.max / 1e6,
    };
  } finally {
    lateness.disable();
    await crowd.close();
  }
}

/** Waits, unless the run is to end. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(0, ms), undefined, { signal }).catch(() => {}); // it only ends the wait
}

type RunOptions = TortureOptions & { disk: Stage['disk'] };

class Run {
  readonly records: FaultRecord[] = [];
  readonly troubles: string[] = [];
  skippedCount = 0;
  private readonly options: RunOptions;
  private readonly crowd: Crowd;
  private readonly stage: Stage;
  /** Faults that wait for their end. */
  private readonly lasting = new Set<Promise<void>>();

  constructor(options: RunOptions, crowd: Crowd) {
    const { servers, network, disk } = options;
    this.options = options;
    this.crowd = crowd;
    const isQuiet = () => this.lasting.size === 0;
    this.stage = { servers, crowd, network, disk, held: new Set(), isQuiet };
  }

  /** Does what was planned, and undoes all of it. */
  async torment(): Promise<void> {
    const { seed, durationMs, servers, network, canMount, only, signal } = this.options;
    const possible = possibleKinds({ network: network !== null, disk: canMount });
    const kinds = only ?? possible;
    const beganMs = this.crowd.nowMs();
    for (const fault of drawPlan({ seed, durationMs, servers: servers.ids.length, kinds })) {
      await pause(beganMs + fault.atMs - this.crowd.nowMs(), signal);
      if (signal.aborted || this.crowd.nowMs() - beganMs > durationMs) break;
      await this.begin(fault);
    }
    await pause(beganMs + durationMs - this.crowd.nowMs(), signal);
    await Promise.all(this.lasting);
  }

  private async begin(fault: PlannedFault): Promise<void> {
    const fromMs = this.crowd.nowMs();
    const struck = await strike(this.stage, fault);
    if (!struck) {
      this.skippedCount += 1;
      return;
    }
    const { kind, lastsMs } = fault;
    const { whom, heal } = struck;
    const record = { kind, whom, fromMs, untilMs: Number.POSITIVE_INFINITY, isFelt: false };
    this.records.push(record);
    this.options.say(`${(fromMs / 1_000).toFixed(1)} s  ${kind} ${whom.join(' ')}, ${lastsMs} ms`);
    const over = pause(lastsMs, this.options.signal)
      .then(heal)
      .then((isFelt) => {
        record.isFelt = isFelt;
      })
      .catch((error: Error) => {
        this.troubles.push(`after ${kind} of ${whom.join(' ')}: ${error.message}`);
      })
      .then(() => {
        record.untilMs = this.crowd.nowMs();
        this.lasting.delete(over);
      });
    this.lasting.add(over);
  }
}
