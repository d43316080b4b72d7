// The chat's one function: takes an input, changes the chat's state, says what is to be sent. What a change
// of role means for those connected is decided here; each other question has a file of its own.
import { assert, assertNever } from '../../lib/assert.ts';
import type { Cluster } from '../../lib/client/api.ts';
import type { ClientMessage } from '../../lib/protocol/requests.ts';
import { type Entry, type StreamId, streamIdOf } from '../ring/entry.ts';
import { bodyOf, requestOf } from './bodies.ts';
import type { Chat, ChatCounts, ChatInput, ChatOutput, Stamped } from './chat.ts';
import type { Connection } from './connections.ts';
import {
  dropUnshown,
  notePicture,
  onAdded,
  onRepaired,
  showCommitted,
  showEverything,
  tellChangedRooms,
  tellPicture,
  tellWhole,
  withholdEverything,
} from './delivery.ts';
import { dropHeld, giveBack, isAskingForOther, releaseHeld, retryHeld, wantsTurn } from './held.ts';
import { redirect, view, welcome } from './messages.ts';
import { forgetSignIn, type Later, putBehind } from './pending-sign-in.ts';
import { isOpen, onQuery } from './queries.ts';
import { queuesOf } from './queues.ts';
import { writeReads } from './reading.ts';
import { answerRepeats, onBadRequest, onRequest, sendAnswers, takeRequest } from './requests.ts';
import { answerSearches } from './searching.ts';
import { holdEarly, onProve, onSignIn, refuseSignIn, takeSignIn } from './sign-in.ts';
import { onSignal } from './signals.ts';
import {
  type ChatParts,
  type ChatState,
  close,
  createState,
  hasCopies,
  noteLeft,
  refuse,
  send,
  sendAll,
  tellArrivals,
  tellPresence,
  type Wanted,
} from './state.ts';

/** Whoever has not signed in to a leader by then is let go. */
const SIGN_IN_MS_MAX = 30_000;

/**
 * How long a sign-in waits at a server that follows a leader: whoever sent it has seen that leader's end, perhaps a
 * little before this server does.
 */
const EARLY_MS_MAX = 100;

/** The list of who is here goes to the followers at most this often. */
const SHARE_PRESENCE_MS = 1_000;

/** A chat that has folded what was restored, knows no one yet, and follows. Throws nothing. */
export function createChat(parts: ChatParts): Chat {
  const chat = createState(parts);
  return {
    step: (input) => step(chat, input),
    indexOf,
    wantsTurn: () => wantsTurn(chat),
    counts: () => countsOf(chat),
    queues: () => queuesOf(chat),
    stateHash: () => chat.fold.hash(chat.notes.summary()),
    prunedBelowMs: () => chat.fold.prunedBelowMs,
    forgottenMs: () => chat.fold.forgottenMs,
  };
}

/** Never throws on what a client sent; throws AssertionError when an invariant of its own is broken. */
function step(chat: ChatState, input: Stamped<ChatInput>): ChatOutput[] {
  const outputs: ChatOutput[] = [];
  chat.outputs = outputs;
  chat.nowMs = input.nowMs;
  dispatch(chat, input);
  releaseHeld(chat, (wanted) => onReleased(chat, wanted));
  takeDue(chat);
  sendAnswers(chat);
  return outputs;
}

function dispatch(chat: ChatState, input: Stamped<ChatInput>): void {
  switch (input.type) {
    case 'opened':
      return onOpened(chat, input.connection, input.nonce);
    case 'message':
      return onMessage(chat, input.connection, input.message);
    case 'badRequest': {
      const connection = chat.connections.all.get(input.connection);
      const { number, reason } = input;
      if (!connection || waitsBehind(chat, connection, { number, reason })) return;
      return onBadRequest(chat, connection, { number, reason });
    }
    case 'closed':
      return onClosed(chat, input.connection);
    case 'added':
      return onAdded(chat, input);
    case 'repaired':
      return onRepaired(chat, input.entry, input.leftOut);
    case 'notTaken':
      if (input.requestId !== null) chat.waiting.delete(input.requestId);
      return giveBack(chat);
    case 'leading':
      return onLeading(chat, input.stream, input.cluster);
    case 'pausing':
      chat.pausing = true;
      return;
    case 'following':
      return onFollowing(chat, input.cluster, input.reason);
    case 'cluster':
      return onCluster(chat, input.cluster);
    case 'committed':
      return onCommitted(chat, input.sequence, input.copies);
    case 'presenceHeard':
      return chat.leads ? undefined : onPresenceHeard(chat, input);
    case 'tick':
      return onTick(chat);
    case 'goOn':
      return retryHeld(chat);
    default:
      return assertNever(input);
  }
}

