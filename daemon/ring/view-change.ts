// Who leads, in which term, with whom in sync. After the view change of Viewstamped Replication
// Revisited (Liskov & Cowling 2012, section 4.2): the next leader gathers what the others hold before it
// serves. Differences: the leader is the highest, not the next in a round; histories are united, not cut;
// and whoever does not answer in time is left out instead of waited for.
//
//   active ──start──▶ promising ──all or deadline──▶ pulling ──▶ pushing ──▶ leading
//                         │ refused                     │ lacks too much
//                         ▼                             ▼
//                  active, backs off                 joining

import { assert } from '../../lib/assert.ts';
import { digestOf, digestText } from './digest.ts';
import { type Digest, lackCount, type StreamId, streamIdOf } from './entry.ts';
import { noteHeard } from './failure-detector.ts';
import { leaderByHearsay, servingLeader } from './leaders.ts';
import type { PeerMessageOf } from './messages.ts';
import { awaitsInstall, refuses } from './promises.ts';
import { sendInstall } from './replication.ts';
import {
  ADMIT_WAIT_MS_MAX,
  ADMIT_WAIT_MS_MIN,
  BACKOFF_MS_MAX,
  BACKOFF_MS_MIN,
  ELSEWHERE_GAP_MS,
  ELSEWHERE_MS_MAX,
  ELSEWHERE_MS_MIN,
  PREPARE_STEP_MS,
} from './settings.ts';
import {
  log,
  noteDigest,
  type Peer,
  type Preparing,
  type Ring,
  type ServerId,
  send,
  sendAhead,
  type Turn,
} from './state.ts';

/** Above every one seen. */
export function nextTerm(ring: Ring): number {
  return Math.max(ring.termSeen, ring.promisedTerm, ring.installedTerm) + 1;
}

/**
 * Begins a change of view: asks the peers given for promises of a term above every one seen.
 * @param given a promise that is here already, with its term
 */
export function startPrepare(
  turn: Turn,
  invited: readonly Peer[],
  reason: string,
  given: Readonly<{ from: Peer; message: PeerMessageOf<'resign'> }> | null = null,
): void {
  const { ring, nowMs } = turn;
  const term = given?.message.term ?? nextTerm(ring);
  stopServing(ring);
  // It may wait for the commit that installs the view: until then nobody relies on it. Of one that dies before, others
  // have their promises on disk, and streams name the process that made them.
  promise(turn, term, ring.self.id, true);
  ring.phase = 'preparing';
  ring.preparing = {
    term,
    step: 'promising',
    deadlineMs: nowMs + PREPARE_STEP_MS,
    invited: new Set(invited.map((peer) => peer.id)),
    promised: new Map(),
    pullsAwaited: new Set(),
    pushesAwaited: new Set(),
    ready: new Set(),
  };
  log(turn, 'info', 'preparing a view', { term, invited: invited.map((peer) => peer.id), reason });
  const message = { type: 'prepare' as const, term, digest: digestText(ring.digest) };
  const asking = given ? { ...message, resigned: given.from.id } : message;
  for (const peer of invited) if (peer !== given?.from) sendAhead(turn, peer.id, asking);
  if (given) onPromise(turn, given.from, { ...given.message, type: 'promise' });
  else maybeAdvance(turn);
}

/**
 * Gives this server's word for a term: it accepts nothing of a lower one from here on.
 * @param mayWait whether nobody relies on it before a later commit, or it may as well be lost
 */
export function promise(turn: Turn, term: number, to: ServerId, mayWait = false): void {
  const { ring } = turn;
  assert(term > ring.promisedTerm, 'promised term increases');
  ring.promisedTerm = term;
  ring.promisedTo = to;
  ring.promisedAtMs = turn.nowMs;
  ring.view = null;
  ring.termSeen = Math.max(ring.termSeen, term);
  const { installedTerm } = ring;
  turn.outputs.push({ type: 'saveRecord', installedTerm, promisedTerm: term, mayWait });
}

/** Leaves the leadership, or the attempt at it, without a word to anyone. */
export function stopServing(ring: Ring): void {
  ring.preparing = null;
  ring.sounding = null;
  ring.stream = null;
  ring.unshown = null;
  ring.unconfirmed.clear();
  if (ring.phase !== 'joining') ring.phase = 'active';
}

/** A leader leaves; its announcement of that may still be on its way. */
export function noteResigned(leader: Peer, term: number): void {
  const { announcement } = leader;
  if (!announcement || (announcement.view?.term ?? 0) >= term) return;
  leader.announcement = { ...announcement, phase: 'draining', view: null };
}

