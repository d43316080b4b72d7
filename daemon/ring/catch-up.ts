// Getting what others hold and this server lacks, in the background: digests are compared, and entries
// pulled one bounded answer at a time, so that a backlog of a million is never in memory or in the way.
import { digestOf, digestText } from './digest.ts';
import { lackCount } from './entry.ts';
import { isLinkSound, isReachable, unstableForMs } from './failure-detector.ts';
import { isEligible, servingLeader } from './leaders.ts';
import type { PeerMessageOf } from './messages.ts';
import { awaitsInstall } from './promises.ts';
import { keepNew } from './replication.ts';
import {
  CATCH_UP_LOG_MS,
  DISCOVERY_MS,
  EMPTY_DISCOVERY_MS,
  JOINING_PATIENCE_MS,
  PULL_PATIENCE_MS,
  PULL_PAUSE_MS,
  PULL_STUCK_MS,
} from './settings.ts';
import {
  log,
  noteDigest,
  ownHash,
  type Peer,
  type Ring,
  send,
  sendAhead,
  type Turn,
} from './state.ts';
import { maybeAdvance, stopServing } from './view-change.ts';

/** Asks for more, when there is someone to ask and something to get. */
export function maybePull(turn: Turn): void {
  const { ring, nowMs } = turn;
  if (ring.pull && nowMs - ring.pull.sentMs > PULL_PATIENCE_MS) ring.pull = null;
  if (ring.pull || ring.preparing || nowMs < ring.nextPullMs || awaitsInstall(turn)) return;
  const source = pullSource(turn);
  if (!source) return;
  ring.pull = { from: source.id, sentMs: nowMs, hash: source.announcement?.digestHash ?? '' };
  const pull = {
    type: 'pull' as const,
    term: 0,
    digest: digestText(ring.digest),
  };
  // From far behind, before this server's disk has what came last: the source reads while this one writes.
  if (ring.view === null && isFarBehind(turn, source)) sendAhead(turn, source.id, pull);
  else send(turn, source.id, pull);
}

/** Whom this server asks: a follower leaves to its leader whoever that one hears itself. */
function askable({ ring }: Turn): Peer[] {
  const peers = [...ring.peers.values()];
  const leader = ring.view ? ring.peers.get(ring.view.leader) : undefined;
  if (!leader) return peers;
  const heard = leader.announcement?.hears;
  return heard ? peers.filter((peer) => peer !== leader && !heard.includes(peer.id)) : [];
}

/** The leader when there is one, else whoever has most; null when nobody is known to have more. */
function pullSource(turn: Turn): Peer | null {
  const { ring, nowMs } = turn;
  const peers = askable(turn);
  if (peers.length === 0) return null;
  const hash = ownHash(ring);
  const different = peers.filter(
    (peer) =>
      isReachable(ring, peer, nowMs) &&
      nowMs >= peer.stuckUntilMs &&
      !ring.view?.inSync.includes(peer.id) &&
      peer.announcement?.digestHash !== hash &&
      (peer.lead > 0 || peer.announcement?.digestHash !== peer.lastPulledHash),
  );
  const leader = servingLeader(turn);
  if (leader && different.includes(leader)) return leader;
  return different.sort((one, other) => other.lead - one.lead)[0] ?? null;
}

/** The shell reads and sends the entries: the state only says who lacks what. */
export function onPull(turn: Turn, from: Peer, message: PeerMessageOf<'pull'>): void {
  const { term } = message;
  const digest = digestOf(message.digest);
  noteDigest(turn.ring, from, digest);
  turn.outputs.push({ type: 'sendLacking', to: from.id, term, digest, push: false });
}

