// Nobody is to be called dead who only has much to do: people talk fast, every core of the machine is kept busy
// by others as well, nothing is done to the servers, and each change of the view is one too many.
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../lib/random.ts';
import { type Audit, audit } from './audit.ts';
import { Crowd } from './crowd.ts';
import { SETTLE_MS_MAX } from './history.ts';
import type { Servers } from './servers.ts';

const SENDERS = 3;
/** By each sender: 300 posts a second together, 900 deliveries. */
const POST_INTERVAL_MS = 10;

export type Endured = Audit &
  Readonly<{
    durationMs: number;
    coresBusy: number;
    postsCount: number;
    /** Views installed though nothing was done to anyone: each server that was called dead, or slow, costs one. */
    viewChanges: number;
    longestWaitMs: number;
  }>;

/** The servers are started here, and run when it returns. */
export async function endure(options: {
  durationMs: number;
  seed: number;
  servers: Servers;
  signal: AbortSignal;
}): Promise<Endured> {
  const { servers, durationMs, seed, signal } = options;
  await Promise.all(servers.ids.map((id) => servers.start(id)));
  await servers.settled(servers.ids, SETTLE_MS_MAX);
  const addresses = servers.ids.map((id) => servers.address(id));
  const { directory } = servers;
  const crowd = await Crowd.gather({ addresses, senders: SENDERS, readers: SENDERS, directory });
  const burners = Array.from({ length: availableParallelism() }, burn);
  try {
    const before = await termOf(servers);
    crowd.begin(POST_INTERVAL_MS, seededRandom(seed));
    await delay(durationMs, undefined, { signal }).catch(() => {}); // it only ends early
    crowd.hush();
    const viewChanges = (await termOf(servers)) - before;
    for (const burner of burners) burner.kill('SIGKILL');
    const { posts } = crowd;
    return {
      ...(await audit(servers, crowd)),
      durationMs,
      coresBusy: burners.length,
      postsCount: posts.length,
      viewChanges,
      longestWaitMs: posts.reduce(
        (longest, { sentMs, answeredMs }) => Math.max(longest, answeredMs - sentMs),
        0,
      ),
    };
  } finally {
    for (const burner of burners) burner.kill('SIGKILL');
    await crowd.close();
  }
}

/** A process that never rests, and ends with this one. */
function burn(): ChildProcess {
  const script =
    'process.stdin.on("close", () => process.exit()).resume(); (function burn() { const until = Date.now() + 50; while (Date.now() < until); setImmediate(burn); })();';
  return spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'ignore'] });
}

async function termOf(servers: Servers): Promise<number> {
  const statuses = await servers.statuses();
  return Math.max(...statuses.map((status) => status?.term ?? 0));
}
