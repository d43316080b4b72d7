// The ring's core: one function that takes an input and gives what is to be done. Sans I/O: no clock, no
// randomness, no sockets, no promises; the shell stamps inputs and carries outputs out in order.
// The protocol is described in docs/ARCHITECTURE.md; each part has a file of its own here.

import { assert, assertNever } from '../../lib/assert.ts';
import { onEntries, onPull } from './catch-up.ts';
import { decide, onPause } from './decide.ts';
import { digestOf, digestText } from './digest.ts';
import { lackCount } from './entry.ts';
import {
  forgiveSilences,
  isLinkSound,
  noteHeardByLink,
  noteHeartbeat,
  trackContacts,
} from './failure-detector.ts';
import { onResign, resign } from './hand-over.ts';
import type { Announcement, PeerMessage } from './messages.ts';
import { onAppend, onAppendInput, onStored, resendTo, sendAppends } from './replication.ts';
import { announcementOf, say } from './say.ts';
import {
  HEARTBEAT_INTERVAL_MS,
  LINK_PATIENCE_MS,
  LINK_SILENCE_MS,
  PAUSE_LATENESS_MS,
  PROBE_AFTER_MS,
  STALE_LINK_MS,
  TICK_INTERVAL_MS,
} from './settings.ts';
import { onAgree, onSound } from './sounding.ts';
import {
  log,
  noteDigest,
  type Peer,
  type Ring,
  type RingOutput,
  type StampedInput,
  send,
  type Turn,
} from './state.ts';
import { onHeld, onInstall, onPrepare, onPromise, onRefuse, stopServing } from './view-change.ts';

/**
 * Takes one input, changes `ring`, and gives the outputs to carry out, in order.
 * Never throws on what a peer sent; throws AssertionError only when an invariant of its own is broken.
 */
export function step(ring: Ring, input: StampedInput): RingOutput[] {
  const { nowMs, wallMs, draw } = input;
  const turn: Turn = { ring, nowMs, wallMs, draw, outputs: [] };
  const { promisedTerm, installedTerm, entryCount } = ring;
  // Whatever else this step sends comes after what was appended before it, and the view is still that of those.
  if (input.type !== 'append') sendAppends(turn);
  noticePause(turn);
  if (input.type === 'append') onAppendInput(turn, input);
  else if (input.type !== 'sendAppends') {
    dispatch(turn, input);
    if (ring.entryCount !== entryCount) refreshLeads(ring);
    trackContacts(turn);
    trackAstray(turn);
    decide(turn);
    say(turn);
  }
  assert(
    ring.promisedTerm >= promisedTerm && ring.installedTerm >= installedTerm,
    'terms never decrease',
  );
  return turn.outputs;
}

function dispatch(
  turn: Turn,
  input: Exclude<StampedInput, { type: 'append' | 'sendAppends' }>,
): void {
  const { ring, nowMs } = turn;
  switch (input.type) {
    case 'tick':
      return onTick(turn);
    case 'heartbeat': {
      const peer = ring.peers.get(input.from);
      if (!peer) return;
      noteHeartbeat(peer, nowMs);
      return onAnnouncement(turn, peer, input.announcement);
    }
    case 'message': {
      const peer = ring.peers.get(input.from);
      if (!peer) return;
      noteHeardByLink(peer, nowMs);
      return onMessage(turn, peer, input.message);
    }
    case 'linkUp':
      return onLinkUp(turn, input.peer, input.boot);
    case 'linkDown':
      return onLinkDown(turn, input.peer, input.refused);
    case 'drain':
      ring.draining = true;
      if (ring.phase === 'preparing') stopServing(ring);
      return resign(turn);
    case 'showSoon':
      if (ring.unshown) ring.unshown.isAwaited = true;
      return;
    case 'foldIsWhole':
      ring.foldIsWhole = true;
      return;
    default:
      return assertNever(input);
  }
}

function onMessage(turn: Turn, from: Peer, message: PeerMessage): void {
  switch (message.type) {
    case 'hello':
      noteBoot(turn.ring, from, message.boot);
      onAnnouncement(turn, from, message.announcement);
      return noteDigest(turn.ring, from, digestOf(message.digest));
    case 'announce':
      return onAnnouncement(turn, from, message.announcement);
    case 'probe':
      return send(turn, from.id, { type: 'announce', announcement: announcementOf(turn) });
    case 'sound':
      return onSound(turn, from, message);
    case 'agree':
      return onAgree(turn, from, message);
    case 'prepare':
      return onPrepare(turn, from, message);
    case 'promise':
      return onPromise(turn, from, message);
    case 'resign':
      return onResign(turn, from, message);
    case 'refuse':
      return onRefuse(turn, from, message);
    case 'pull':
      return onPull(turn, from, message);
    case 'entries':
      return onEntries(turn, from, message);
    case 'held':
      return onHeld(turn, from, message);
    case 'install':
      return onInstall(turn, from, message);
    case 'append':
      return onAppend(turn, from, message);
    case 'stored':
      return onStored(turn, from, message);
    case 'confirm':
      return onConfirm(turn, from, message);
    case 'confirmed':
      return onConfirmed(turn, from, message);
    case 'fetch':
    case 'fetched':
    case 'presence':
      return; // the host's, and the chat's
    default:
      return assertNever(message);
  }
}

/** Whatever input comes first after a pause finds this out, so that no stale acknowledgement slips by. */
function noticePause(turn: Turn): void {
  const { ring, nowMs } = turn;
  const lateMs = nowMs - ring.lastTickMs - TICK_INTERVAL_MS;
  if (lateMs <= PAUSE_LATENESS_MS) return;
  ring.lastTickMs = nowMs;
  forgiveSilences(ring, nowMs);
  onPause(turn, lateMs);
}

