// Where a local cluster is: the one that a screen of this user runs now, as its note says, or the first block of ports
// that nobody has.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { isAlive } from '../lib/client/process-lock.ts';
import { builtInCluster, type ClusterServer } from '../lib/cluster-file.ts';
import { usualServers } from './arguments.ts';
import { isTcpFree, isUdpFree, probeServer } from './server-probe.ts';

/** From one block of ports to the next that is tried: a block spans 33 ports. */
const BLOCK_PORTS = 100;
/** Blocks that are tried: who has twenty of them taken wants to choose. */
const BLOCKS_MAX = 20;

/** Something a person can act on: which port is taken, why a server did not start. */
export class LocalClusterError extends Error {
  override name = 'LocalClusterError';
}

/** What is written for other screens of this user: where the cluster is, and whose it is. */
const ClusterNote = z.object({ pid: z.int().positive(), addresses: z.array(z.string()) });

/** For other screens of this user. @param folder the user's data folder */
export const noteFile = (folder: string) => join(folder, 'local', 'cluster.json');

async function answers(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(/:(?=\d+$)/);
  return (await probeServer(host, Number(port))) !== null;
}

/** Addresses of the local cluster that a screen of this user runs now; none when there is none. */
export async function localAddresses(folder: string): Promise<readonly string[]> {
  try {
    const note = ClusterNote.parse(JSON.parse(await readFile(noteFile(folder), 'utf8')));
    if (!isAlive(note.pid)) return [];
    const found = await Promise.all(note.addresses.map(answers));
    return found.some(Boolean) ? note.addresses : [];
  } catch {
    return []; // no note, or one cut off by a crash: as if there were none
  }
}

/** Where a local cluster of this user runs, on whatever ports, and the usual addresses. */
export async function defaultServers(folder: string): Promise<readonly string[]> {
  return [...new Set([...(await localAddresses(folder)), ...usualServers()])];
}

type Block = Readonly<{ base: number; servers: readonly ClusterServer[]; serving: boolean }>;

async function takenAddress(servers: readonly ClusterServer[]): Promise<string | null> {
  for (const { host, clientPort, peerPort, httpPort, heartbeatPort } of servers) {
    for (const port of [clientPort, peerPort, httpPort]) {
      if (!(await isTcpFree(host, port))) return `${host}:${port}`;
    }
    if (!(await isUdpFree(host, heartbeatPort))) return `${host}:${heartbeatPort} (UDP)`;
  }
  return null;
}

/** The first block that is free, or serves already. @throws LocalClusterError when none is free */
export async function findBlock(first: number, progress: (line: string) => void): Promise<Block> {
  for (let block = 0; block < BLOCKS_MAX; block += 1) {
    const base = first + block * BLOCK_PORTS;
    const { servers } = builtInCluster(base);
    const taken = await takenAddress(servers);
    if (taken === null) return { base, servers, serving: false };
    const found = await Promise.all(
      servers.map(({ host, clientPort }) => probeServer(host, clientPort)),
    );
    if (found.some((welcome) => welcome !== null)) {
      progress(`SyncNet servers answer on ${base} to ${base + 2} already: joining them`);
      return { base, servers, serving: true };
    }
    progress(`${taken} is taken by something else: trying the ports from ${base + BLOCK_PORTS}`);
  }
  throw new LocalClusterError(
    `no free block of ports from ${first} to ${first + BLOCKS_MAX * BLOCK_PORTS}`,
  );
}
