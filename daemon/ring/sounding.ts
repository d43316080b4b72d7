// The question before a promise: would all let this server take the lead from a lower one that serves?
import type { PeerMessageOf } from './messages.ts';
import { refuses } from './promises.ts';
import { PREPARE_STEP_MS } from './settings.ts';
import { type Peer, send, type Turn } from './state.ts';
import { nextTerm } from './view-change.ts';

/**
 * Before the lead is taken from a lower server that serves: asks everyone whether they would promise. One that
 * would not, when another already had, would leave the present leader without its follower for a while.
 */
function startSounding(turn: Turn, invited: readonly Peer[]): void {
  const { ring, nowMs } = turn;
  const term = nextTerm(ring);
  const asked = new Set(invited.map(({ id }) => id));
  const awaited = new Set(asked);
  ring.sounding = { term, asked, awaited, deadlineMs: nowMs + PREPARE_STEP_MS };
  // What is pulled while the present leader serves on need not be while nobody does.
  ring.nextPullMs = nowMs;
  for (const id of asked) send(turn, id, { type: 'sound', term });
}

export function onSound(turn: Turn, from: Peer, message: PeerMessageOf<'sound'>): void {
  const { promisedTerm, promisedTo } = turn.ring;
  // Its `prepare` may go ahead of that.
  const isPromised = promisedTerm === message.term && promisedTo === from.id;
  if (isPromised || !refuses(turn, from, message.term))
    send(turn, from.id, { type: 'agree', term: message.term });
}

export function onAgree({ ring }: Turn, from: Peer, message: PeerMessageOf<'agree'>): void {
  if (ring.sounding?.term === message.term) ring.sounding.awaited.delete(from.id);
}

/**
 * Whether everyone would let this server lead and it holds what was stored a moment ago, or there was time enough
 * for both.
 * @param asks whether they are asked now, where they were not
 */
export function isSounded(turn: Turn, invited: readonly Peer[], asks = true): boolean {
  const { ring, nowMs } = turn;
  // An answer of a while ago is none, and whoever came into sight since then was not asked.
  const { sounding: before } = ring;
  const isOld = !before || nowMs > before.deadlineMs + PREPARE_STEP_MS;
  if (isOld || invited.some(({ id }) => !before.asked.has(id))) {
    if (!asks) return false;
    startSounding(turn, invited);
  }
  const { sounding } = ring;
  if (!sounding) return false;
  return nowMs >= sounding.deadlineMs || (sounding.awaited.size === 0 && !ring.pull);
}
