// SIGKILL of the leader beside etcd: the clusters run side by side and are struck in turn, so that what else the
// machine does meets all of them alike.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { seededRandom } from '../../lib/random.ts';
import { Etcd, type EtcdSettings } from './etcd.ts';
import { EtcdTalk } from './etcd-talk.ts';
import { type Bench, type Measured, type MeasureOptions, measureWith } from './measure.ts';

export const RIVALS = {
  default: { heartbeatMs: 100, electionMs: 1_000 },
  tuned: { heartbeatMs: 50, electionMs: 500 },
} as const satisfies Record<string, EtcdSettings>;
export type Rival = keyof typeof RIVALS;

/** Talk before the signal, and the most that the moment of the signal is put off, as for SyncNet. */
const BEFORE_MS = 300;
const JITTER_MS = 100;

export type Compared = Readonly<{
  syncnet: Measured;
  version: string;
  /** From the signal to the first put that was sent after it, stored, and seen by the other client. */
  firstMs: Readonly<Record<Rival, readonly number[]>>;
}>;

/** @returns null where etcd is not installed */
export async function etcdVersion(): Promise<string | null> {
  const { failed, stdout } = await execa('etcd', ['--version'], { reject: false });
  return failed ? null : (/etcd Version: (\S+)/.exec(stdout)?.[1] ?? 'of unknown version');
}

/** The servers of SyncNet are started here, and run when it returns; those of etcd have ended. */
export async function compare(options: MeasureOptions, version: string): Promise<Compared> {
  const { servers, seed, say } = options;
  const random = seededRandom(seed);
  const rivals: { name: Rival; etcd: Etcd }[] = [];
  const firstMs: Record<Rival, number[]> = { default: [], tuned: [] };
  try {
    for (const name of Object.keys(RIVALS) as Rival[]) {
      const etcd = await Etcd.start(join(servers.directory, `etcd-${name}`), RIVALS[name]);
      rivals.push({ name, etcd });
    }
    const syncnet = await measureWith(options, async (bench: Bench) => {
      const cost = await bench.measureOnce();
      for (const { name, etcd } of rivals) {
        const tookMs = await killLeader(etcd, BEFORE_MS + JITTER_MS * random());
        firstMs[name].push(tookMs);
        say(`   etcd, ${name} settings: first ${Math.round(tookMs)} ms`);
      }
      return cost;
    });
    return { syncnet, version, firstMs };
  } finally {
    await Promise.all(rivals.map(({ etcd }) => etcd.close()));
  }
}

/** @returns milliseconds from the signal on */
async function killLeader(etcd: Etcd, talkMs: number): Promise<number> {
  const leader = await etcd.settled();
  const others = etcd.members.map(({ name }) => name).filter((name) => name !== leader);
  const talk = new EtcdTalk(etcd);
  // The writer has been at the others before: their connections are open, as those of SyncNet's client are.
  await talk.begin(others, others[0] as string);
  await delay(talkMs);
  const struckMs = performance.now();
  etcd.kill(leader);
  const seenMs = await talk.firstSeenAfter(struckMs);
  talk.end();
  await etcd.restart(leader);
  return seenMs - struckMs;
}