export function onPrepare(turn: Turn, from: Peer, message: PeerMessageOf<'prepare'>): void {
  const { ring, nowMs } = turn;
  const leader = message.resigned === undefined ? null : ring.peers.get(message.resigned);
  const isNews = message.term > ring.promisedTerm && leader?.announcement?.phase === 'leading';
  if (leader && isNews) noteResigned(leader, message.term);
  const isGiven = ring.promisedTo === from.id && ring.promisedTerm === message.term;
  if (isGiven && awaitsInstall(turn)) sendPromise(turn, from, message.term, message.digest);
  else if (refuses(turn, from, message.term)) return;
  else give(turn, from, message.term, message.digest);
  noteHeard(from, nowMs);
}

/** Promises itself to who is to lead. @param lacked what that one holds, where it has told */
export function give(turn: Turn, to: Peer, term: number, lacked?: string): void {
  const { ring } = turn;
  stopServing(ring);
  promise(turn, term, to.id);
  ring.pull = null;
  sendPromise(turn, to, term, lacked);
}

/** The promise, as it is given, behind what whoever asked for it lacks. */
function sendPromise(turn: Turn, to: Peer, term: number, lacked: string | undefined): void {
  if (lacked !== undefined) giveLacking(turn, to, term, digestOf(lacked));
  send(turn, to.id, promiseOf(turn.ring, term));
}

export function promiseOf(ring: Ring, term: number): PeerMessageOf<'promise'> {
  const base = ring.base && { stream: ring.base.stream, digest: digestText(ring.base.digest) };
  return { type: 'promise', term, digest: digestText(ring.digest), base };
}

/** Sends an asker what it lacks ahead of the promise: it need not pull, while nobody serves. */
function giveLacking({ ring, outputs }: Turn, to: Peer, term: number, digest: Digest): void {
  const lacks = lackCount(digest, ring.digest);
  if (lacks === 0 || lacks > ring.limits.giveEntriesMax) return;
  outputs.push({ type: 'sendLacking', to: to.id, term, digest, push: false });
}

/** Notes what its leader held when a stream began: whoever resumes from a place in it is sent the rest. */
function saveBase(turn: Turn, stream: StreamId, digest: Digest): void {
  turn.ring.base = { stream, digest };
  turn.outputs.push({ type: 'saveBase', stream, base: digest });
}

export function onPromise(turn: Turn, from: Peer, message: PeerMessageOf<'promise'>): void {
  const preparing = currentStep(turn.ring, message.term, 'promising');
  if (!preparing?.invited.has(from.id)) return;
  const digest = digestOf(message.digest);
  noteDigest(turn.ring, from, digest);
  from.elsewhere = null;
  const { base } = message;
  if (base && base.stream !== turn.ring.base?.stream)
    turn.outputs.push({ type: 'saveBase', stream: base.stream, base: digestOf(base.digest) });
  preparing.promised.set(from.id, digest);
  maybeAdvance(turn);
}

export function onRefuse(turn: Turn, from: Peer, message: PeerMessageOf<'refuse'>): void {
  const { ring } = turn;
  ring.termSeen = Math.max(ring.termSeen, message.promisedTerm);
  const { preparing, sounding } = ring;
  const isSounding = sounding?.term === message.term;
  const isPreparing = preparing?.term === message.term && preparing.invited.has(from.id);
  if (!isSounding && !isPreparing) return;
  log(turn, isSounding ? 'debug' : 'info', 'a peer refused the view', {
    term: message.term,
    peer: from.id,
    reason: message.reason,
  });
  ring.sounding = null;
  if (message.reason === 'better-leader') noteElsewhere(turn, from);
  from.unstableUntilMs = Math.max(from.unstableUntilMs, turn.nowMs + message.waitMs);
  // Whoever refuses to be sounded may say when; nothing was begun that others could be in the way of.
  if (!isSounding || (ring.phase !== 'leading' && message.waitMs === 0)) abandon(turn);
  else if (message.waitMs === 0) {
    ring.soundAgainMs = turn.nowMs + backoffMs(turn, ring.soundRefusals);
    ring.soundRefusals += 1;
  }
}

