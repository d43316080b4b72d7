// Who is given a promise, and who is not: it is refused for the sake of those who are served, or soon will be.
import { isReachable, unstableForMs } from './failure-detector.ts';
import { servingLeader } from './leaders.ts';
import type { PeerMessageOf } from './messages.ts';
import { PROMISE_PATIENCE_MS } from './settings.ts';
import { log, type Peer, send, type Turn } from './state.ts';

/** Refuses, where there is a reason to, and says which. */
export function refuses(turn: Turn, asker: Peer, term: number): boolean {
  const { ring } = turn;
  const refusal = refusalOf(turn, asker, term);
  if (!refusal) return false;
  const { reason, waitMs } = refusal;
  log(turn, 'debug', 'refused a promise', { asker: asker.id, term, reason });
  ring.termSeen = Math.max(ring.termSeen, term);
  const { promisedTerm } = ring;
  send(turn, asker.id, { type: 'refuse', term, reason, promisedTerm, waitMs });
  return true;
}

type Refusal = { reason: PeerMessageOf<'refuse'>['reason']; waitMs: number };

/** Why it is refused; null when it is given. */
export function refusalOf(turn: Turn, asker: Peer, term: number): Refusal | null {
  const { ring, nowMs } = turn;
  if (term <= ring.promisedTerm) return { reason: 'promised-higher', waitMs: 0 };
  const eligible = !ring.draining && ['active', 'preparing', 'leading'].includes(ring.phase);
  if (eligible && ring.self.ringPosition > asker.ringPosition)
    return { reason: 'outranked', waitMs: 0 };
  const leader = servingLeader(turn);
  if (leader && leader.id !== asker.id && leader.ringPosition > asker.ringPosition)
    return { reason: 'better-leader', waitMs: 0 };
  if (isPromisedAbove(turn, asker)) return { reason: 'better-leader', waitMs: 0 };
  const waitMs = isServed(turn, asker, leader) ? unstableForMs(asker, nowMs) : 0;
  return waitMs > 0 ? { reason: 'unstable', waitMs } : null;
}

/** A higher one than the asker has this server's promise, and is about to lead. */
function isPromisedAbove(turn: Turn, asker: Peer): boolean {
  const { ring } = turn;
  const promised = ring.promisedTo === null ? undefined : ring.peers.get(ring.promisedTo);
  return (
    promised !== undefined &&
    promised.ringPosition > asker.ringPosition &&
    promised.announcement?.phase === 'preparing' &&
    awaitsInstall(turn)
  );
}

/** Whether people are served without the asker: here, by the leader that this server follows, or by the highest. */
function isServed({ ring, nowMs }: Turn, asker: Peer, highest: Peer | null): boolean {
  if (ring.phase === 'leading') return !ring.draining;
  const followed = ring.view ? ring.peers.get(ring.view.leader) : undefined;
  const serves = followed?.announcement?.phase === 'leading' && isReachable(ring, followed, nowMs);
  const leader = serves ? followed : highest;
  return leader !== null && leader !== asker;
}

/** Whether this server gave its word for a view that may still come: its digest must not change meanwhile. */
export function awaitsInstall(turn: Turn): boolean {
  const { ring, nowMs } = turn;
  if (ring.view || !ring.promisedTo || ring.promisedTo === ring.self.id) return false;
  if (nowMs - ring.promisedAtMs >= PROMISE_PATIENCE_MS) return false;
  const asker = ring.peers.get(ring.promisedTo);
  // Left out of the view that came of it: the leader says so in its announcement.
  const settled = (asker?.announcement?.installedTerm ?? 0) >= ring.promisedTerm;
  return asker !== undefined && !settled && isReachable(ring, asker, nowMs);
}
