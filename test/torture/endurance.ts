// Nobody is to be called dead who only has much to do: people talk fast, every core of the machine is kept busy
// by others as well, nothing is done to the servers, and each suspicion is one too many.
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { StatusReport } from '../../daemon/status.ts';
import { seededRandom } from '../../lib/random.ts';
import { waitFor } from '../support/wait-for.ts';
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
    /** How often a server called another one dead, though nothing was done to anyone. */
    suspicions: number;
    /** Views installed meanwhile: a server that was called dead, or slow, by its leader costs one. */
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
    const before = await countsOf(servers);
    crowd.begin(POST_INTERVAL_MS, seededRandom(seed));
    await delay(durationMs, undefined, { signal }).catch(() => {}); // it only ends early
    crowd.hush();
    const after = await countsOf(servers);
    for (const burner of burners) burner.kill('SIGKILL');
    const { posts } = crowd;
    return {
      ...(await audit(servers, crowd)),
      durationMs,
      coresBusy: burners.length,
      postsCount: posts.length,
      suspicions: after.suspicions - before.suspicions,
      viewChanges: after.term - before.term,
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

/** By the words of all servers, each of which answers: a machine that is too busy for that ends the run. */
async function countsOf(servers: Servers): Promise<{ term: number; suspicions: number }> {
  let known: StatusReport[] = [];
  const allAnswer = async () => {
    known = (await servers.statuses()).filter((status) => status !== null);
    return known.length === servers.ids.length;
  };
  await waitFor('every server to answer', allAnswer, SETTLE_MS_MAX);
  return {
    term: Math.max(...known.map(({ term }) => term)),
    suspicions: known.reduce((sum, { contactsLost }) => sum + contactsLost, 0),
  };
}