function indexOf(entry: Entry) {
  const body = bodyOf(entry);
  const requestId = body && requestOf(body);
  if (body?.t === 'pruned') return { kind: 'pruned' as const, room: null, requestId };
  if (body?.t !== 'post') return { kind: 'other' as const, room: null, requestId };
  return { kind: 'post' as const, room: body.r, requestId };
}

function countsOf({ connections, fold }: ChatState): ChatCounts {
  let rooms = 0;
  for (const room of fold.rooms.values()) if (room.created && !room.direct) rooms += 1;
  return {
    connections: connections.all.size,
    signedIn: connections.signedInCount(),
    accounts: fold.accounts.size,
    rooms,
  };
}

// --- connections ---

function onOpened(chat: ChatState, id: number, nonce: string): void {
  assert(!chat.connections.all.has(id), 'a connection has a number of its own');
  const connection = chat.connections.open(id, nonce, chat.nowMs);
  send(chat, connection, welcome(chat, nonce));
}

function onClosed(chat: ChatState, id: number): void {
  const connection = chat.connections.all.get(id);
  if (!connection) return; // closed from here
  const { account } = connection;
  forgetSignIn(chat, connection);
  chat.connections.close(id);
  noteLeft(chat, account);
}

function onMessage(chat: ChatState, id: number, message: ClientMessage): void {
  const connection = chat.connections.all.get(id);
  if (!connection) return; // closed from here, while this was on its way
  if ('query' in message && isOpen(message)) return onQuery(chat, connection, message);
  if (message.type === 'signIn') return onSignIn(chat, connection, message);
  if (message.type === 'prove') return onProve(chat, connection, message);
  if ('number' in message && waitsBehind(chat, connection, message)) return;
  if (!chat.leads) return send(chat, connection, redirect(chat, 'this server does not lead'));
  if (connection.account === '') {
    const to =
      'query' in message
        ? { query: message.query }
        : 'number' in message
          ? { number: message.number }
          : {};
    return refuse(chat, connection, { to, code: 'not-signed-in' });
  }
  if ('query' in message) return onQuery(chat, connection, message);
  if (!('number' in message)) return onSignal(chat, connection, message);
  return onRequest(chat, connection, message);
}

/** Whether a request waits for the answer to a sign-in before it. */
function waitsBehind(chat: ChatState, connection: Connection, request: Later): boolean {
  const { pendingSignIn } = connection;
  if (pendingSignIn && !putBehind(chat, pendingSignIn, request))
    refuseSignIn(chat, connection, 'too-many-requests');
  return pendingSignIn !== null;
}

/** What came behind sign-ins that are answered now; it would have to wait behind the rest of a crowd otherwise. */
function takeDue(chat: ChatState): void {
  if (isAskingForOther(chat.inHand)) return; // whose answer is the next step
  for (let due = chat.due.shift(); due; due = chat.due.shift()) {
    for (const request of due.later) {
      const connection = chat.connections.all.get(due.connection);
      if (!connection) break;
      if ('type' in request) onMessage(chat, due.connection, request);
      else onBadRequest(chat, connection, request);
    }
  }
}

/** Goes on with what was held, unless whoever sent it has gone, or has signed in anew and sent it again. */
function onReleased(chat: ChatState, wanted: Wanted): void {
  const connection = chat.connections.all.get(wanted.connection);
  if (!connection) return;
  if ('isGenuine' in wanted) takeSignIn(chat, connection, wanted);
  else if (connection.sessionId === wanted.sessionId) takeRequest(chat, connection, wanted);
}

// --- roles ---

function onLeading(chat: ChatState, stream: StreamId, cluster: Cluster): void {
  const { connections } = chat;
  const led = chat.leads;
  chat.leads = true;
  chat.changes += 1;
  chat.latestShown.clear();
  chat.stream = stream;
  chat.committed = 0;
  chat.shown = 0;
  chat.cluster = cluster;
  // The same server made it in whatever view: the stream's id without its term.
  const maker = stream.slice(stream.indexOf('.'));
  if (hasCopies(chat)) {
    showEverything(chat, (entry) => streamIdOf(entry).endsWith(maker));
    answerRepeats(chat);
  } else withholdEverything(chat);
  chat.sharedPresence = '';
  chat.sharedMs = Number.NEGATIVE_INFINITY;
  sendAll(chat, connections.signedInIds(), view(chat, true));
  chat.picture = { dueMs: null, told: '', toldMs: chat.nowMs };
  if (!led) welcomeAsLeader(chat);
  holdEarly(chat);
  chat.pausing = false;
  retryHeld(chat);
}

