// A leader that leaves by itself need not be asked: it gives its successor the promise that the change of view begins
// with, and what it says is the last of that leadership. One step less than when its successor has to ask for it.
import { isEligible } from './decide.ts';
import { isReachable } from './failure-detector.ts';
import { HEARTBEAT_INTERVAL_MS } from './settings.ts';
import { type Peer, send, type Turn } from './state.ts';
import { nextTerm, promise, promiseOf, stopServing } from './view-change.ts';

/** A successor that was heard so lately is not frozen: two heartbeats, in milliseconds. */
const FRESH_MS = 2 * HEARTBEAT_INTERVAL_MS;

/** Ends this leadership in favour of whoever is to lead next; without such a one it goes on until somebody can. */
export function resign(turn: Turn): void {
  const { ring } = turn;
  if (ring.phase !== 'leading') return;
  const heir = heirOf(turn);
  if (!heir || !ring.view?.inSync.includes(heir.id)) return;
  if (turn.nowMs - heir.lastHeardMs > FRESH_MS) return;
  const term = nextTerm(ring);
  stopServing(ring);
  promise(turn, term, heir.id);
  send(turn, heir.id, { ...promiseOf(ring, term), type: 'resign' });
}

/** The highest that could lead. */
function heirOf(turn: Turn): Peer | null {
  let heir: Peer | null = null;
  for (const peer of turn.ring.peers.values()) {
    const canLead = peer.linkUp && isEligible(peer) && isReachable(turn.ring, peer, turn.nowMs);
    if (canLead && peer.ringPosition > (heir?.ringPosition ?? 0)) heir = peer;
  }
  return heir;
}