/** Again and again it would have a better leader, and nobody here sees one: that peer, and this server, go on by themselves. */
function noteElsewhere(turn: Turn, peer: Peer): void {
  const { nowMs } = turn;
  const before = peer.elsewhere;
  const isOfOneTime = before && (before.waitMs > 0 || nowMs - before.lastMs <= ELSEWHERE_GAP_MS);
  const first = { sinceMs: nowMs, lastMs: nowMs, untilMs: nowMs, waitMs: 0 };
  peer.elsewhere = isOfOneTime ? { ...before, lastMs: nowMs } : first;
  if (nowMs - peer.elsewhere.sinceMs < ELSEWHERE_MS_MIN) return;
  const leader = servingLeader(turn);
  const isOutranked = leader !== null && leader.ringPosition > turn.ring.self.ringPosition;
  if (isOutranked || leaderByHearsay(turn)) return;
  const doubledMs = Math.max(ELSEWHERE_MS_MIN, peer.elsewhere.waitMs * 2);
  const waitMs = Math.min(ELSEWHERE_MS_MAX, doubledMs);
  peer.elsewhere = { ...peer.elsewhere, untilMs: nowMs + waitMs, waitMs };
  log(turn, 'info', 'a peer waits for a leader that is not seen here: going on without it', {
    peer: peer.id,
    waitMs,
  });
}

/** Gives up a change of view, and waits before the next. */
function abandon(turn: Turn): void {
  const { ring, nowMs } = turn;
  stopServing(ring);
  ring.backoffUntilMs = nowMs + backoffMs(turn, ring.refusals);
  ring.refusals += 1;
}

/** A random wait, in milliseconds, doubled with each refusal before it. */
function backoffMs({ draw }: Turn, refusals: number): number {
  const rangeMs = Math.min(BACKOFF_MS_MAX * 2 ** Math.min(refusals, 3), 1_000) - BACKOFF_MS_MIN;
  return BACKOFF_MS_MIN + draw * rangeMs;
}

function currentStep(ring: Ring, term: number, step: Preparing['step']): Preparing | null {
  const preparing = ring.preparing;
  return preparing?.term === term && preparing.step === step ? preparing : null;
}

/** Moves a change of view on when its present step is complete, or its time is over. */
export function maybeAdvance(turn: Turn): void {
  const { ring, nowMs } = turn;
  for (let preparing = ring.preparing; preparing !== null; preparing = ring.preparing) {
    const before = preparing.step;
    const late = nowMs >= preparing.deadlineMs;
    if (before === 'promising' && (late || preparing.promised.size === preparing.invited.size))
      gather(turn, preparing);
    else if (before === 'pulling' && (late || preparing.pullsAwaited.size === 0))
      push(turn, preparing);
    else if (before === 'pushing' && (late || preparing.pushesAwaited.size === 0))
      install(turn, preparing);
    else return;
  }
}

/** Step 2, first half: pulls what those that promised hold and this server lacks still. */
function gather(turn: Turn, preparing: Preparing): void {
  const { ring, nowMs } = turn;
  const lacking = [...preparing.promised].filter(
    ([, digest]) => lackCount(ring.digest, digest) > 0,
  );
  if (
    lacking.some(([, digest]) => lackCount(ring.digest, digest) > ring.limits.catchUpEntriesMax)
  ) {
    log(turn, 'info', 'too far behind to lead: joining', { term: preparing.term });
    stopServing(ring);
    ring.phase = 'joining';
    ring.leaderlessSinceMs = nowMs;
    return;
  }
  preparing.step = 'pulling';
  preparing.deadlineMs = nowMs + PREPARE_STEP_MS;
  for (const [id] of lacking) {
    preparing.pullsAwaited.add(id);
    send(turn, id, { type: 'pull', term: preparing.term, digest: digestText(ring.digest) });
  }
}

/** Step 2, second half: sends each that promised what it lacks of the union. */
function push(turn: Turn, preparing: Preparing): void {
  const { ring, nowMs } = turn;
  preparing.step = 'pushing';
  preparing.deadlineMs = nowMs + PREPARE_STEP_MS;
  for (const [id, digest] of preparing.promised) {
    const peer = ring.peers.get(id);
    // Its pull came to nothing in time: it holds what its leader would lack.
    if (preparing.pullsAwaited.has(id)) continue;
    // The higher ones gave what they hold, but cannot follow a lower leader; nor does one that leaves.
    if (!peer || peer.ringPosition > ring.self.ringPosition) continue;
    if (peer.announcement?.phase === 'draining') continue;
    const lacks = lackCount(digest, ring.digest);
    if (lacks === 0) preparing.ready.add(id);
    else if (lacks <= ring.limits.catchUpEntriesMax) {
      preparing.pushesAwaited.add(id);
      turn.outputs.push({ type: 'sendLacking', to: id, term: preparing.term, digest, push: true });
    }
  }
}

