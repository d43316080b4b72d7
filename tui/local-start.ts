// From daemons that were just started to a cluster that serves: one of them leads, then all are in sync.
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { ClusterServer } from '../lib/cluster-file.ts';
import { probeServer } from './server-probe.ts';

/** Three processes on a busy machine are ready within 3 s; more is a failure to tell about. */
const READY_MS_MAX = 30_000;
const READY_POLL_MS = 50;
/** Once one leads, the others are in sync within about a second; nobody waits longer for that. */
const IN_SYNC_MS_MAX = 4_000;

export type Start = Readonly<{
  servers: readonly ClusterServer[];
  /** Where their logs are, for a person to look. */
  logs: string;
  /** Told once: a client can sign in. */
  onLeader: () => void;
  /** Nobody waits any longer: they are being ended. */
  isOver: () => boolean;
  /** What is wrong with a server that has ended by itself; null while none has. */
  failure: () => Promise<string | null>;
}>;

/**
 * Waits until every server holds copies: before, "1 of 3 servers" would only alarm.
 * @returns then, or when nobody waits any longer, or when some are not in sync after a few seconds
 * @throws Error in words for a person when a server has ended, or none leads after half a minute
 */
export async function untilServing(start: Start): Promise<void> {
  const untilMs = performance.now() + READY_MS_MAX;
  while (!start.isOver()) {
    const failure = await start.failure();
    if (failure !== null) throw new Error(failure);
    if (performance.now() > untilMs)
      throw new Error(`no server leads after ${READY_MS_MAX / 1000} s; see ${start.logs}`);
    const found = await Promise.all(
      start.servers.map(({ host, clientPort }) => probeServer(host, clientPort)),
    );
    if (found.some((welcome) => welcome?.leader)) {
      start.onLeader();
      return untilInSync(start);
    }
    await delay(READY_POLL_MS);
  }
}

const ClusterStatus = z.object({ servers: z.array(z.object({ inSync: z.boolean() })) });

async function untilInSync({ servers, isOver, failure }: Start): Promise<void> {
  const untilMs = performance.now() + IN_SYNC_MS_MAX;
  while (!isOver() && performance.now() < untilMs) {
    const failed = await failure();
    if (failed !== null) throw new Error(failed);
    const statuses = await Promise.all(servers.map(statusOf));
    if (statuses.every((status) => status?.servers.every(({ inSync }) => inSync))) return;
    await delay(READY_POLL_MS);
  }
}

async function statusOf(server: ClusterServer): Promise<z.infer<typeof ClusterStatus> | null> {
  try {
    const signal = AbortSignal.timeout(READY_POLL_MS * 10);
    const response = await fetch(`http://${server.host}:${server.httpPort}/status`, { signal });
    return ClusterStatus.parse(await response.json());
  } catch {
    return null; // not up yet: asked again
  }
}
