// What a step has changed is said: to the peers in an announcement, and to the shell as who leads and how the cluster is.
// Most steps change none of it, and each post takes several: that is found out by comparing what it is made of.
import { clusterOf, isSame } from './cluster-picture.ts';
import { isHeard } from './failure-detector.ts';
import type { Announcement } from './messages.ts';
import { ownHash, phaseOf, send, type Turn } from './state.ts';

export function announcementOf(turn: Turn): Announcement {
  const { ring, nowMs, wallMs } = turn;
  const { promisedTerm, installedTerm, entryCount } = ring;
  ring.announcementVersion += 1;
  const view = ring.view ? { ...ring.view, inSync: [...ring.view.inSync] } : null;
  const hears = [...ring.peers.values()]
    .filter((peer) => isHeard(peer, nowMs))
    .map((peer) => peer.id);
  const hash = ownHash(ring);
  const version = ring.announcementVersion;
  return {
    version,
    phase: phaseOf(ring),
    promisedTerm,
    installedTerm,
    view,
    entryCount,
    digestHash: hash,
    hears,
    wallMs,
  };
}

function announce(turn: Turn): void {
  const announcement = announcementOf(turn);
  for (const peer of turn.ring.peers.values()) {
    if (peer.linkUp) send(turn, peer.id, { type: 'announce', announcement });
  }
}

/** Tells peers and shell what has changed in this step. */
export function say(turn: Turn): void {
  if (hasChanged(turn)) {
    sayToPeers(turn);
    sayRole(turn);
  }
  if (turn.ring.drained) turn.outputs.push({ type: 'drained' });
}

/** Whether anything is otherwise than when this was asked last. */
function hasChanged({ ring, nowMs }: Turn): boolean {
  const { spoken } = ring;
  let isSpoken =
    spoken !== null &&
    spoken.phase === ring.phase &&
    spoken.draining === ring.draining &&
    spoken.drained === ring.drained &&
    spoken.promisedTerm === ring.promisedTerm &&
    spoken.installedTerm === ring.installedTerm &&
    spoken.view === ring.view &&
    spoken.stream === ring.stream;
  for (const peer of ring.peers.values()) {
    const heard = isHeard(peer, nowMs);
    const { announcement } = peer;
    isSpoken &&= peer.spoken.heard === heard && peer.spoken.announcement === announcement;
    if (!isSpoken) peer.spoken = { heard, announcement };
  }
  if (isSpoken) return false;
  const { phase, draining, drained, promisedTerm, installedTerm, view, stream } = ring;
  ring.spoken = { phase, draining, drained, promisedTerm, installedTerm, view, stream };
  return true;
}

function sayToPeers(turn: Turn): void {
  const { ring, nowMs } = turn;
  const hears = [...ring.peers.values()]
    .filter((peer) => isHeard(peer, nowMs))
    .map((peer) => peer.id);
  const { view } = ring;
  const seen = view ? `${view.term} ${view.leader} ${view.inSync}` : '';
  const announced = `${phaseOf(ring)} ${ring.promisedTerm} ${seen} ${hears}`;
  if (announced !== ring.announced) {
    ring.announced = announced;
    announce(turn);
  }
}

function sayRole(turn: Turn): void {
  const { ring } = turn;
  const leads = ring.stream !== null && ring.view !== null && !ring.drained;
  const before = ring.said;
  const roleBefore = before?.role ?? 'following';
  const pauses = roleBefore !== 'following' && ring.phase === 'preparing' && !ring.draining;
  const role = leads ? 'leading' : pauses ? 'pausing' : 'following';
  const cluster = clusterOf(turn);
  const stream = ring.stream?.id ?? null;
  if (before && before.role === role && before.stream === stream && isSame(before.cluster, cluster))
    return;
  ring.said = { cluster, role, stream };
  if (stream && role === 'leading' && (roleBefore !== role || before?.stream !== stream)) {
    turn.outputs.push({ type: 'leading', stream, cluster });
  } else if (role === 'pausing') {
    if (roleBefore === 'leading') turn.outputs.push({ type: 'pausing' });
  } else if (role === 'following' && roleBefore !== 'following') {
    const reason = ring.draining ? 'shutting down' : 'this server leads no longer';
    turn.outputs.push({ type: 'following', cluster, reason });
  } else turn.outputs.push({ type: 'cluster', cluster });
}
