// What a server should do next, given its phase and who is reachable: the rule "the highest active
// server leads", written out. Called at the end of every step; does nothing most of the time.
import { maybeBecomeActive, maybeJoinAgain, maybePull } from './catch-up.ts';
import { lackCount } from './entry.ts';
import {
  isHeard,
  isLinkSound,
  isReachable,
  reachablePeers,
  unstableForMs,
} from './failure-detector.ts';
import { isEligible, leaderByHearsay, servingLeader } from './leaders.ts';
import { awaitsInstall } from './promises.ts';
import { maybeCommit } from './replication.ts';
import {
  ACK_PATIENCE_MS,
  AWAITED_MS_MAX,
  AWAITED_QUIET_MS,
  PROMISE_PATIENCE_MS,
  SILENCE_MS,
  SLOW_READMISSION_MS,
  SLOW_READMISSION_MS_MAX,
  STABLE_MS,
  UNSHOWN_MS_MAX,
  UNSHOWN_QUIET_MS,
} from './settings.ts';
import { isSounded } from './sounding.ts';
import { log, ownHash, type Peer, send, type Turn } from './state.ts';
import { maybeAdvance, startPrepare, stopServing } from './view-change.ts';

/** Moves whatever is due by now. */
export function decide(turn: Turn): void {
  const { ring } = turn;
  if (ring.drained) return;
  maybeBecomeActive(turn);
  letGoOfView(turn);
  maybeJoinAgain(turn);
  if (ring.phase === 'preparing') maybeAdvance(turn);
  else if (ring.phase === 'suspended') maybeResume(turn);
  else if (ring.phase === 'leading') decideAsLeader(turn);
  else if (ring.phase === 'active') decideAsActive(turn);
  if (ring.draining) maybeDrained(turn);
  maybePull(turn);
}

/** Who is asked for a promise: everyone but those that would lead themselves, and those not to be waited for. */
export function invitees(turn: Turn): Peer[] {
  const { ring } = turn;
  return reachablePeers(turn).filter((peer) => {
    if (!peer.linkUp || peer.lead > ring.limits.catchUpEntriesMax || isAway(turn, peer))
      return false;
    return peer.ringPosition < ring.self.ringPosition || !isEligible(peer);
  });
}

/** Whether it is left alone for now: it was too slow, or waits for a leader that is not seen here. */
function isAway({ ring, nowMs }: Turn, { readmitMs, elsewhere, announcement }: Peer): boolean {
  if (nowMs < readmitMs) return true;
  if (elsewhere === null || nowMs >= elsewhere.untilMs) return false;
  return [...ring.peers.values()].some(
    (peer) =>
      peer.ringPosition > ring.self.ringPosition &&
      announcement?.hears.includes(peer.id) &&
      !isReachable(ring, peer, nowMs),
  );
}

function decideAsLeader(turn: Turn): void {
  const { ring, nowMs } = turn;
  const better = leaderByHearsay(turn);
  if (better) {
    log(turn, 'info', 'stepping down for a leader that a follower hears', { leader: better.id });
    stopServing(ring);
    ring.view = null;
    return;
  }
  if (ring.draining || nowMs < ring.backoffUntilMs) return;
  const reason = reasonForNewView(turn);
  if (!reason) return;
  const free = invitees(turn).filter((peer) => isFree(turn, peer, false));
  startPrepare(turn, free, reason);
}

/** Why the present view no longer fits, in words; null when it does. */
function reasonForNewView(turn: Turn): string | null {
  const { ring, nowMs } = turn;
  for (const peer of ring.peers.values()) {
    const inSync = ring.view?.inSync.includes(peer.id) ?? false;
    const reachable = isReachable(ring, peer, nowMs);
    if (inSync) {
      if (!reachable) return `${peer.id} is dead`;
      if (peer.announcement?.phase === 'draining') return `${peer.id} drains`;
      if (nowMs - peer.astrayMs > PROMISE_PATIENCE_MS) return `${peer.id} follows another view`;
      if (nowMs > peer.ackDueMs) {
        markSlow(turn, peer);
        return `${peer.id} is slow`;
      }
    } else if (reachable && mayBeAdmitted(turn, peer) && isFree(turn, peer, true))
      return `${peer.id} is to be admitted`;
  }
  return isShowingDue(turn) ? 'what came from elsewhere is to be shown' : null;
}

