// New entries: the leader stamps them, sends them, and commits them when every in-sync server has them
// on disk (Kafka's rule for acknowledging). Followers accept only what continues the stream of the view
// they installed, and only while they have promised nothing higher.

import { assert } from '../../lib/assert.ts';
import { digestText, noteGrowth } from './digest.ts';
import { type Entry, HLC_COUNTER_MAX, type Hole, type StreamId, streamIdOf } from './entry.ts';
import type { EntryTuple, HoleTuple, PeerMessageOf } from './messages.ts';
import { ACK_PATIENCE_MS, APPEND_ENTRIES_MAX } from './settings.ts';
import {
  type Peer,
  type Ring,
  type ServerId,
  type StampedInput,
  send,
  sendAhead,
  type Turn,
  type View,
} from './state.ts';

export function encodeEntry(entry: Entry): EntryTuple {
  const { term, ringPosition, incarnation, sequence, hlcMs, hlcCounter, wallMs, body } = entry;
  return [term, ringPosition, incarnation, sequence, hlcMs, hlcCounter, wallMs, body];
}

export function decodeEntry(tuple: EntryTuple): Entry {
  const [term, ringPosition, incarnation, sequence, hlcMs, hlcCounter, wallMs, body] = tuple;
  return { term, ringPosition, incarnation, sequence, hlcMs, hlcCounter, wallMs, body };
}

export function encodeHole({ term, ringPosition, incarnation, sequence, kind }: Hole): HoleTuple {
  return [term, ringPosition, incarnation, sequence, kind];
}

function decodeHole([term, ringPosition, incarnation, sequence, kind]: HoleTuple): Hole {
  return { term, ringPosition, incarnation, sequence, kind };
}

type AppendInput = Extract<StampedInput, { type: 'append' }>;

export function onAppendInput(turn: Turn, input: AppendInput): void {
  const { ring, nowMs } = turn;
  const { stream, view } = ring;
  const pending = stream ? stream.sequence - stream.committed : 0;
  if (
    ring.phase !== 'leading' ||
    !stream ||
    !view ||
    ring.drained ||
    pending >= ring.limits.pendingEntriesMax
  ) {
    turn.outputs.push({ type: 'notTaken' });
    return;
  }
  const entry = stamp(turn, {
    body: input.body,
    above: input.above,
    term: view.term,
    sequence: stream.sequence + 1,
  });
  stream.sequence = entry.sequence;
  for (const id of view.inSync) {
    const peer = ring.peers.get(id);
    if (peer?.ackDueMs === Number.POSITIVE_INFINITY) peer.ackDueMs = nowMs + ACK_PATIENCE_MS;
  }
  if (view.inSync.length > 1) ring.unsent.push(encodeEntry(entry));
  if (ring.unsent.length >= APPEND_ENTRIES_MAX) sendAppends(turn);
  keep(ring, entry, stream.id);
  turn.outputs.push({ type: 'saveEntries', entries: [entry] }, { type: 'taken', entry });
  maybeCommit(turn);
}

/** Sends the followers what was appended since the last time: one message and one answer for a whole turn. */
export function sendAppends(turn: Turn): void {
  const { unsent: entries, view } = turn.ring;
  if (entries.length === 0) return;
  turn.ring.unsent = [];
  if (!view) return;
  const message = { type: 'append' as const, term: view.term, entries };
  for (const id of view.inSync) if (turn.ring.peers.has(id)) sendAhead(turn, id, message);
}

type Draft = { body: string; above: AppendInput['above']; term: number; sequence: number };

/** Gives an entry its key and a hybrid time above that of every entry held, and above `draft.above`. */
function stamp(turn: Turn, draft: Draft): Entry {
  const { ring, wallMs } = turn;
  const { ringPosition, boot: incarnation } = ring.self;
  const above = draft.above ?? { ms: 0, counter: 0 };
  let hlcMs = Math.max(wallMs, ring.hlcMs, above.ms);
  let hlcCounter = 0;
  if (hlcMs === ring.hlcMs) hlcCounter = ring.hlcCounter + 1;
  if (hlcMs === above.ms) hlcCounter = Math.max(hlcCounter, above.counter + 1);
  if (hlcCounter > HLC_COUNTER_MAX) {
    hlcMs += 1;
    hlcCounter = 0;
  }
  const { body, term, sequence } = draft;
  return { term, ringPosition, incarnation, sequence, hlcMs, hlcCounter, wallMs, body };
}

/** Notes that one more of a stream is held; it must be the next. */
function grow(ring: Ring, item: Entry | Hole, stream: StreamId): void {
  const before = ring.digest.get(stream) ?? 0;
  assert(item.sequence === before + 1, 'streams stay dense');
  noteGrowth(ring.hash, stream, before);
  ring.digest.set(stream, item.sequence);
  ring.entryCount += 1;
}

function keep(ring: Ring, entry: Entry, stream: StreamId): void {
  grow(ring, entry, stream);
  noteTime(ring, entry);
}