/** Those who wait here may sign in from now on; their time for it begins. */
function welcomeAsLeader(chat: ChatState): void {
  chat.presence.inherit(chat.nowMs);
  for (const connection of chat.connections.all.values()) connection.openedMs = chat.nowMs;
  const waiting = [...chat.connections.all.values()].filter(({ pendingSignIn }) => !pendingSignIn);
  const ids = waiting.map(({ id }) => id);
  sendAll(chat, ids, { type: 'leading', term: chat.cluster.term });
}

function onFollowing(chat: ChatState, cluster: Cluster, reason: string): void {
  chat.leads = false;
  chat.stream = '';
  chat.cluster = cluster;
  chat.pausing = false;
  // What was asked and not committed is not answered: whoever asked asks the next leader again.
  dropUnshown(chat);
  chat.waiting.clear();
  chat.repeats.clear();
  chat.claims.clear();
  chat.changedRooms.clear();
  chat.heardReads.clear();
  chat.searches = [];
  dropHeld(chat);
  chat.presence.clear();
  chat.arrived.clear();
  chat.idle = new Set();
  for (const connection of chat.connections.signedIn()) chat.connections.signOut(connection);
  redirectAll(chat, reason);
}

/** Whoever is signing in has that for an answer. */
function redirectAll(chat: ChatState, reason: string): void {
  for (const connection of chat.connections.all.values()) forgetSignIn(chat, connection);
  sendAll(chat, [...chat.connections.all.keys()], redirect(chat, reason));
}

/** Sends those on who have waited here for a leadership that does not come: another server leads. */
function redirectEarly(chat: ChatState): void {
  if (!chat.cluster.leader) return;
  for (const id of [...chat.early.keys()]) {
    const connection = chat.connections.all.get(id);
    if (!connection?.pendingSignIn || chat.nowMs - connection.pendingSignIn.sinceMs < EARLY_MS_MAX)
      continue;
    forgetSignIn(chat, connection);
    send(chat, connection, redirect(chat, 'this server does not lead'));
  }
}

function onCluster(chat: ChatState, cluster: Cluster): void {
  const before = chat.cluster;
  chat.cluster = cluster;
  if (chat.leads) {
    // Whoever has come back among the servers has not heard who is here.
    const known = upIn(before);
    if (upIn(cluster).some((id) => !known.includes(id))) {
      chat.sharedPresence = '';
      chat.sharedMs = Number.NEGATIVE_INFINITY;
    }
    notePicture(chat);
  } else if (cluster.leader && cluster.leader.id !== before.leader?.id) {
    redirectAll(chat, `${cluster.leader.id} leads`);
  }
}

const upIn = ({ servers }: Cluster): string[] =>
  servers.filter(({ state }) => state !== 'down' && state !== 'joining').map(({ id }) => id);

function onCommitted(chat: ChatState, sequence: number, copies: number): void {
  if (!chat.leads) return; // of a view that has ended
  assert(sequence >= chat.committed, 'what is committed stays committed');
  chat.committed = sequence;
  chat.cluster = { ...chat.cluster, copies };
  showCommitted(chat);
  retryHeld(chat);
}

// --- time ---

function onTick(chat: ChatState): void {
  chat.missed.forgetUnused(chat.nowMs);
  if (!chat.leads) return redirectEarly(chat);
  for (const account of chat.presence.expire(chat.nowMs)) {
    chat.idle.delete(account);
    tellPresence(chat, account, 'gone');
  }
  for (const connection of chat.connections.all.values()) {
    const late = connection.account === '' && chat.nowMs - connection.openedMs > SIGN_IN_MS_MAX;
    if (late) close(chat, connection, 'sign-in-too-late');
  }
  tellArrivals(chat);
  tellChangedRooms(chat);
  tellPicture(chat);
  tellWhole(chat);
  answerSearches(chat);
  sharePresence(chat);
  writeReads(chat);
  if (chat.repeats.size > 0) answerRepeats(chat);
  retryHeld(chat);
}

/** Whoever leads next goes on from there: nobody is told of comings and goings that were none. */
function onPresenceHeard(
  chat: ChatState,
  { accounts, idle }: Readonly<{ accounts: readonly string[]; idle: readonly string[] }>,
): void {
  chat.presence.hear(accounts);
  chat.idle = new Set(idle);
}

function sharePresence(chat: ChatState): void {
  if (chat.nowMs - chat.sharedMs < SHARE_PRESENCE_MS) return;
  // Looked at so often and no oftener, whether it has changed or not: it is a long list.
  chat.sharedMs = chat.nowMs;
  const accounts = chat.presence.here().sort();
  const idle = [...chat.idle].sort();
  const text = `${accounts.length} ${accounts.join()} ${idle.join()}`;
  if (text === chat.sharedPresence) return;
  chat.sharedPresence = text;
  chat.outputs.push({ type: 'sharePresence', accounts, idle });
}
