// SyncNet as its users run it: real daemons with their defaults, every post on disk before it is acknowledged.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StatusReport } from '../../daemon/status.ts';
import { builtInCluster, type ClusterServer } from '../../lib/cluster-file.ts';
import { DAEMON_MAIN } from '../../test/support/daemons.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { start, type Words } from '../children.ts';
import type { Place, Running, System } from './system.ts';

const READY_MS_MAX = 30_000;
const PACKAGE = new URL('../../package.json', import.meta.url);

let profiles: string | null = null;

/** Daemons started from now on write a profile (`node --cpu-prof`) into this folder when they are stopped. */
export function profileInto(folder: string): void {
  profiles = folder;
}

/** The executable, as its users run it, or what that runs. */
function commandOf(): Words {
  if (profiles === null) return [DAEMON_MAIN];
  return [process.execPath, '--cpu-prof', `--cpu-prof-dir=${profiles}`, DAEMON_MAIN];
}

/** @returns null while it does not answer */
export async function statusOf({ httpPort }: ClusterServer): Promise<StatusReport | null> {
  try {
    const response = await fetch(`http://127.0.0.1:${httpPort}/status`);
    return (await response.json()) as StatusReport;
  } catch {
    return null; // not up yet
  }
}

/** The first so many servers of the built-in layout. */
export function serversAt(portBase: number, count: number): ClusterServer[] {
  return builtInCluster(portBase).servers.slice(0, count);
}

/**
 * Starts daemons of a cluster, each with its data in a folder of its name.
 * @param count servers of the cluster
 * @param ids those that are started; all of them by default
 * @param awaited whether to wait until they are in sync
 */
export async function startDaemons(
  place: Place,
  count: number,
  ids?: readonly string[],
  awaited = true,
): Promise<Running> {
  const servers = serversAt(place.portBase, count);
  const started = servers.filter(({ id }) => ids?.includes(id) ?? true);
  const daemons = started.map(({ id }) => {
    const data = join(place.directory, id);
    mkdirSync(data, { recursive: true });
    const flags = { id, data, config: JSON.stringify({ servers }), 'log-level': 'warn' };
    const words = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
    const log = join(place.directory, `${id}.log`);
    return start([...commandOf(), ...words], { cores: place.cores, log });
  });
  const leader = started.at(-1) as ClusterServer;
  const isSettled = async () => {
    const ended = daemons.findIndex((daemon) => daemon.isOver());
    if (ended >= 0) {
      throw new Error(readFileSync(join(place.directory, `${started[ended]?.id}.log`), 'utf8'));
    }
    const status = await statusOf(leader);
    const inSync = status?.servers.filter((server) => server.inSync).length;
    return status?.leader?.id === leader.id && inSync === started.length;
  };
  const what = `${started.length} daemons to be in sync`;
  const settle = () => waitFor(what, isSettled, READY_MS_MAX);
  const stop = async () => {
    // One that is killed writes none.
    const signal = profiles === null ? 'SIGKILL' : 'SIGTERM';
    await Promise.all(daemons.map((daemon) => daemon.stop(signal)));
  };
  if (awaited) {
    await settle().catch(async (error) => {
      await stop();
      throw error;
    });
  }
  return {
    pids: daemons.map(({ pid }) => pid),
    ports: [leader.clientPort],
    settle,
    stop,
  };
}

async function version(): Promise<string> {
  const { version: own } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };
  return own;
}

/** One daemon alone on its core. */
export const syncnet: System = {
  name: 'SyncNet',
  protocol: 'syncnet',
  role: 'own',
  processes: 1,
  version,
  start: (place) => startDaemons(place, 1),
};

/** Three daemons, which share all cores with the generator. */
export const syncnetThree: System = {
  name: 'SyncNet, three daemons',
  protocol: 'syncnet',
  role: 'own',
  processes: 3,
  version,
  start: (place) => startDaemons(place, 3),
};
