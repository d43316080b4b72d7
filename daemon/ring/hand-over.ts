// A leader that leaves by itself need not be asked: it gives its successor the promise that the change of view begins
// with, and what it says is the last of that leadership. The others hear of it too, and promise themselves to the successor
// while that begins. Two steps less than when everyone is asked one after the other.
import { invitees, isOutranked } from './decide.ts';
import { reachablePeers } from './failure-detector.ts';
import { isEligible } from './leaders.ts';
import type { PeerMessageOf } from './messages.ts';
import { refusalOf } from './promises.ts';
import { HEARTBEAT_INTERVAL_MS } from './settings.ts';
import { type Peer, type Ring, sendAhead, type Turn } from './state.ts';
import {
  give,
  nextTerm,
  noteResigned,
  promise,
  promiseOf,
  startPrepare,
  stopServing,
} from './view-change.ts';

/** A successor that was heard so lately is not frozen: two heartbeats, in milliseconds. */
const FRESH_MS = 2 * HEARTBEAT_INTERVAL_MS;

/** Ends this leadership in favour of whoever is to lead next; without such a one it goes on until somebody can. */
export function resign(turn: Turn): void {
  const { ring } = turn;
  if (ring.phase !== 'leading') return;
  const [heir] = reachablePeers(turn)
    .filter((peer) => peer.linkUp && isEligible(peer))
    .sort((one, other) => other.ringPosition - one.ringPosition);
  if (!heir || !ring.view?.inSync.includes(heir.id)) return;
  if (turn.nowMs - heir.lastHeardMs > FRESH_MS) return;
  const term = nextTerm(ring);
  stopServing(ring);
  // Ahead of the disk: a leader that dies has left too, and what its disk then lacks was acknowledged to nobody. Nor need
  // that be soon: the disks of the others have enough to do just now.
  promise(turn, term, heir.id, true);
  const resignation = { ...promiseOf(ring, term), type: 'resign', heir: heir.id } as const;
  for (const peer of ring.peers.values()) if (peer.linkUp) sendAhead(turn, peer.id, resignation);
}

/** The leader that this server follows leaves, and names its successor, with a promise for a term that is not taken yet. */
export function onResign(turn: Turn, from: Peer, message: PeerMessageOf<'resign'>): void {
  const { ring } = turn;
  noteResigned(from, message.term);
  const { heir, term } = message;
  if (heir === undefined || heir === ring.self.id) succeed(turn, from, message);
  else promiseUnasked(turn, from, { to: ring.peers.get(heir), term });
}

const follows = (ring: Ring, leader: Peer) =>
  ring.phase === 'active' && ring.view?.leader === leader.id;

/** To the heir of the leader that this server follows, which is about to ask for it. */
function promiseUnasked(
  turn: Turn,
  leader: Peer,
  { to, term }: Readonly<{ to: Peer | undefined; term: number }>,
): void {
  const { ring, nowMs } = turn;
  // It is the heir's, whether or not it is given here: whoever else asks for one asks for a higher.
  ring.termSeen = Math.max(ring.termSeen, term);
  if (!follows(ring, leader) || ring.draining || nowMs < ring.backoffUntilMs || !to?.linkUp) return;
  if (refusalOf(turn, to, term) === null) give(turn, to, term);
}

function succeed(turn: Turn, from: Peer, message: PeerMessageOf<'resign'>): void {
  const { ring, nowMs } = turn;
  // After a pause it may be old news, like all that was heard before.
  const isOld = !follows(ring, from) || ring.draining || nowMs < ring.backoffUntilMs;
  // Others that it has told may have promised themselves in that term, and said so, before this came.
  const isBelow = message.term < ring.termSeen || message.term <= ring.promisedTerm;
  const isTaken = isOutranked(turn) || isBelow;
  // Promised already: whoever asks for a term from here on asks for a higher one.
  ring.termSeen = Math.max(ring.termSeen, message.term);
  if (isOld || isTaken) return;
  const invited = [...new Set([...invitees(turn), from])];
  startPrepare(turn, invited, `${from.id} resigns`, { from, message });
}
