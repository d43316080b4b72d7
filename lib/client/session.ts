// The core of the client: finds the leader, signs in, resumes, and sends what was asked under the same
// numbers until it is answered. Sans I/O: `step` takes one input and gives what the shell must do, in order.
//
//   searching ──signedIn──▶ signed in ──silence, close, redirect──▶ searching
//       └─────refused─────▶ refused ──signInAs──▶ searching          (close ▶ closed, from anywhere)
//
// Somewhat long, because it has a handler for each thing that can come in. Its parts: search.ts (finding the
// leader), numbered.ts (requests and their answers), liveness.ts (pings and loss), standby.ts (the second
// connection), shown-state.ts.
import { accountIdOf, postIdOf, sessionIdOf } from '../ids.ts';
import type { ServerMessage } from '../protocol/events.ts';
import type { RefusalCode } from '../protocol/refusals.ts';
import type { OutboxItem } from './api.ts';
import { lose, onPong, watch, watchWakeMs } from './liveness.ts';
import {
  maybeRecovered,
  onPage,
  onPost,
  onPostChanged,
  onRefused,
  onStored,
  pump,
  settle,
} from './numbered.ts';
import type { Pending } from './outbox.ts';
import { onReadElsewhere, onReadHere, tellReads } from './reads.ts';
import { RecentPosts } from './recent.ts';
import {
  advance,
  beginSearch,
  fail,
  follow,
  isSentAlong,
  learn,
  onLeading,
  searchWakeMs,
  sendMoreAlong,
} from './search.ts';
import {
  type Account,
  emit,
  type Link,
  type Session,
  type SessionInput,
  type SessionOutput,
  type Signer,
  type Stamped,
  send,
} from './session-state.ts';
import { stateOf } from './shown-state.ts';
import { keepStandby, noteSignedIn, onStandbyMessage, standbyWakeMs } from './standby.ts';

/** Refusals of a sign-in that another try may not meet: the cluster is changing, or full for the moment. */
const PASSING: ReadonlySet<RefusalCode> = new Set([
  'not-leading',
  'too-few-copies',
  'too-many-requests',
  'storage-failed',
  'shutting-down',
  'out-of-sequence',
  'sign-in-too-late',
  'not-signed-in',
]);

/** @param seed of the session, its newest stamp and what it has not been answered yet: from the outbox */
export function createSession(fields: {
  signer: Signer;
  name: string;
  seed: string;
  stamp: string | null;
  pending: readonly Pending[];
  addresses: readonly string[];
  nowMs: number;
}): Session {
  const { signer, name, seed, nowMs } = fields;
  const session: Session = {
    signer,
    self: selfOf(signer.key, name, seed),
    phase: 'searching',
    everSignedIn: false,
    targets: new Map(),
    links: new Map(),
    linksOpened: 0,
    signInLinks: new Map(),
    standbyFromMs: 0,
    active: null,
    servers: [],
    rival: null,
    server: null,
    lostMs: nowMs,
    term: 0,
    roundTripMs: null,
    ping: null,
    pingedMs: nowMs,
    queries: 0,
    asked: new Set(),
    items: new Map(),
    sentCount: 0,
    resend: null,
    cursor: null,
    at: 0,
    stamp: fields.stamp,
    isIdle: false,
    reads: new Map(),
    recent: new RecentPosts(),
    connection: { type: 'connecting' },
    wakeMs: Number.POSITIVE_INFINITY,
    nowMs,
    draw: 0,
    outputs: [],
  };
  for (const address of fields.addresses) learn(session, address, null);
  for (const item of fields.pending) session.items.set(item.number, itemOf(session, item));
  return session;
}

/** The account and session of a name: known before any server has answered. */
export function selfOf(key: string, name: string, seed: string): Account {
  return { name, account: accountIdOf(key, name), seed };
}

/** A request as it waits in the outbox. */
export function itemOf(session: Session, { number, request }: Pending): OutboxItem {
  const { account, seed } = session.self;
  const id = postIdOf(sessionIdOf(account, seed), number);
  return { number, id, state: 'queued', request };
}

/**
 * Takes one input and changes the session.
 * @returns what the shell must do, in order; `session.wakeMs` says when to come back with a tick
 */
export function step(session: Session, input: Stamped): SessionOutput[] {
  session.nowMs = input.nowMs;
  session.draw = input.draw;
  session.outputs = [];
  if (session.phase !== 'closed') dispatch(session, input);
  report(session);
  session.wakeMs = wakeMs(session);
  return session.outputs;
}

function dispatch(session: Session, input: SessionInput): void {
  switch (input.type) {
    case 'start':
      return beginSearch(session);
    case 'message':
      return onMessage(session, input.link, input.message);
    case 'linkClosed':
      return onClosed(session, input.link, input.reason);
    case 'request':
      session.items.set(input.item.number, itemOf(session, input.item));
      sendMoreAlong(session);
      return pump(session);
    case 'cancel':
      return onCancel(session, input.number);
    case 'query':
      return onQuery(session, input);
    case 'typing':
      if (session.active) send(session, session.active, { type: 'typing', room: input.room });
      return;
    case 'idle':
      session.isIdle = input.isIdle;
      return tellPresence(session);
    case 'read':
      return onReadHere(session, input);
    case 'retryNow':
      return onRetryNow(session);
    case 'signInAs':
      return onSignInAs(session, input);
    case 'close':
      return onClose(session);
    case 'tick':
      if (!session.active) return advance(session);
      watch(session, session.active);
      return keepStandby(session);
  }
}

