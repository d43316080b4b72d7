// Who is in the way of whom: invariant 16, reckoned from the disks and not from what the servers know of each other.
import { lackCount } from '../../daemon/ring/entry.ts';
import { isLinkSound, unstableForMs } from '../../daemon/ring/failure-detector.ts';
import type { Ring } from '../../daemon/ring/state.ts';
import type { SimulatedServer } from './server.ts';

/** Whether `other` could lead, in the sight of `server`, which leads or would, and holds but the lesser part of it. */
export function holdsFarMore(server: SimulatedServer, other: SimulatedServer): boolean {
  const ring = server.running?.ring;
  const theirs = other.running?.ring;
  if (!ring || !theirs || ring === theirs || ring.draining || theirs.draining) return false;
  const leads = ring.phase === 'leading';
  if (!leads && (ring.phase !== 'active' || ring.view !== null)) return false;
  if (theirs.phase !== 'active' && theirs.phase !== 'leading') return false;
  const isSeen = [ring.peers.get(other.id), theirs.peers.get(server.id)].every(
    (peer) => peer?.wasReachable && isLinkSound(peer),
  );
  if (!isSeen || (leads && !couldServeAsWell(ring, other))) return false;
  const { catchUpEntriesMax } = ring.limits;
  const lackedMin = Math.max(catchUpEntriesMax, leads ? ring.entryCount : 0);
  const lacks = lackCount(server.disk.durable, other.disk.durable);
  const lacked = lackCount(other.disk.durable, server.disk.durable);
  return lacks > lackedMin && lacked <= catchUpEntriesMax;
}

/** Whether contact has lasted, and what is said there has as many copies as are asked for. */
function couldServeAsWell(
  { peers, view, copiesMin, lastTickMs }: Ring,
  other: SimulatedServer,
): boolean {
  const peer = peers.get(other.id);
  const theirs = other.running?.ring.view;
  const copies = theirs?.leader === other.id ? theirs.inSync.length : 1;
  const hasLasted = peer !== undefined && unstableForMs(peer, lastTickMs) === 0;
  return hasLasted && copies >= Math.min(copiesMin, view?.inSync.length ?? 1);
}
