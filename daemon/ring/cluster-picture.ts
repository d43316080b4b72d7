// The cluster as this server sees it, for clients and operators.
import type { Cluster } from '../../lib/client/api.ts';
import type { ServerAddress, ServerStatus } from '../../lib/protocol/events.ts';
import { isReachable } from './failure-detector.ts';
import { leaderByHearsay, servingLeader } from './leaders.ts';
import type { Announcement } from './messages.ts';
import { phaseOf, type Turn } from './state.ts';

/** Of one ring: what never changes there need not be looked at. */
export function isSame(one: Cluster, other: Cluster): boolean {
  return (
    one.term === other.term &&
    one.leader?.id === other.leader?.id &&
    one.copies === other.copies &&
    one.servers.every(({ state, inSync }, index) => {
      const against = other.servers[index];
      return state === against?.state && inSync === against.inSync;
    })
  );
}

/** The picture of the cluster that clients and operators are shown. */
export function clusterOf(turn: Turn): Cluster {
  const { ring, nowMs } = turn;
  const leader = knownLeader(turn);
  const view = ring.view ?? leader?.view ?? null;
  const own: ServerStatus = {
    id: ring.self.id,
    ringPosition: ring.self.ringPosition,
    address: ring.self.address,
    state: phaseOf(ring),
    inSync: view?.inSync.includes(ring.self.id) ?? false,
  };
  const others = [...ring.peers.values()].map((peer): ServerStatus => {
    const alive = isReachable(ring, peer, nowMs) && peer.announcement !== null;
    return {
      id: peer.id,
      ringPosition: peer.ringPosition,
      address: peer.address,
      state: alive ? (peer.announcement?.phase ?? 'down') : 'down',
      inSync: alive && (view?.inSync.includes(peer.id) ?? false),
    };
  });
  const servers = [own, ...others].sort((one, other) => one.ringPosition - other.ringPosition);
  const copies = view?.inSync.length ?? 0;
  return {
    term: view?.term ?? ring.installedTerm,
    leader: leader?.address ?? null,
    servers,
    copies,
    copiesMin: ring.copiesMin,
  };
}

type KnownLeader = { address: ServerAddress; view: Announcement['view'] };

/** Who leads, as far as this server can tell; null while nobody does. */
function knownLeader(turn: Turn): KnownLeader | null {
  const { ring, nowMs } = turn;
  const address = (server: { id: string; address: string }) => ({
    id: server.id,
    address: server.address,
  });
  if (ring.stream && ring.view)
    return ring.drained ? null : { address: address(ring.self), view: ring.view };
  const serving = servingLeader(turn);
  if (serving) return { address: address(serving), view: serving.announcement?.view ?? null };
  const followed = ring.view ? ring.peers.get(ring.view.leader) : undefined;
  if (followed && isReachable(ring, followed, nowMs))
    return { address: address(followed), view: ring.view };
  const hearsay = leaderByHearsay(turn);
  return hearsay ? { address: address(hearsay), view: null } : null;
}