// --- what the server says ---

function onMessage(session: Session, number: number, message: ServerMessage): void {
  const link = session.links.get(number);
  if (!link) return; // given up in the same turn
  link.heardMs = session.nowMs;
  if (message.type === 'closing') link.closing = message.reason;
  if (link === session.active) return onActiveMessage(session, link, message);
  if (session.active) return onStandbyMessage(session, link, message);
  switch (message.type) {
    case 'welcome': {
      link.welcome = message;
      const target = learn(session, link.address, message.server);
      target.failures = 0;
      const self = { id: message.server, address: link.address };
      return follow(
        session,
        link,
        message.state === 'leading' ? self : message.leader,
        message.term,
      );
    }
    case 'leading':
      return onLeading(session, link, message.term);
    case 'redirect':
      link.signInMs = null;
      return follow(session, link, message.leader, message.term);
    case 'status':
      return follow(session, link, message.leader, message.term);
    case 'signedIn':
      return onSignedIn(session, link, message);
    case 'refused':
      // One with a number is of a request that followed the sign-in.
      return message.number === undefined
        ? onSignInRefused(session, link, message)
        : onRefused(session, link, message);
  }
}

function onSignInRefused(
  session: Session,
  link: Link,
  { code, reason }: { code: RefusalCode; reason: string },
): void {
  if (link.signInMs === null) return;
  // An older server knows no `prove`; of a sign-in it would say what is wrong with which field.
  if (code === 'bad-request' && link.isProved) {
    link.isProved = false;
    return;
  }
  if (PASSING.has(code)) return fail(session, link, reason);
  session.phase = 'refused';
  dropLinks(session, null);
  session.connection = { type: 'refused', code, reason };
  emit(session, { type: 'connection', state: session.connection });
}

function dropLinks(session: Session, kept: Link | null): void {
  for (const link of [...session.links.values()]) {
    if (link === kept) continue;
    session.links.delete(link.number);
    session.outputs.push({ type: 'close', link: link.number });
  }
}

function onSignedIn(
  session: Session,
  link: Link,
  message: Extract<ServerMessage, { type: 'signedIn' }>,
): void {
  if (session.phase !== 'searching') return;
  dropLinks(session, link);
  const again = session.everSignedIn;
  const tookMs = again ? session.nowMs - session.lostMs : null;
  link.signInMs = null;
  noteSignedIn(session, again ? message.spreadMs : 0);
  session.phase = 'signedIn';
  session.active = link;
  session.everSignedIn = true;
  session.server = message.server;
  session.ping = null;
  session.pingedMs = Number.NEGATIVE_INFINITY;
  const { account, name, server, rooms, prunedBelow, lacks, reads } = message;
  emit(session, { type: 'signedIn', account, name, server, rooms, prunedBelow, lacks, reads });
  // It was given no place to resume from: the cluster was read-only. What it missed it asks for.
  if (again && session.cursor === null) emit(session, { type: 'reset' });
  sendAllAgain(session, link, tookMs);
  tellReads(session, reads);
  watch(session, link);
}

/** All but what followed the sign-in on this link. @param tookMs how long there was no leader; null when none was lost */
function sendAllAgain(session: Session, link: Link, tookMs: number | null): void {
  session.sentCount = 0;
  for (const [number, item] of session.items) {
    const isSent = number <= link.sentNumber;
    if (isSent) session.sentCount += 1;
    session.items.set(number, { ...item, state: isSent ? 'sent' : 'queued' });
  }
  session.resend = { left: new Set(session.items.keys()), total: session.items.size, tookMs };
  pump(session);
  maybeRecovered(session);
}

