// Who can be relied on: from heartbeats, links, and whether a peer hears us too. It never moves the
// leadership by itself; it only answers questions. A peer that hears us no longer is as good as dead to
// us, so that a one-way split looks the same from both of its ends.
//
//            heard, link up, hears us
//   dead ───────────────────────────────▶ reachable
//    ▲  silent for SILENCE_MS and more        │
//    ├────────────────────────────────────────┤
//    └─ link closed and a fresh one refused ──┘   at once
import {
  FLAP_MEMORY_MS,
  HEARTBEAT_INTERVAL_MS,
  JOINING_PATIENCE_MS,
  SILENCE_EXTRA_MS_MAX,
  SILENCE_MS,
  STABLE_MS,
  STABLE_MS_MAX,
} from './settings.ts';
import type { Peer, Ring, Turn } from './state.ts';

/** How strongly one interval moves the smoothed unevenness: as TCP's estimate of its deviation. */
const UNEVENNESS_GAIN = 1 / 4;
/** Deviations added to the patience: as TCP's retransmission timer. */
const UNEVENNESS_FACTOR = 4;

/** Longest silence that is forgiven, in milliseconds. */
export function silenceMsMax(peer: Peer): number {
  return SILENCE_MS + Math.min(SILENCE_EXTRA_MS_MAX, UNEVENNESS_FACTOR * peer.unevennessMs);
}

/** A sign of life, by whatever way. */
export function noteHeard(peer: Peer, nowMs: number): void {
  peer.lastHeardMs = nowMs;
  peer.refused = false;
}

/** Something came over its link, or the link came up. */
export function noteHeardByLink(peer: Peer, nowMs: number): void {
  noteHeard(peer, nowMs);
  peer.linkHeardMs = nowMs;
}

/** Whether its link has carried something since contact with it began: after a cut its heartbeats come long before. */
export function isLinkSound(peer: Peer): boolean {
  return peer.linkUp && peer.linkHeardMs >= peer.contactMs;
}

/** A heartbeat: a sign of life whose evenness also says how long a silence means something. */
export function noteHeartbeat(peer: Peer, nowMs: number): void {
  const intervalMs = nowMs - peer.lastHeartbeatMs;
  if (intervalMs < SILENCE_MS * 2) {
    const deviationMs = Math.max(0, intervalMs - HEARTBEAT_INTERVAL_MS);
    peer.unevennessMs += UNEVENNESS_GAIN * (deviationMs - peer.unevennessMs);
  }
  peer.lastHeartbeatMs = nowMs;
  noteHeard(peer, nowMs);
}

/** Whether we hear it: the half that this server tells the others. */
export function isHeard(peer: Peer, nowMs: number): boolean {
  if (peer.refused || nowMs - peer.lastHeardMs > silenceMsMax(peer)) return false;
  // A link that broke is forgiven as long as a silence: it is being dialled again meanwhile.
  return peer.linkUp || nowMs - peer.linkDownMs <= SILENCE_MS;
}

/** Whether it can be relied on: each hears the other. */
export function isReachable(ring: Ring, peer: Peer, nowMs: number): boolean {
  return isHeard(peer, nowMs) && (peer.announcement?.hears.includes(ring.self.id) ?? false);
}

export function reachablePeers(turn: Turn): Peer[] {
  return [...turn.ring.peers.values()].filter((peer) => isReachable(turn.ring, peer, turn.nowMs));
}

/** Notes contacts made and lost since the last step. */
export function trackContacts(turn: Turn): void {
  for (const peer of turn.ring.peers.values()) {
    const reachable = isReachable(turn.ring, peer, turn.nowMs);
    if (reachable && !peer.wasReachable) peer.contactMs = turn.nowMs;
    if (!reachable && peer.wasReachable) noteLost(turn, peer);
    if (reachable && isLinkSound(peer)) peer.reachedMs = turn.nowMs;
    if (peer.flaps.length > 0)
      peer.flaps = peer.flaps.filter(({ atMs }) => turn.nowMs - atMs < FLAP_MEMORY_MS).slice(-8);
    peer.wasReachable = reachable;
  }
}

/** What it said before says no longer that it hears us, or whom it follows: it has to say so anew. */
function noteLost({ ring, nowMs }: Turn, peer: Peer): void {
  peer.flaps.push({ atMs: nowMs, silent: !peer.refused });
  peer.contactsLost += 1;
  if (!peer.announcement) return;
  const hears = peer.announcement.hears.filter((id) => id !== ring.self.id);
  peer.announcement = { ...peer.announcement, hears };
}

/**
 * How much longer contact with a peer must last before one of the two may take the lead from the other,
 * in milliseconds; 0 when it has lasted long enough.
 */
export function unstableForMs(peer: Peer, nowMs: number): number {
  const neededMs = Math.min(STABLE_MS_MAX, STABLE_MS * 2 ** Math.max(0, peer.flaps.length - 1));
  // Heard again in this very step: contact begins now.
  const sinceMs = peer.wasReachable ? peer.contactMs : nowMs;
  return Math.max(0, sinceMs + neededMs - nowMs);
}

/** After a pause of our own the silence of those we relied on before it means nothing yet. */
export function forgiveSilences(ring: Ring, nowMs: number): void {
  for (const peer of ring.peers.values()) {
    peer.lastHeartbeatMs = nowMs;
    if (!peer.wasReachable) continue;
    if (isLinkSound(peer)) peer.linkHeardMs = nowMs;
    peer.lastHeardMs = nowMs;
    peer.reachedMs = nowMs;
    if (!peer.linkUp) peer.linkDownMs = nowMs;
  }
  // They have a moment to say that they lead, and not more: a slow disk may pause this process again and again.
  const heardByMs = nowMs + SILENCE_MS;
  ring.leaderlessSinceMs = Math.max(ring.leaderlessSinceMs, heardByMs - JOINING_PATIENCE_MS);
}