function onTick(turn: Turn): void {
  const { ring, nowMs } = turn;
  ring.lastTickMs = nowMs;
  if (nowMs - ring.lastHeartbeatMs < HEARTBEAT_INTERVAL_MS - TICK_INTERVAL_MS / 2) return;
  ring.lastHeartbeatMs = nowMs;
  turn.outputs.push({ type: 'heartbeat', announcement: announcementOf(turn) });
  for (const peer of ring.peers.values()) if (peer.linkUp) tendLink(turn, peer);
}

/** Asks over a link that may not carry anything, and has it renewed when it does not. */
function tendLink(turn: Turn, peer: Peer): void {
  const { nowMs } = turn;
  const { contactMs, linkHeardMs, linkRenewedMs } = peer;
  const isSound = isLinkSound(peer);
  const silentMs = nowMs - Math.max(isSound ? linkHeardMs : contactMs, linkRenewedMs);
  if (peer.wasReachable && silentMs > (isSound ? LINK_PATIENCE_MS : STALE_LINK_MS)) {
    peer.linkRenewedMs = nowMs;
    log(turn, 'info', 'a peer is heard, and not over its link: renewing that', { peer: peer.id });
    turn.outputs.push({ type: 'renewLink', peer: peer.id });
    return;
  }
  const isDoubtful = !isSound || nowMs - linkHeardMs >= LINK_SILENCE_MS;
  if (isDoubtful || !peer.wasReachable || nowMs - peer.lastHeardMs > PROBE_AFTER_MS)
    send(turn, peer.id, { type: 'probe' });
}

function onAnnouncement(turn: Turn, from: Peer, announcement: Announcement): void {
  const { ring } = turn;
  if (announcement.version <= (from.announcement?.version ?? 0)) return;
  from.announcement = announcement;
  ring.termSeen = Math.max(ring.termSeen, announcement.promisedTerm, announcement.installedTerm);
}

function onLinkUp(turn: Turn, id: string, boot: string): void {
  const { ring, nowMs } = turn;
  const peer = ring.peers.get(id);
  if (!peer) return;
  noteHeardByLink(peer, nowMs);
  peer.linkUp = true;
  noteBoot(ring, peer, boot);
  ring.pull = ring.pull?.from === id ? null : ring.pull;
  if (ring.farBehind.from === id) ring.farBehind.from = null;
  const announcement = announcementOf(turn);
  send(turn, id, {
    type: 'hello',
    boot: ring.self.boot,
    announcement,
    digest: digestText(ring.digest),
  });
  resendTo(turn, peer);
}

/**
 * Forgets what was known of the process that ran there before; its link or its hello may tell first. What it
 * stored of our stream it may have lost with its directory: nothing is known of it now, so that it counts as dead
 * until it speaks, and a leader asks it anew by a new view.
 */
function noteBoot(ring: Ring, peer: Peer, boot: string): void {
  if (peer.boot === boot) return;
  // The view that it led is over; it may even install that term again, if it died before it was on its disk.
  if (ring.view?.leader === peer.id) ring.view = null;
  peer.boot = boot;
  peer.announcement = null;
  peer.digest = null;
  peer.lead = 0;
  peer.lastPulledHash = '';
  peer.storedSequence = 0;
  peer.unstableUntilMs = Number.NEGATIVE_INFINITY;
  peer.elsewhere = null;
}

function onLinkDown(turn: Turn, id: string, refused: boolean): void {
  const peer = turn.ring.peers.get(id);
  if (!peer) return;
  if (peer.linkUp) peer.linkDownMs = turn.nowMs;
  peer.linkUp = false;
  if (refused) peer.refused = true;
}

function onConfirm(
  turn: Turn,
  from: Peer,
  message: Extract<PeerMessage, { type: 'confirm' }>,
): void {
  const { ring } = turn;
  const { term, round } = message;
  const stands =
    ring.view?.term === term && ring.view.leader === from.id && ring.promisedTerm === term;
  const { promisedTerm } = ring;
  send(turn, from.id, { type: 'confirmed', term, round, stands, promisedTerm });
}

function onConfirmed(
  turn: Turn,
  from: Peer,
  message: Extract<PeerMessage, { type: 'confirmed' }>,
): void {
  const { ring } = turn;
  ring.termSeen = Math.max(ring.termSeen, message.promisedTerm);
  if (ring.phase !== 'suspended' || ring.view?.term !== message.term) return;
  if (message.round !== ring.confirmRound) return;
  if (message.stands) ring.unconfirmed.delete(from.id);
  else {
    stopServing(ring);
    ring.view = null;
  }
}

function refreshLeads(ring: Ring): void {
  for (const peer of ring.peers.values()) {
    if (peer.lead > 0 && peer.digest) peer.lead = lackCount(ring.digest, peer.digest);
  }
}

/** Leader: notes since when an in-sync server announces another view than ours. */
function trackAstray(turn: Turn): void {
  const { ring, nowMs } = turn;
  if (ring.phase !== 'leading' || !ring.view) return;
  for (const id of ring.view.inSync) {
    const peer = ring.peers.get(id);
    if (!peer) continue;
    const withUs = peer.announcement?.view?.term === ring.view.term;
    if (withUs) peer.astrayMs = Number.POSITIVE_INFINITY;
    else if (peer.astrayMs === Number.POSITIVE_INFINITY) peer.astrayMs = nowMs;
  }
}