export function onEntries(turn: Turn, from: Peer, message: PeerMessageOf<'entries'>): void {
  const { ring } = turn;
  if (message.term === 0) return onBackgroundEntries(turn, from, message);
  if (message.push) {
    if (ring.promisedTerm !== message.term || ring.promisedTo !== from.id || ring.view) return;
    keepNew(turn, message.entries);
    if (message.remaining > 0) return;
    send(turn, from.id, { type: 'held', term: message.term, digest: digestText(ring.digest) });
    return;
  }
  const preparing = ring.preparing;
  if (preparing?.term !== message.term || preparing.step === 'pushing') return;
  keepNew(turn, message.entries);
  if (message.remaining > 0) return;
  preparing.pullsAwaited.delete(from.id);
  maybeAdvance(turn);
}

function onBackgroundEntries(turn: Turn, from: Peer, message: PeerMessageOf<'entries'>): void {
  const { ring, nowMs } = turn;
  const asked = ring.pull?.from === from.id ? ring.pull : null;
  if (asked) ring.pull = null;
  const inSync = ring.phase === 'leading' && ring.view?.inSync.includes(from.id);
  const relayed = ring.view?.leader === from.id || inSync;
  if ((!asked && !relayed) || ring.preparing || awaitsInstall(turn)) return;
  const { entryCount } = ring;
  // Far from being caught up: nothing that it announces is relied on yet.
  const isFar = ring.view === null && message.remaining > ring.limits.catchUpEntriesMax;
  keepNew(turn, message.entries, isFar);
  // A suspended leader leads on, perhaps, without a new view.
  if (ring.stream && ring.entryCount > entryCount)
    ring.unshown = { firstMs: nowMs, isAwaited: false, ...ring.unshown, lastMs: nowMs };
  if (asked || inSync) relay(turn, from, message);
  if (!asked) return;
  if (message.digest) noteDigest(ring, from, digestOf(message.digest));
  // The answer was read after the pull came, so it has all that was behind the hash known then.
  if (message.remaining === 0) from.lastPulledHash = asked.hash;
  // What comes next in its streams is damaged there: another one may have it meanwhile.
  else if (message.entries.length === 0) from.stuckUntilMs = nowMs + PULL_STUCK_MS;
  if (isFar) noteFarBehind(turn, from, message.remaining);
  else ring.farBehind.from = null;
  ring.nextPullMs = message.remaining > 0 ? nowMs : nowMs + PULL_PAUSE_MS;
  maybePull(turn);
}

function noteFarBehind(turn: Turn, from: Peer, remaining: number): void {
  const { ring, nowMs } = turn;
  const { farBehind } = ring;
  farBehind.from = from.id;
  farBehind.answeredMs = nowMs;
  if (nowMs - farBehind.loggedMs < CATCH_UP_LOG_MS) return;
  farBehind.loggedMs = nowMs;
  log(turn, 'info', 'catching up', { entries: ring.entryCount, remaining });
}

/** Whether a peer's last answer came a moment ago, and left this server far behind. */
function isFarBehind({ ring, nowMs }: Turn, peer: Peer): boolean {
  return ring.farBehind.from === peer.id && nowMs - ring.farBehind.answeredMs < PULL_PATIENCE_MS;
}

/**
 * What a leader gets from outside its view goes to its followers too, so that they stay close to it; what a follower
 * gets from a server that its leader does not hear, to the leader.
 */
function relay(turn: Turn, from: Peer, message: PeerMessageOf<'entries'>): void {
  const { ring } = turn;
  if (!ring.view || message.entries.length === 0) return;
  const { leader, inSync } = ring.view;
  const isLeading = leader === ring.self.id && ring.phase === 'leading';
  const others = isLeading ? inSync.filter((id) => id !== ring.self.id) : [leader];
  for (const id of others) if (id !== from.id && id !== ring.self.id) send(turn, id, message);
}