/** What is stamped here from now on comes after an entry that is held. */
export function noteTime(ring: Ring, entry: Entry): void {
  const later =
    entry.hlcMs > ring.hlcMs || (entry.hlcMs === ring.hlcMs && entry.hlcCounter > ring.hlcCounter);
  if (!later) return;
  ring.hlcMs = entry.hlcMs;
  ring.hlcCounter = entry.hlcCounter;
}

/**
 * Keeps those of `tuples` that are the next of their streams, and saves them in their order.
 * @param mayWait nobody is told that they are on the disk before something else has to be there too
 */
export function keepNew(
  turn: Turn,
  tuples: readonly (EntryTuple | HoleTuple)[],
  mayWait = false,
): void {
  const { ring, outputs } = turn;
  let run: Entry[] = [];
  for (const tuple of tuples) {
    const item = tuple.length === 5 ? decodeHole(tuple) : decodeEntry(tuple);
    const stream = streamIdOf(item);
    if (item.sequence !== (ring.digest.get(stream) ?? 0) + 1) continue;
    if ('body' in item) {
      keep(ring, item, stream);
      if (run.length === 0) outputs.push({ type: 'saveEntries', entries: run, mayWait });
      run.push(item);
    } else {
      run = [];
      leaveHole(turn, item, stream);
    }
  }
}

function leaveHole({ ring, outputs }: Turn, hole: Hole, stream: StreamId): void {
  grow(ring, hole, stream);
  outputs.push({ type: 'saveHole', hole });
  // Somebody out of reach for the moment may have the account or the room that it is.
  if (hole.kind === 'other' && ring.phase === 'joining') ring.foldIsWhole = false;
}

export function onAppend(turn: Turn, from: Peer, message: PeerMessageOf<'append'>): void {
  const { ring } = turn;
  const { view } = ring;
  if (view?.term !== message.term || view.leader !== from.id || ring.promisedTerm !== message.term)
    return;
  for (const tuple of message.entries) {
    // The term in a key is that of the view that made it, and only its leader makes any.
    if (tuple[0] !== view.term || tuple[1] !== from.ringPosition) return;
  }
  keepNew(turn, message.entries);
  const last = message.entries.at(-1);
  const sequence = last ? (ring.digest.get(streamIdOf(decodeEntry(last))) ?? 0) : 0;
  send(turn, from.id, { type: 'stored', term: message.term, sequence });
}

export function onStored(turn: Turn, from: Peer, message: PeerMessageOf<'stored'>): void {
  const { ring, nowMs } = turn;
  if (!ring.stream || ring.view?.term !== message.term || !ring.view.inSync.includes(from.id))
    return;
  if (message.sequence > ring.stream.sequence || message.sequence <= from.storedSequence) return;
  from.storedSequence = message.sequence;
  // Progress is what is asked for: a backlog that shrinks is no reason to throw a server out.
  const behind = message.sequence < ring.stream.sequence;
  from.ackDueMs = behind ? nowMs + ACK_PATIENCE_MS : Number.POSITIVE_INFINITY;
  maybeCommit(turn);
}

/** Commits what every in-sync server has on disk; nothing while this leader's view is unconfirmed. */
export function maybeCommit(turn: Turn): void {
  const { ring } = turn;
  if (ring.phase !== 'leading' || !ring.stream || !ring.view) return;
  let sequence = ring.stream.sequence;
  for (const id of ring.view.inSync) {
    const peer = ring.peers.get(id);
    if (peer) sequence = Math.min(sequence, peer.storedSequence);
  }
  if (sequence <= ring.stream.committed) return;
  ring.stream.committed = sequence;
  turn.outputs.push({ type: 'committed', sequence, copies: ring.view.inSync.length });
}

/**
 * Tells a server of the view that this one leads, and what the view began with. Whoever dies before its own disk has
 * that has acknowledged nothing in it. It may install that term again, with others in sync, if none of those that
 * promised it is within reach: in a stream named by another process, and those drop this view when they hear of that.
 */
export function sendInstall(turn: Turn, to: ServerId, { term, inSync }: View): void {
  const { base, self } = turn.ring;
  assert(base, 'whoever leads knows what its view began with');
  const digest = digestText(base.digest);
  const { boot: incarnation } = self;
  sendAhead(turn, to, {
    type: 'install',
    term,
    incarnation,
    inSync: [...inSync],
    base: digest,
  });
}

/** A link to an in-sync follower is back: whatever it may have missed goes out again. */
export function resendTo(turn: Turn, peer: Peer): void {
  const { ring } = turn;
  const { stream, view } = ring;
  if (!stream || !view?.inSync.includes(peer.id)) return;
  sendInstall(turn, peer.id, view);
  if (peer.storedSequence === stream.sequence) return;
  turn.outputs.push({
    type: 'resendAppends',
    to: peer.id,
    term: view.term,
    stream: stream.id,
    after: peer.storedSequence,
  });
}