function onActiveMessage(session: Session, link: Link, message: ServerMessage): void {
  switch (message.type) {
    case 'signedIn':
      // A leader that stepped down and led again has taken two sign-ins: it answers only what follows the second.
      link.sentNumber = 0;
      return sendAllAgain(session, link, session.resend?.tookMs ?? null);
    case 'stored':
      return onStored(session, message);
    case 'refused':
      return onRefused(session, link, message);
    case 'post':
      if (!message.late) session.at = Math.max(session.at, message.at);
      return onPost(session, message);
    case 'postChanged':
      session.at = Math.max(session.at, message.at);
      return onPostChanged(session, message);
    case 'view':
      return onView(session, message);
    case 'member':
      return emit(session, { type: 'member', member: message });
    case 'room':
      return emit(session, { type: 'room', room: message.room });
    case 'presence':
      return emit(session, { type: 'presence', presence: message });
    case 'typing':
      return emit(session, { type: 'typing', typing: message });
    case 'read':
      return onReadElsewhere(session, message);
    case 'renamed':
      return emit(session, { type: 'renamed', renamed: message });
    case 'resumed':
      return message.reset ? onReset(session) : undefined;
    case 'redirect':
      // It has stepped down: the link stays, and hears who leads next.
      lose(session, session.nowMs, false);
      return follow(session, link, message.leader, message.term);
    case 'closing':
      return onLeaderCloses(session, message);
    case 'pong':
      // All that came before it on this link was shown: nothing of that is sent again after a failover.
      if (message.cursor !== undefined && message.cursor === session.cursor)
        session.at = Math.max(session.at, message.at ?? 0);
      return onPong(session, message.query);
    case 'page':
    case 'found':
    case 'rooms':
    case 'people':
    case 'status':
      if (!session.asked.delete(message.query)) return;
      if (message.type === 'page') onPage(session, message);
      session.outputs.push({ type: 'queryAnswered', number: message.query, message });
  }
}

/**
 * This leader knows no such place: all is read from it as it has it, and what was seen elsewhere may be seen otherwise
 * here. A read-only one gives no place of its own, and then the next leader is to be read from as well.
 */
function onReset(session: Session): void {
  session.cursor = null;
  session.at = 0;
  emit(session, { type: 'reset' });
}

/** Another process signed in with this very session: taking it back would begin a tug of war. */
function onLeaderCloses(
  session: Session,
  { code, reason }: Extract<ServerMessage, { type: 'closing' }>,
): void {
  if (code !== 'session-elsewhere') return; // the close follows
  lose(session, session.nowMs);
  session.phase = 'refused';
  dropLinks(session, null);
  session.connection = { type: 'refused', code, reason };
  emit(session, { type: 'connection', state: session.connection });
}

function onView(session: Session, message: Extract<ServerMessage, { type: 'view' }>): void {
  const { term, leader, servers, copies, copiesMin, cursor, at = 0 } = message;
  if (cursor !== undefined) {
    session.cursor = cursor;
    session.at = at;
  }
  session.term = Math.max(session.term, term);
  session.servers = servers;
  for (const server of servers) learn(session, server.address, server.id);
  keepStandby(session);
  emit(session, { type: 'cluster', cluster: { term, leader, servers, copies, copiesMin } });
}

// --- what ends ---

function onClosed(session: Session, number: number, reason: string): void {
  const link = session.links.get(number);
  if (!link) return;
  // Before the search begins: it relies on those that are left.
  session.links.delete(number);
  // A close is known at once, however long the leader had nothing to say before it.
  if (link === session.active) lose(session, session.nowMs);
  fail(session, link, link.closing ?? reason);
  advance(session);
}

// --- what the user asks ---

/** Whether a request can be taken back: no server has it, as far as this connection goes. */
export function isCancellable(session: Session, number: number): boolean {
  return session.items.get(number)?.state === 'queued' && !isSentAlong(session, number);
}

function onCancel(session: Session, number: number): void {
  const item = session.items.get(number);
  if (item && isCancellable(session, number)) settle(session, item);
}

function onQuery(session: Session, input: Extract<SessionInput, { type: 'query' }>): void {
  const { number, message } = input;
  if (!session.active) {
    const reason = 'not connected at the moment';
    session.outputs.push({ type: 'queryFailed', number, code: 'connection-lost', reason });
    return;
  }
  session.asked.add(number);
  send(session, session.active, message);
}

function tellPresence(session: Session): void {
  const state = session.isIdle ? 'idle' : 'here';
  if (session.active) send(session, session.active, { type: 'presence', state });
}

function onRetryNow(session: Session): void {
  if (session.phase === 'refused') session.phase = 'searching';
  for (const target of session.targets.values()) target.nextTryMs = session.nowMs;
  advance(session);
}

function onSignInAs(
  session: Session,
  { self, stamp, pending }: Extract<SessionInput, { type: 'signInAs' }>,
): void {
  if (session.active) lose(session, session.nowMs);
  dropLinks(session, null);
  session.self = self;
  session.items = new Map();
  for (const item of pending) session.items.set(item.number, itemOf(session, item));
  session.cursor = null;
  session.at = 0;
  session.stamp = stamp;
  session.recent.clear();
  session.reads.clear();
  // Another name is another beginning, not a failover that was survived.
  session.everSignedIn = false;
  session.lostMs = session.nowMs;
  session.outputs.push({ type: 'outboxChanged' });
  beginSearch(session);
}

function onClose(session: Session): void {
  if (session.active) lose(session, session.nowMs);
  dropLinks(session, null);
  session.phase = 'closed';
}

// --- what the user sees ---

function wakeMs(session: Session): number {
  if (session.phase === 'searching') return searchWakeMs(session);
  return Math.min(watchWakeMs(session), standbyWakeMs(session));
}

function report(session: Session): void {
  const state = stateOf(session);
  if (JSON.stringify(state) === JSON.stringify(session.connection)) return;
  session.connection = state;
  emit(session, { type: 'connection', state });
}
