// Which other server leads, as far as this one can tell.
import { isReachable } from './failure-detector.ts';
import type { Peer, Turn } from './state.ts';

/** Whether a peer could lead, and so is to be waited for by those below it. */
export function isEligible(peer: Peer): boolean {
  const phase = peer.announcement?.phase;
  return phase === 'active' || phase === 'preparing' || phase === 'leading';
}

/** The highest reachable peer that says it leads. */
export function servingLeader(turn: Turn): Peer | null {
  let best: Peer | null = null;
  for (const peer of turn.ring.peers.values()) {
    if (peer.announcement?.phase !== 'leading' || !isReachable(turn.ring, peer, turn.nowMs))
      continue;
    if (!best || peer.ringPosition > best.ringPosition) best = peer;
  }
  return best;
}

/**
 * A leader above this server that it cannot reach itself, but a reachable peer follows and hears: to lead
 * beside it would split what is whole.
 */
export function leaderByHearsay(turn: Turn): Peer | null {
  const { ring, nowMs } = turn;
  for (const peer of ring.peers.values()) {
    const view = peer.announcement?.view;
    if (!view || !isReachable(ring, peer, nowMs)) continue;
    const leader = ring.peers.get(view.leader);
    if (!leader || leader === peer || leader.ringPosition < ring.self.ringPosition) continue;
    if (isReachable(ring, leader, nowMs) || !peer.announcement?.hears.includes(leader.id)) continue;
    return leader;
  }
  return null;
}