/**
 * Whether a peer can be asked for a promise. One that is, or follows, another leader is on the far side of a split that
 * is over: it is taken from a lower one, and only when all are ready, so that neither side stops for longer than that.
 * That leader may be one that is not heard from here, or a moment later.
 * @param asks whether the others are asked whether they are ready, where they were not: not when a view begins anyway
 */
function isFree(turn: Turn, peer: Peer, asks: boolean): boolean {
  const { ring, nowMs } = turn;
  const view = peer.announcement?.view;
  const leader = view ? ring.peers.get(view.leader) : undefined;
  // It refused for the sake of one that is not seen here: it is asked once more whether it would.
  if (!leader) return peer.elsewhere === null || followersInPlaceOf(turn, peer, asks) !== null;
  const serves = leader.announcement?.phase === 'leading' && isReachable(ring, leader, nowMs);
  if (serves && leader.ringPosition > ring.self.ringPosition) return false;
  if (nowMs < peer.unstableUntilMs || !reachablePeers(turn).every(isLinkSound)) return false;
  return followersInPlaceOf(turn, leader, asks) !== null;
}

/**
 * Who would follow if the lead were taken from a lower server that serves; null when it may not be taken yet. One whose
 * cable comes and goes is left out: two leaders that hear each other would stay apart for its sake.
 * @param asks whether they are asked now, where they were not
 */
function followersInPlaceOf(turn: Turn, leader: Peer, asks: boolean): Peer[] | null {
  const { ring, nowMs } = turn;
  const asked = invitees(turn).filter(
    (peer) => peer === leader || peer.unstableUntilMs - nowMs <= STABLE_MS,
  );
  const isEarly = nowMs < ring.soundAgainMs || asked.some((peer) => nowMs < peer.unstableUntilMs);
  return !isEarly && isSounded(turn, asked, asks) ? asked : null;
}

function isShowingDue({ ring: { unshown }, nowMs }: Turn): boolean {
  if (!unshown) return false;
  const { firstMs, lastMs, isAwaited } = unshown;
  const [quietMs, msMax] = isAwaited
    ? [AWAITED_QUIET_MS, AWAITED_MS_MAX]
    : [UNSHOWN_QUIET_MS, UNSHOWN_MS_MAX];
  return nowMs - lastMs > quietMs || nowMs - firstMs > msMax;
}

function mayBeAdmitted(turn: Turn, peer: Peer): boolean {
  const { ring, nowMs } = turn;
  const lower = peer.ringPosition < ring.self.ringPosition;
  return (
    lower &&
    isLinkSound(peer) &&
    isEligible(peer) &&
    peer.lead <= ring.limits.catchUpEntriesMax &&
    nowMs >= peer.admitMs &&
    !isAway(turn, peer) &&
    !isFlapping(turn, peer) &&
    !isFarBehind(turn, peer)
  );
}

/**
 * It fell silent more than once lately (a bad cable, a disk that stalls): it stays in contact for a while first, so
 * that the room does not stutter. A process that was started anew is no such thing.
 */
function isFlapping({ nowMs }: Turn, peer: Peer): boolean {
  return peer.flaps.filter(({ silent }) => silent).length > 1 && unstableForMs(peer, nowMs) > 0;
}

/** It lacks more than a change of view would bring it: it catches up first. What it sent last may be old news. */
function isFarBehind({ ring }: Turn, peer: Peer): boolean {
  if (!peer.digest || lackCount(peer.digest, ring.digest) <= ring.limits.catchUpEntriesMax)
    return false;
  return peer.announcement?.digestHash !== ownHash(ring);
}

/** Slowness is not death: it stays away for a while, longer each time, so that the room does not stutter. */
function markSlow(turn: Turn, peer: Peer): void {
  const recently = turn.nowMs - peer.readmitMs < SLOW_READMISSION_MS_MAX;
  const waitMs = recently && peer.slowWaitMs > 0 ? peer.slowWaitMs * 2 : SLOW_READMISSION_MS;
  peer.slowWaitMs = Math.min(waitMs, SLOW_READMISSION_MS_MAX);
  peer.readmitMs = turn.nowMs + peer.slowWaitMs;
  log(turn, 'warn', 'a follower is too slow for the room', {
    peer: peer.id,
    patienceMs: ACK_PATIENCE_MS,
    awayMs: peer.slowWaitMs,
  });
}