export function onHeld(turn: Turn, from: Peer, message: PeerMessageOf<'held'>): void {
  const preparing = currentStep(turn.ring, message.term, 'pushing');
  if (!preparing?.pushesAwaited.has(from.id)) return;
  const digest = digestOf(message.digest);
  noteDigest(turn.ring, from, digest);
  // A chunk may have been lost with a link: only the digest tells what is really there.
  if (lackCount(digest, turn.ring.digest) > 0) return;
  preparing.pushesAwaited.delete(from.id);
  preparing.ready.add(from.id);
  maybeAdvance(turn);
}

/** Step 3: this server leads, with those that hold the union in sync. */
function install(turn: Turn, preparing: Preparing): void {
  const { ring, nowMs } = turn;
  const { term, ready } = preparing;
  assert(
    ring.promisedTerm === term && ring.promisedTo === ring.self.id,
    'installs only the view it promised itself',
  );
  assert(ring.foldIsWhole, 'leads only with a fold that is as whole as it can be');
  const inSync = [ring.self.id, ...ready].sort();
  for (const id of ready) {
    const peer = ring.peers.get(id);
    assert(
      peer && peer.ringPosition < ring.self.ringPosition,
      'the leader has the highest ring position of its view',
    );
  }
  ring.preparing = null;
  ring.phase = 'leading';
  ring.refusals = 0;
  ring.soundRefusals = 0;
  ring.installedTerm = term;
  ring.view = { term, leader: ring.self.id, inSync };
  const { ringPosition, boot: incarnation } = ring.self;
  ring.stream = { id: streamIdOf({ term, ringPosition, incarnation }), sequence: 0, committed: 0 };
  for (const peer of ring.peers.values()) {
    peer.storedSequence = 0;
    peer.ackDueMs = Number.POSITIVE_INFINITY;
    peer.astrayMs = Number.POSITIVE_INFINITY;
    if (preparing.invited.has(peer.id)) noteAdmission(turn, peer, ready.has(peer.id));
  }
  turn.outputs.push({ type: 'saveRecord', installedTerm: term, promisedTerm: ring.promisedTerm });
  saveBase(turn, ring.stream.id, new Map(ring.digest));
  for (const id of preparing.promised.keys()) sendInstall(turn, id, ring.view);
  log(turn, 'info', 'leading', { term, inSync, tookMs: Math.round(nowMs - ring.promisedAtMs) });
}

/** Whoever did not make it is tried again after a while, longer each time: a room must not stutter for its sake. */
function noteAdmission({ nowMs }: Turn, peer: Peer, admitted: boolean): void {
  peer.admitWaitMs = admitted
    ? 0
    : Math.min(ADMIT_WAIT_MS_MAX, Math.max(ADMIT_WAIT_MS_MIN, peer.admitWaitMs * 2));
  peer.admitMs = nowMs + peer.admitWaitMs;
}

export function onInstall(turn: Turn, from: Peer, message: PeerMessageOf<'install'>): void {
  const { ring } = turn;
  const { term, inSync } = message;
  if (ring.promisedTerm !== term || ring.promisedTo !== from.id || ring.view !== null) return;
  ring.refusals = 0;
  ring.soundRefusals = 0;
  for (const peer of ring.peers.values()) peer.elsewhere = null;
  const view = { term, leader: from.id, inSync };
  // Its own announcement follows on the same link; what it says here is as good.
  if (from.announcement)
    from.announcement = { ...from.announcement, phase: 'leading', view, installedTerm: term };
  if (!inSync.includes(ring.self.id)) {
    if (ring.draining) ring.drained = true;
    return;
  }
  assert(
    from.ringPosition > ring.self.ringPosition,
    'the leader has the highest ring position of its view',
  );
  ring.view = view;
  ring.installedTerm = term;
  // It follows as well as any other, but is not to lead before its fold is whole.
  if (ring.foldIsWhole) ring.phase = 'active';
  turn.outputs.push({ type: 'saveRecord', installedTerm: term, promisedTerm: ring.promisedTerm });
  const stream = streamIdOf({
    term,
    ringPosition: from.ringPosition,
    incarnation: message.incarnation,
  });
  saveBase(turn, stream, digestOf(message.base));
  log(turn, 'info', 'following', { term, leader: from.id, inSync });
}
