// A leader that leaves by itself need not be asked: it gives its successor the promise that the change of view begins
// with, and what it says is the last of that leadership. One step less than when its successor has to ask for it.
import { invitees, isEligible, isOutranked } from './decide.ts';
import { reachablePeers } from './failure-detector.ts';
import type { PeerMessageOf } from './messages.ts';
import { HEARTBEAT_INTERVAL_MS } from './settings.ts';
import { type Peer, sendAhead, type Turn } from './state.ts';
import {
  nextTerm,
  noteResigned,
  promise,
  promiseOf,
  startPrepare,
  stopServing,
} from './view-change.ts';

/** A successor that was heard so lately is not frozen: two heartbeats, in milliseconds. */
const FRESH_MS = 2 * HEARTBEAT_INTERVAL_MS;

/**
 * Ends this leadership in favour of whoever is to lead next; without such a one it goes on until somebody can.
 * @returns whether it has ended
 */
export function resign(turn: Turn): boolean {
  const { ring } = turn;
  if (ring.phase !== 'leading') return false;
  const [heir] = reachablePeers(turn)
    .filter((peer) => peer.linkUp && isEligible(peer))
    .sort((one, other) => other.ringPosition - one.ringPosition);
  if (!heir || !ring.view?.inSync.includes(heir.id)) return false;
  if (turn.nowMs - heir.lastHeardMs > FRESH_MS) return false;
  const term = nextTerm(ring);
  stopServing(ring);
  promise(turn, term, heir.id);
  // Ahead of the disk: a leader that dies has left too, and what its disk then lacks was acknowledged to nobody.
  sendAhead(turn, heir.id, { ...promiseOf(ring, term), type: 'resign' });
  return true;
}

/** The leader that this server follows leaves, and has it succeed: with a promise for a term that is not taken yet. */
export function onResign(turn: Turn, from: Peer, message: PeerMessageOf<'resign'>): void {
  const { ring, nowMs } = turn;
  noteResigned(from, message.term);
  const follows = ring.phase === 'active' && ring.view?.leader === from.id;
  // After a pause it may be old news, like all that was heard before.
  const isOld = !follows || ring.draining || nowMs < ring.backoffUntilMs;
  const isTaken = isOutranked(turn) || message.term < nextTerm(ring);
  // Promised already: whoever asks for a term from here on asks for a higher one.
  ring.termSeen = Math.max(ring.termSeen, message.term);
  if (isOld || isTaken) return;
  const invited = [...new Set([...invitees(turn), from])];
  startPrepare(turn, invited, `${from.id} resigns`, { from, message });
}