function decideAsActive(turn: Turn): void {
  const { ring, nowMs } = turn;
  if (ring.draining || awaitsInstall(turn)) return;
  if (ring.view && !followsDrainingLeader(turn)) return;
  if (nowMs < ring.backoffUntilMs) return;
  const leader = servingLeader(turn);
  if (leader && leader.ringPosition > ring.self.ringPosition) return;
  if (leader && (leader.lead > ring.limits.catchUpEntriesMax || unstableForMs(leader, nowMs) > 0))
    return;
  if (isOutranked(turn) || leaderByHearsay(turn)) return;
  if (!leader) return startPrepare(turn, invitees(turn), 'nobody leads');
  const followers = followersInPlaceOf(turn, leader, true);
  if (followers) startPrepare(turn, followers, `${leader.id} leads and is lower`);
}

/** A follower whose leader leads no longer, before it is asked what it does then. */
function letGoOfView(turn: Turn): void {
  const { ring } = turn;
  if (ring.phase !== 'active' || ring.draining || awaitsInstall(turn)) return;
  if (!followsDrainingLeader(turn) && !followsLivingLeader(turn)) ring.view = null;
}

/** Whether a higher server could lead. */
export function isOutranked(turn: Turn): boolean {
  return reachablePeers(turn).some(
    (peer) => peer.ringPosition > turn.ring.self.ringPosition && isEligible(peer),
  );
}

/** It serves on until the next highest leads: its view stands till then, but somebody is to succeed it. */
function followsDrainingLeader({ ring, nowMs }: Turn): boolean {
  const leader = ring.view ? ring.peers.get(ring.view.leader) : undefined;
  return leader?.announcement?.phase === 'draining' && isReachable(ring, leader, nowMs);
}

function followsLivingLeader(turn: Turn): boolean {
  const { ring, nowMs } = turn;
  const leader = ring.view ? ring.peers.get(ring.view.leader) : undefined;
  if (!leader?.announcement || !ring.view || !isReachable(ring, leader, nowMs)) return false;
  const { phase, installedTerm } = leader.announcement;
  if (installedTerm > ring.view.term) return false;
  // Right after the installation its announcement may still be that of the attempt.
  return phase === 'preparing' || phase === 'leading' || phase === 'suspended';
}

/** The shell noticed nothing for a while: this process was stopped. Others may have gone on without it. */
export function onPause(turn: Turn, lateMs: number): void {
  const { ring, nowMs } = turn;
  log(turn, 'warn', 'this process was paused', { lateMs: Math.round(lateMs), phase: ring.phase });
  if (ring.phase === 'preparing') {
    stopServing(ring);
    ring.view = null;
  }
  // What it knows of the others is old news, and they have yet to hear it again.
  ring.backoffUntilMs = Math.max(ring.backoffUntilMs, nowMs + SILENCE_MS);
  if (ring.phase !== 'leading' && ring.phase !== 'suspended') return;
  ring.phase = 'suspended';
  ring.confirmDeadlineMs = nowMs + SILENCE_MS;
  ring.unconfirmed = new Set(ring.view?.inSync.filter((id) => id !== ring.self.id));
  const term = ring.view?.term ?? 0;
  ring.confirmRound += 1;
  const { confirmRound: round } = ring;
  for (const id of ring.unconfirmed) send(turn, id, { type: 'confirm', term, round });
}

/** Leads on once every in-sync server has said that the view stands; begins anew when one does not answer. */
function maybeResume(turn: Turn): void {
  const { ring, nowMs } = turn;
  const alone = ring.view?.inSync.length === 1;
  if (alone && nowMs < ring.confirmDeadlineMs - SILENCE_MS / 2) return;
  if (ring.unconfirmed.size === 0) {
    log(turn, 'info', 'the view stands: leading on', { term: ring.view?.term });
    ring.phase = 'leading';
    maybeCommit(turn);
  } else if (nowMs >= ring.confirmDeadlineMs) {
    stopServing(ring);
    ring.view = null;
  }
}

/** A server that drains is done when another leads without it, or when there is nobody to hand over to. */
function maybeDrained(turn: Turn): void {
  const { ring, nowMs } = turn;
  const serves = ring.view !== null;
  const others = [...ring.peers.values()].filter(
    (peer) => isHeard(peer, nowMs) && isEligible(peer),
  );
  if (others.length > 0 && (serves || awaitsInstall(turn))) return;
  ring.drained = true;
}