/** Ends the first look around, and joining, when nothing much is lacking or nobody else could lead. */
export function maybeBecomeActive(turn: Turn): void {
  const { ring, nowMs } = turn;
  if (ring.phase !== 'joining') return;
  const peers = [...ring.peers.values()];
  if (ring.discovering) {
    // Nothing on its disk: those that hold the history may merely be starting too, and not listen yet.
    const isEmpty = ring.entryCount === 0;
    const met = peers.every(
      (peer) =>
        (peer.refused && !isEmpty) || (peer.digest !== null && isReachable(ring, peer, nowMs)),
    );
    const patienceMs = isEmpty ? EMPTY_DISCOVERY_MS : DISCOVERY_MS;
    if (!met && nowMs - ring.startedMs < patienceMs) return;
    ring.discovering = false;
    ring.leaderlessSinceMs = nowMs;
  }
  const reachable = peers.filter((peer) => isReachable(ring, peer, nowMs));
  // Whoever was out of sight for a moment, or is started anew, holds it still.
  const behind = peers.some(
    (peer) =>
      (isFarAhead(ring, peer) || peer.digest === null) &&
      nowMs - peer.reachedMs <= JOINING_PATIENCE_MS,
  );
  if ((behind || !ring.foldIsWhole) && !mustLeadAnyway(turn, reachable)) return;
  if (!ring.foldIsWhole) {
    log(turn, 'warn', 'serving without accounts or rooms that are damaged on the disk');
    ring.foldIsWhole = true;
  }
  ring.phase = 'active';
  log(turn, 'info', 'caught up', { entries: ring.entryCount });
}

/** Whether it holds more that this server lacks than a change of view would bring. */
function isFarAhead(ring: Ring, peer: Peer): boolean {
  return peer.lead > ring.limits.catchUpEntriesMax;
}

/**
 * Joins once more where another one that could lead holds far more, and lacks little of what is held here: others would
 * wait for this server, or people come to it, and miss what they have read. After a long pause, that is, or when it led alone
 * with little.
 */
export function maybeJoinAgain(turn: Turn): void {
  const { ring, nowMs } = turn;
  const leads = ring.phase === 'leading';
  if (ring.draining || (!leads && (ring.phase !== 'active' || ring.view !== null))) return;
  const ahead = [...ring.peers.values()].find(
    (peer) =>
      isFarAhead(ring, peer) &&
      isEligible(peer) &&
      isReachable(ring, peer, nowMs) &&
      isLinkSound(peer) &&
      isNotLedOutOfSight(turn, peer) &&
      (!leads || mayLeaveTo(turn, peer)) &&
      peer.digest !== null &&
      lackCount(peer.digest, ring.digest) <= ring.limits.catchUpEntriesMax,
  );
  if (!ahead) return;
  log(turn, 'info', 'too far behind to lead: joining', { of: ahead.id, lacks: ahead.lead });
  stopServing(ring);
  ring.view = null;
  ring.phase = 'joining';
  ring.leaderlessSinceMs = nowMs;
}

/** Whoever comes to this server only could not go to a leader that is out of its sight. */
function isNotLedOutOfSight({ ring, nowMs }: Turn, peer: Peer): boolean {
  const { leader = peer.id } = peer.announcement?.view ?? {};
  const known = ring.peers.get(leader);
  return leader === peer.id || (known !== undefined && isReachable(ring, known, nowMs));
}

/**
 * Whether this leader may leave those it serves to a peer that holds far more: only where it holds the lesser part, since two
 * halves of a long split serve on while they merge; contact has lasted; and what is said there has as many copies as are asked for.
 */
function mayLeaveTo({ ring, nowMs }: Turn, peer: Peer): boolean {
  if (peer.lead <= ring.entryCount || unstableForMs(peer, nowMs) > 0) return false;
  const view = peer.announcement?.view;
  const theirs = view?.leader === peer.id ? view.inSync.length : 1;
  return theirs >= Math.min(ring.copiesMin, ring.view?.inSync.length ?? 1);
}

/** Every reachable server is joining, and has been for too long: the highest of them leads all the same. */
function mustLeadAnyway(turn: Turn, reachable: readonly Peer[]): boolean {
  const { ring, nowMs } = turn;
  const someoneElse = reachable.some(
    (peer) => peer.announcement?.phase !== 'joining' || peer.ringPosition > ring.self.ringPosition,
  );
  if (someoneElse) ring.leaderlessSinceMs = nowMs;
  return nowMs - ring.leaderlessSinceMs > JOINING_PATIENCE_MS;
}
